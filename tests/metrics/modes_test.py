"""Covered modes and sample quality on Gaussian mixtures."""

import numpy as np
import pytest

from jaxgan.data.builders import toys
from jaxgan.metrics.modes import gaussian_modes


@pytest.mark.parametrize(
  ('name', 'modes'), [('gaussians8', 8), ('gaussians25', 25)]
)
def test_the_data_reach_every_mode(name, modes):
  points, labels = toys.points(name, 20_000)
  result = gaussian_modes(points, *toys.mixture(name))
  assert (result.covered, result.modes) == (modes, modes)
  # Distances in the plane follow a Rayleigh distribution.
  expected = 1 - np.exp(-4.5)
  assert result.quality == pytest.approx(expected, abs=0.003)
  assert result.counts.sum() == round(result.quality * 20_000)
  of_mode = result.counts / np.bincount(labels)
  np.testing.assert_allclose(of_mode, expected, atol=0.025)


def test_a_collapsed_generator_covers_one():
  centers, std = toys.mixture('gaussians25')
  result = gaussian_modes(np.repeat(centers[7:8], 50, axis=0), centers, std)
  assert (result.covered, result.quality) == (1, 1)
  np.testing.assert_array_equal(result.counts, 50 * np.eye(25)[7])


def test_what_lies_between_the_modes_counts_for_none():
  centers, std = toys.mixture('gaussians8')
  result = gaussian_modes(np.zeros((10, 2)), centers, std)
  assert (result.covered, result.quality) == (0, 0)


def test_the_reach_is_in_deviations():
  points = np.array([[2.9, 0.0], [3.1, 0.0]])
  result = gaussian_modes(points, np.zeros((1, 2)), 1.0)
  assert (result.covered, result.quality) == (1, 0.5)
  assert (
    gaussian_modes(points, np.zeros((1, 2)), 1.0, deviations=2).covered == 0
  )


def test_mixtures_are_in_units_of_the_points():
  for name in ('gaussians8', 'gaussians25'):
    points, labels = toys.points(name, 10_000)
    centers, std = toys.mixture(name)
    apart = points - centers[labels]
    assert apart.std() == pytest.approx(std, rel=0.03)
    assert abs(apart.mean()) < 0.1 * std
  with pytest.raises(ValueError, match='it must be one of gaussians25, gauss'):
    toys.mixture('swiss_roll')


def test_bad_input_gets_a_sentence():
  centers, std = toys.mixture('gaussians8')
  with pytest.raises(ValueError, match='points has 3 features and centers'):
    gaussian_modes(np.zeros((4, 3)), centers, std)
  with pytest.raises(ValueError, match='points holds 0 samples'):
    gaussian_modes(np.zeros((0, 2)), centers, std)
  with pytest.raises(ValueError, match='points is not finite in row 0'):
    gaussian_modes(np.full((4, 2), np.nan), centers, std)
  with pytest.raises(ValueError, match='std is 0; it must be above 0'):
    gaussian_modes(np.zeros((4, 2)), centers, 0)
