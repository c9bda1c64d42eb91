"""Precision, recall, density and coverage: the package prdc, closed forms."""

import numpy as np
import pytest
from references import metrics as reference

from jaxgan.metrics import pairwise
from jaxgan.metrics.precision_recall import prdc

X = reference.inputs()


@pytest.mark.parametrize('k', [3, 5])
@pytest.mark.parametrize(
  ('a', 'b', 'dtype'),
  [
    ('near', 'nearby', 'float32'),
    ('near', 'nearby', 'float64'),
    ('grid', 'gridded', 'float32'),
    ('grid', 'gridded', 'float64'),
    ('steps', 'stepped', 'float32'),
  ],
)
def test_it_equals_prdc(a, b, dtype, k):
  result = prdc(X[a].astype(dtype), X[b].astype(dtype), k=k)
  assert result._asdict() == reference.read()[f'prdc_{a}_{dtype}_{k}']


def test_blocks_change_nothing(monkeypatch):
  whole = prdc(X['near'], X['nearby'])
  monkeypatch.setattr(pairwise, '_BLOCK_VALUES', 5000)
  assert pairwise.block_rows(700) == 7
  assert prdc(X['near'], X['nearby']) == whole


def test_a_line_by_hand():
  real = np.array([[0.0], [1.0], [3.0], [6.0]])  # Radii 1, 1, 2, 3 at k = 1.
  fake = np.array([[0.5], [4.0], [20.0]])  # Radii 3.5, 3.5, 16.
  result = prdc(real, fake, k=1)
  assert result.precision == pytest.approx(2 / 3)
  assert result.recall == 1
  # 0.5 lies in two balls and 4 in those about 3 and 6.
  assert result.density == pytest.approx(4 / 3)
  assert result.coverage == 1


def test_identical_sets():
  # Multiples of 2^-20 have exact distances. Of others, the last bit of a sum
  # decides whether the k-th neighbor is on the edge of the ball or inside.
  x = np.round(X['near'] * 2.0**20) / 2.0**20
  result = prdc(x, x.copy())
  assert result.precision == result.recall == result.coverage == 1
  # The open ball of radius k holds its center and k - 1 others, on average.
  assert result.density == pytest.approx(1)


def test_disjoint_sets():
  assert prdc(X['near'], X['near'] + 1000) == (0, 0, 0, 0)


def test_a_collapsed_generator_is_precise_and_covers_nothing():
  middle = X['near'][np.linalg.norm(X['near'], axis=1).argmin()]
  result = prdc(X['near'], np.repeat(middle[None], 600, axis=0))
  assert result.precision == 1
  assert result.recall < 0.01
  assert result.coverage < 0.1
  assert result.density > 1


def test_half_of_the_modes_are_half_of_the_coverage():
  x = np.concatenate([X['near'], X['near'] + 1000])
  result = prdc(x, X['nearby'])
  whole = prdc(X['near'], X['nearby'])
  assert result.coverage == pytest.approx(whole.coverage / 2)
  assert result.precision == whole.precision


def test_too_few_samples_for_k():
  with pytest.raises(ValueError, match='it must hold at least 6'):
    prdc(X['near'], X['near'][:5])
  with pytest.raises(ValueError, match='k is 0'):
    prdc(X['near'], X['near'], k=0)
