"""Wasserstein and energy distances: POT, scipy, gan.distances, closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from references import metrics as reference

from jaxgan.gan import distances
from jaxgan.metrics import pairwise, transport
from jaxgan.metrics.transport import energy, sliced, wasserstein

X = reference.inputs()


@pytest.mark.parametrize(
  ('name', 'real', 'fake', 'order'),
  [
    ('w1', X['plane'], X['shifted'], 1),
    ('w2', X['plane'], X['shifted'], 2),
    ('w1_unequal', X['plane'][:100], X['shifted'], 1),
    ('w1_wide', X['near'][:300], X['nearby'][:300], 1),
    ('w2_wide', X['near'][:300], X['nearby'][:300], 2),
  ],
)
def test_exact_transport_equals_pot(name, real, fake, order):
  expected = pytest.approx(reference.read()[name], abs=1e-9)
  assert wasserstein(real, fake, order=order) == expected
  assert wasserstein(fake, real, order=order) == expected


def test_one_dimension_is_a_sort():
  rng = np.random.RandomState(0)
  x, y = rng.standard_normal((2, 200, 1))
  expected = scipy.stats.wasserstein_distance(x[:, 0], y[:, 0])
  assert wasserstein(x, y) == pytest.approx(expected, rel=1e-12)
  assert sliced(x, y) == pytest.approx(expected, rel=1e-12)
  expected = scipy.stats.wasserstein_distance(x[:50, 0], y[:, 0])
  assert wasserstein(x[:50], y) == pytest.approx(expected, rel=1e-12)
  assert sliced(x[:50], y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize('order', [1, 2])
def test_identical_sets_and_shifts(order):
  x = X['plane']
  assert wasserstein(x, x[::-1], order=order) == 0
  shift = np.array([30.0, 40.0])
  assert wasserstein(x, x + shift, order=order) == pytest.approx(50)


def test_gaussians_far_apart_or_of_two_widths():
  # W2 of two concentric Gaussians is sqrt(D) times the difference of widths.
  rng = np.random.RandomState(2)
  x = rng.standard_normal((1000, 2))
  result = wasserstein(x, 3 * rng.permutation(x), order=2)
  assert result == pytest.approx(np.sqrt(2) * 2, rel=0.05)


def test_a_collapsed_generator_pays_the_mean_distance():
  x, one = X['plane'], np.zeros((1, 2))
  mean = np.linalg.norm(x, axis=1).mean()
  assert wasserstein(x, one) == pytest.approx(mean, rel=1e-12)
  with pytest.raises(ValueError, match='fake holds 1 samples'):
    energy(x, one)
  within = _mean_of_pairs(x)
  result = energy(x, np.repeat(one, 5, axis=0))
  assert result == pytest.approx(2 * mean - within, rel=1e-9)


def test_sliced_of_identical_sets_and_of_a_far_shift():
  x = X['plane']
  assert sliced(x, x[::-1]) == 0
  # The mean of |cos| over directions in the plane is 2 / pi.
  result = sliced(x, x + np.array([100.0, 0]))
  assert result == pytest.approx(200 / np.pi, rel=0.05)


def test_sliced_is_that_of_the_step_before_its_floor():
  real, fake = X['near'][:200], X['nearby'][:200]
  apart = [
    sliced(a, b, projections=64)
    for a, b in (
      (real[:100], fake[:100]),
      (real[100:], fake[100:]),
      (real[:100], real[100:]),
    )
  ]
  result = float(distances.sliced(jnp.asarray(real), jnp.asarray(fake)))
  assert result == pytest.approx((apart[0] + apart[1]) / 2 - apart[2], rel=1e-3)


def test_directions_are_fixed_and_seeded():
  first, same, other = (
    sliced(X['near'], X['nearby'][:350], projections=8, seed=s)
    for s in (0, 0, 1)
  )
  assert first == same != other


def test_energy_is_that_of_the_step():
  real, fake = X['near'][:200], X['nearby'][:200]
  result = float(distances.energy(jnp.asarray(real), jnp.asarray(fake)))
  assert energy(real, fake) == pytest.approx(result, rel=1e-3)


def test_energy_equals_scipy_in_one_dimension():
  rng = np.random.RandomState(3)
  x, y = rng.standard_normal((60, 1)), rng.standard_normal((90, 1)) + 1
  biased = scipy.stats.energy_distance(x[:, 0], y[:, 0]) ** 2
  # scipy divides by n^2 where the unbiased one divides by n (n - 1).
  excess = sum(_mean_of_pairs(v) / len(v) for v in (x, y))
  assert energy(x, y) == pytest.approx(biased - excess, rel=1e-9)


def test_energy_is_unbiased():
  rng = np.random.RandomState(4)
  values = [energy(*rng.standard_normal((2, 30, 3))) for _ in range(200)]
  assert abs(np.mean(values)) < 3 * np.std(values) / 200**0.5
  assert min(values) < 0 < max(values)


def test_blocks_change_nothing(monkeypatch):
  sets = X['near'], X['nearby'][:350]
  whole = energy(*sets), sliced(*sets)
  monkeypatch.setattr(pairwise, '_BLOCK_VALUES', 1000)
  assert (energy(*sets), sliced(*sets)) == pytest.approx(whole, rel=1e-12)


def test_directions_are_unit_vectors():
  directions = transport._directions(5, 9, 0)
  assert directions.shape == (5, 9)
  np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1)


def test_bad_input_gets_a_sentence():
  for distance in (wasserstein, sliced):
    with pytest.raises(ValueError, match='must be a multiple of the other'):
      distance(X['plane'], X['shifted'][:200])
  with pytest.raises(ValueError, match="order is '3'; it must be one of 1, 2"):
    wasserstein(X['plane'], X['shifted'], order=3)
  with pytest.raises(ValueError, match='projections is 0'):
    sliced(X['plane'], X['shifted'], projections=0)


def _mean_of_pairs(x):
  """The mean distance of different samples, by differences."""
  apart = np.linalg.norm(x[:, None] - x[None], axis=2)
  return apart.sum() / (len(x) * (len(x) - 1))
