"""Single convolutions are timed, and their rounding is measured."""

import pytest

from jaxgan.benchmark import layers


@pytest.mark.slow
def test_layers_are_timed_and_their_rounding_measured():
  small_layer, large = (
    layers.Layer(3, 1, channels, channels, side, 4)
    for channels, side in ((8, 8), (64, 32))
  )
  first, second = layers.measure((small_layer, large))['layers']
  assert not first['taken']
  assert second['taken']
  seconds = (first[f'{name}_seconds'] for name in ('points', 'windows'))
  assert first['ratio'] == pytest.approx(next(seconds) / next(seconds))
  # Not zero, which would be a sum compared with itself.
  assert 0 < first['windows_rounding'] < first['points_rounding'] < 1e-5
