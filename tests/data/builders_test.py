"""Digits, toys, and the tfds builder of every recipe."""

import logging
import random

import numpy as np
import pytest
from data_testing import random_images, read
from tensorflow_datasets.core.utils import tqdm_utils

from jaxgan.data import images
from jaxgan.data.builders import builder as builder_lib
from jaxgan.data.builders import digits, toys
from jaxgan.data.builders.recipe import Recipe

# Digits.


def test_digits_are_scaled_to_the_whole_range():
  got, labels = read(digits.recipe(), 'train')
  assert got.shape == (1797, 8, 8, 1)
  assert (got.min(), got.max()) == (0, 255)
  assert len(np.unique(got)) == 17
  assert labels[:5] == [0, 1, 2, 3, 4]


# Toys.


def test_eight_gaussians_on_a_circle():
  xy, labels = toys.points('gaussians8', 8000)
  assert (xy.shape, xy.dtype) == ((8000, 2), np.float32)
  np.testing.assert_array_equal(np.bincount(labels), [1000] * 8)
  for mode in range(8):
    angle = mode * np.pi / 4
    center = np.array([np.cos(angle), np.sin(angle)]) * 2 / 1.414
    near = xy[labels == mode]
    np.testing.assert_allclose(near.mean(0), center, atol=0.003)
    np.testing.assert_allclose(near.std(0), 0.02 / 1.414, rtol=0.1)


def test_25_gaussians_on_a_grid():
  xy, labels = toys.points('gaussians25', 25_000)
  centers = np.stack([xy[labels == mode].mean(0) for mode in range(25)])
  grid = [(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)]
  np.testing.assert_allclose(centers, np.array(grid) / 2.828, atol=0.004)
  np.testing.assert_allclose(xy[labels == 7].std(0), 0.05 / 2.828, rtol=0.1)


def test_swiss_roll_matches_scikit_learn():
  from sklearn.datasets import make_swiss_roll

  xy, labels = toys.points('swiss_roll', 20_000)
  reference = make_swiss_roll(20_000, noise=0.25, random_state=1)[0][:, [0, 2]]
  reference = reference / 7.5
  assert not labels.any()
  np.testing.assert_allclose(xy.mean(0), reference.mean(0), atol=0.03)
  np.testing.assert_allclose(np.cov(xy.T), np.cov(reference.T), atol=0.03)
  radii = [
    np.quantile(np.hypot(*x.T), [0.01, 0.5, 0.99]) for x in (xy, reference)
  ]
  np.testing.assert_allclose(*radii, rtol=0.02)


def test_toys_are_deterministic():
  for name in ('gaussians8', 'gaussians25', 'swiss_roll'):
    first, second = (toys.points(name, 50)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_toy_recipes_yield_their_points(monkeypatch):
  monkeypatch.setattr(toys, 'NUM_POINTS', 100)
  sizes = {'gaussians8': 8, 'gaussians25': 25, 'swiss_roll': 0}
  for name, num_classes in sizes.items():
    recipe = toys.recipe(name)
    assert (recipe.name, recipe.num_classes) == (name, num_classes)
    xy, labels = zip(*recipe.splits['train'](), strict=True)
    np.testing.assert_array_equal(xy, toys.points(name, 100)[0])
    assert max(labels) == max(num_classes - 1, 0)


# The tfds builder of every recipe.


def test_another_process_may_finish_first(tmp_path):
  data = images.png(random_images(1, 4, 4, 1)[0])
  opened = []

  def examples():
    if len(opened) == 1:
      # While the first copy is written, another builder prepares its own.
      opened.append(builder_lib.open_recipe(recipe, str(tmp_path)))
      builder_lib.prepare(opened[1])
    yield data, 0

  recipe = Recipe('pair', (4, 4, 1), 0, {'train': examples})
  opened.append(builder_lib.open_recipe(recipe, str(tmp_path)))
  builder_lib.prepare(opened[0])
  assert len(opened) == 2
  again = builder_lib.open_recipe(recipe, str(tmp_path))
  assert builder_lib.is_prepared(again)
  assert len(again.as_data_source('train')) == 1
  assert [path.name for path in (tmp_path / 'jaxgan' / 'pair').iterdir()] == [
    '1.0.0'
  ]


def test_preparing_leaves_the_random_state_and_a_failure_leaves_nothing(
  tmp_path,
):
  def examples():
    yield b'', 0
    raise ValueError('Broken.')

  recipe = Recipe('broken', (4, 4, 1), 0, {'train': examples})
  builder = builder_lib.open_recipe(recipe, str(tmp_path))
  before = random.getstate()
  with pytest.raises(ValueError, match=r'^Broken\.$'):
    builder_lib.prepare(builder)
  assert random.getstate() == before
  assert not builder_lib.is_prepared(builder)


def test_preparing_own_data_prints_one_line_of_jaxgan(
  tmp_path, capfd, caplog, monkeypatch
):
  # A command before may have cut this logger off.
  monkeypatch.setattr(logging.getLogger('jaxgan'), 'propagate', True)
  monkeypatch.setattr(logging.getLogger('jaxgan'), 'handlers', [])
  caplog.set_level('INFO', 'jaxgan')
  opened = builder_lib.open_recipe(digits.recipe(), str(tmp_path))
  builder_lib.prepare(opened)
  assert [r.getMessage() for r in caplog.records] == [
    f'Preparing digits in {opened.data_dir}.'
  ]
  printed = capfd.readouterr()
  assert (printed.out, printed.err) == ('', '')
  assert tqdm_utils._active  # Downloads of tfds keep their bars.
