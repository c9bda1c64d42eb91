"""Modes of mixtures whose centres are known."""

import numpy as np
import pytest

from jaxgan.data.builders import toys
from jaxgan.metrics.modes import gaussian_modes, stacked_labels, stacked_modes


@pytest.mark.parametrize(
  ('name', 'modes'), [('gaussians8', 8), ('gaussians25', 25)]
)
def test_the_data_reach_every_mode(name, modes):
  points, labels = toys.points(name, 20_000)
  found = gaussian_modes(points, *toys.mixture(name))
  assert (found.covered, found.modes) == (modes, modes)
  # Within three deviations in the plane: a Rayleigh law.
  expected = 1 - np.exp(-4.5)
  assert found.quality == pytest.approx(expected, abs=0.003)
  assert found.counts.sum() == round(found.quality * 20_000)
  of_mode = found.counts / np.bincount(labels)
  np.testing.assert_allclose(of_mode, expected, atol=0.025)


def test_a_collapsed_generator_covers_one():
  centres, std = toys.mixture('gaussians25')
  found = gaussian_modes(np.repeat(centres[7:8], 50, axis=0), centres, std)
  assert (found.covered, found.quality) == (1, 1)
  np.testing.assert_array_equal(found.counts, 50 * np.eye(25)[7])


def test_what_lies_between_the_modes_counts_for_none():
  centres, std = toys.mixture('gaussians8')
  found = gaussian_modes(np.zeros((10, 2)), centres, std)
  assert (found.covered, found.quality) == (0, 0)


def test_the_reach_is_in_deviations():
  points = np.array([[2.9, 0.0], [3.1, 0.0]])
  found = gaussian_modes(points, np.zeros((1, 2)), 1.0)
  assert (found.covered, found.quality) == (1, 0.5)
  assert (
    gaussian_modes(points, np.zeros((1, 2)), 1.0, deviations=2).covered == 0
  )


def test_mixtures_are_in_units_of_the_points():
  for name in ('gaussians8', 'gaussians25'):
    points, labels = toys.points(name, 10_000)
    centres, std = toys.mixture(name)
    apart = points - centres[labels]
    assert apart.std() == pytest.approx(std, rel=0.03)
    assert abs(apart.mean()) < 0.1 * std
  with pytest.raises(ValueError, match='it must be one of gaussians25, gauss'):
    toys.mixture('swiss_roll')


def test_stacks_of_digits():
  np.testing.assert_array_equal(
    stacked_labels(np.array([[0, 0, 0], [1, 2, 3], [9, 9, 9]])), [0, 123, 999]
  )
  every = np.stack(np.unravel_index(np.arange(1000), (10, 10, 10)), axis=1)
  found = stacked_modes(every)
  assert found.covered == 1000
  assert found.kl == pytest.approx(0, abs=1e-12)
  half = stacked_modes(every[:500])
  assert half.covered == 500
  assert half.kl == pytest.approx(np.log(2))
  collapsed = stacked_modes(np.repeat(every[:1], 100, axis=0))
  assert collapsed.covered == 1
  assert collapsed.kl == pytest.approx(np.log(1000))


def test_a_reference_of_real_stacks():
  counts = np.arange(1, 1001)
  every = np.stack(np.unravel_index(np.arange(1000), (10, 10, 10)), axis=1)
  digits = np.repeat(every, counts, axis=0)
  assert stacked_modes(digits, counts).kl == pytest.approx(0, abs=1e-12)
  assert stacked_modes(digits).kl > 0.1


def test_bad_input_gets_a_sentence():
  centres, std = toys.mixture('gaussians8')
  with pytest.raises(ValueError, match='points has 3 features and centres'):
    gaussian_modes(np.zeros((4, 3)), centres, std)
  with pytest.raises(ValueError, match='points holds 0 samples'):
    gaussian_modes(np.zeros((0, 2)), centres, std)
  with pytest.raises(ValueError, match='points is not finite in row 0'):
    gaussian_modes(np.full((4, 2), np.nan), centres, std)
  with pytest.raises(ValueError, match='std is 0; it must be above 0'):
    gaussian_modes(np.zeros((4, 2)), centres, 0)
  with pytest.raises(ValueError, match=r'it must be \[N, 3\]'):
    stacked_labels(np.zeros((4, 2), int))
  with pytest.raises(ValueError, match='A label of digits is 10'):
    stacked_labels(np.full((4, 3), 10))
  with pytest.raises(ValueError, match='Class 0 of the reference is empty'):
    stacked_modes(np.zeros((4, 3), int), np.zeros(1000))
