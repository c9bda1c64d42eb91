"""KID: torch-fidelity's values, closed forms, and its standard error."""

import numpy as np
import pytest
from references import metrics as reference

from jaxgan.metrics.kid import kid, mmd2

X = reference.inputs()
OTHER = {'subsets': 7, 'size': 333, 'seed': 3}


@pytest.mark.slow
@pytest.mark.parametrize(
  ('name', 'options'), [('kid', {}), ('kid_other_protocol', OTHER)]
)
def test_it_equals_torch_fidelity(name, options):
  value, std = reference.read()[name]
  result = kid(X['real'], X['fake'], **options)
  assert result.value == pytest.approx(value, rel=1e-9)
  assert result.std == pytest.approx(std, rel=1e-9)


def test_float32_features_are_widened_first():
  real, fake = (X[n].astype(np.float32) for n in ('real', 'fake'))
  value, _ = reference.read()['kid_float32']
  result = kid(real, fake, **OTHER)
  # The reference computes the kernel in float32.
  assert result.value == pytest.approx(value, rel=1e-6)
  wide = kid(real.astype(np.float64), fake.astype(np.float64), **OTHER)
  assert result == wide


def test_all_pairs_by_hand():
  x, y = np.array([[1.0], [2.0], [4.0]]), np.array([[0.0], [3.0]])
  k = lambda a, b: (a[0] * b[0] + 1) ** 3
  # 27, 125 and 729 within x, 1 within y, and six between.
  between = sum(k(a, b) for a in x for b in y) / 6
  expected = (27 + 125 + 729) / 3 + 1 - 2 * between
  assert mmd2(x, y) == pytest.approx(expected, rel=1e-14)


def test_one_point_against_another():
  # Within a collapsed set k is constant, so the value has a closed form.
  x, y = np.full((30, 4), 1.0), np.full((20, 4), -1.0)
  assert mmd2(x, y) == pytest.approx(8 + 8 - 2 * 0)
  result = kid(x, y)
  assert result.value == pytest.approx(16)
  assert result.error == pytest.approx(0)


def test_identical_sets_show_no_more_than_their_floor():
  features = X['real']
  result = mmd2(features, features)
  # Only the cross term pairs each sample with itself: negative by O(1 / N).
  assert -0.05 < result < 0
  far = mmd2(features, features + 10)
  assert far > 1e3


def test_it_is_unbiased():
  rng = np.random.RandomState(0)
  values = [mmd2(*rng.standard_normal((2, 40, 5))) for _ in range(300)]
  assert abs(np.mean(values)) < 3 * np.std(values) / 300**0.5
  assert min(values) < 0 < max(values)


def test_the_error_is_that_of_the_estimate():
  rng = np.random.RandomState(1)
  sets = [
    (rng.standard_normal((200, 3)), rng.standard_normal((200, 3)) + 1)
    for _ in range(60)
  ]
  result = [kid(a, b, subsets=50, size=50) for a, b in sets]
  spread = np.std([f.value for f in result])
  assert np.mean([f.error for f in result]) == pytest.approx(spread, rel=0.35)


def test_subsets_are_seeded_and_named():
  real, fake = X['near'], X['nearby']
  first, same, other = (kid(real, fake, subsets=5, seed=s) for s in (0, 0, 1))
  assert first == same
  assert first.value != other.value
  assert (first.subsets, first.size) == (5, 300)
  big = kid(X['real'], X['fake'], subsets=2)
  assert (big.subsets, big.size) == (2, 1000)


@pytest.mark.parametrize(
  'options', [{'size': 600}, {'size': 1}, {'subsets': 1}]
)
def test_bad_protocols_get_a_sentence(options):
  with pytest.raises(ValueError, match='it must be between'):
    kid(X['near'], X['nearby'], **options)


def test_too_few_samples_get_a_sentence():
  with pytest.raises(ValueError, match='fake holds 3 samples'):
    kid(X['near'], X['nearby'][:3])
  with pytest.raises(ValueError, match='real holds 1 samples'):
    mmd2(X['near'][:1], X['nearby'])
