"""Distances that do not ask the critic: zero for equal, exact for shifts."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from jaxgan.gan import distances


def normal(seed, shape=(512, 2)):
  return jax.random.normal(jax.random.key(seed), shape)


@pytest.mark.parametrize('distance', [distances.sliced, distances.energy])
def test_equal_distributions_are_near_zero_on_average(distance):
  values = [
    float(distance(normal(2 * s), normal(2 * s + 1))) for s in range(20)
  ]
  spread = np.std(values) / np.sqrt(len(values))
  assert abs(np.mean(values)) < 3 * spread
  assert min(values) < 0  # Unbiased: it must be able to fall below.


@pytest.mark.parametrize('distance', [distances.sliced, distances.energy])
def test_it_grows_with_a_shift(distance):
  real = normal(0)
  near, far = (float(distance(real, normal(1) + x)) for x in (0.5, 2.0))
  assert 0 < near < far


def test_energy_equals_scipy_in_one_dimension():
  real, fake = normal(0, (64, 1)), normal(1, (64, 1)) + 1
  biased = scipy.stats.energy_distance(real[:, 0], fake[:, 0]) ** 2
  mean = lambda x: np.abs(np.subtract.outer(x, x)).mean()
  within = sum(mean(np.asarray(x[:, 0])) for x in (real, fake))
  # scipy divides by n^2 where the unbiased one divides by n (n - 1).
  expected = biased + within - within * 64 / 63
  assert float(distances.energy(real, fake)) == pytest.approx(
    expected, abs=1e-4
  )


def test_sliced_of_a_far_shift_is_the_mean_projected_shift():
  shift = jnp.array([[100.0, 0.0]])
  found = float(distances.sliced(normal(0), normal(1) + shift))
  # The mean of |cos| over directions in the plane is 2 / pi.
  assert found == pytest.approx(200 / np.pi, rel=0.1)


def test_images_count_as_vectors():
  real, fake = normal(0, (16, 4, 4, 1)), normal(1, (16, 4, 4, 1))
  for distance in (distances.sliced, distances.energy):
    flat = distance(real.reshape(16, -1), fake.reshape(16, -1))
    chex.assert_trees_all_equal(distance(real, fake), flat)
    chex.assert_shape(flat, ())


@pytest.mark.parametrize('columns', [1, 2, 7, 8])
def test_distances_of_few_and_of_many_columns(columns):
  x, y = normal(0, (5, columns)), normal(1, (3, columns))
  expected = np.linalg.norm(np.asarray(x)[:, None] - np.asarray(y), axis=-1)
  np.testing.assert_allclose(distances._distances(x, y), expected, rtol=1e-5)


def clouds(*centres, num, deviation=1.0):
  """As many points around each of several centres in 16 dimensions."""
  rng = np.random.default_rng(len(centres))
  points = rng.normal(size=(len(centres), num, 16)) * deviation
  return (points + np.array(centres)[:, None, None]).reshape(-1, 4, 4, 1)


def diversity(real, fake):
  return float(distances.diversity(jnp.float32(real), jnp.float32(fake)))


def test_diversity_against_loops():
  real, fake = clouds(0.0, num=8), clouds(0.0, 3.0, num=4, deviation=0.5)

  def apart(x):
    x = x.reshape(len(x), -1)
    rows = [
      [np.linalg.norm(a - b) for j, b in enumerate(x) if i != j]
      for i, a in enumerate(x)
    ]
    return np.mean(rows), np.mean([min(row) for row in rows])

  ratios = [f / r for f, r in zip(apart(fake), apart(real), strict=True)]
  assert diversity(real, fake) == pytest.approx(min(ratios), rel=1e-4)


@pytest.mark.parametrize(
  ('fake', 'low', 'high'),
  [
    (clouds(0.0, 9.0, num=32) + 5.0, 0.9, 1.1),
    (clouds(0.0, num=64), 0.2, 0.5),  # In one place, with its width.
    (clouds(*range(8), num=8, deviation=1e-3), 0.0, 0.01),  # In eight points.
    (np.ones((64, 4, 4, 1)), 0.0, 0.01),
  ],
)
def test_diversity_is_one_of_real_and_falls_with_collapse(fake, low, high):
  real = clouds(0.0, 9.0, num=32, deviation=1.1)
  assert low <= diversity(real, fake) <= high


def test_diversity_of_real_examples_that_are_one_is_finite():
  assert np.isfinite(diversity(np.ones((4, 2)), np.eye(4)))


def test_diversity_compares_as_many_of_both():
  real, fake = clouds(0.0, num=100), clouds(0.0, num=40)
  assert diversity(real, fake) == diversity(real[:40], fake)
  assert diversity(real, real[64:]) == diversity(real[:36], real[64:])
  assert diversity(real, real) == diversity(real[:64], real[:64]) == 1.0
