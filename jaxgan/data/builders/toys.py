"""Three distributions in the plane, after Gulrajani et al. (2017).

Every coordinate is scaled so that the points have a deviation of about one.
"""

import functools
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxgan.config import pick
from jaxgan.data.builders.recipe import Example, Recipe

NUM_POINTS = 100_000


def gaussians8() -> Recipe:
  """Eight Gaussians on a circle; the label is the Gaussian's index."""
  return _recipe('gaussians8', 8)


def gaussians25() -> Recipe:
  """25 Gaussians on a grid of 5x5; the label is the Gaussian's index."""
  return _recipe('gaussians25', 25)


def swiss_roll() -> Recipe:
  """A spiral of one and a half turns; no labels."""
  return _recipe('swiss_roll', 0)


class Mixture(NamedTuple):
  """Gaussians of equal weight and one deviation, in units of the points.

  Attributes:
    centres: [modes, 2] float64, by label.
    std: along each axis.
  """

  centres: np.ndarray
  std: float


def mixture(name: str) -> Mixture:
  """The Gaussians that `gaussians8` or `gaussians25` draws from.

  Raises:
    ValueError: another name.
  """
  centres, std, scale = pick('mixture', name, MIXTURES)()
  return Mixture(centres / scale, std / scale)


def points(name: str, num: int) -> tuple[np.ndarray, np.ndarray]:
  """The first `num` points of a toy, the same ones on every call.

  Args:
    name: `gaussians8`, `gaussians25` or `swiss_roll`.
    num: how many; the Gaussians take turns, so each gets an equal share.

  Returns:
    [num, 2] float32 points and [num] int32 labels, zeros for the roll.
  """
  rng = np.random.Generator(np.random.Philox(0))
  if name == 'swiss_roll':
    return _roll(rng, num), np.zeros(num, np.int32)
  centres, std, scale = MIXTURES[name]()
  labels = np.arange(num) % len(centres)
  noise = std * rng.standard_normal((num, 2))
  at = (centres[labels] + noise) / scale
  return at.astype(np.float32), labels.astype(np.int32)


def _circle() -> tuple[np.ndarray, float, float]:
  """Centres and deviation before scaling, and what both are divided by."""
  angles = np.arange(8) * (np.pi / 4)
  centres = 2.0 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
  return centres, 0.02, 1.414


def _grid() -> tuple[np.ndarray, float, float]:
  """As `_circle`."""
  centres = np.array(list(itertools.product(range(-4, 5, 2), repeat=2)))
  return centres, 0.05, 2.828


# The toys whose modes are known.
MIXTURES = {'gaussians8': _circle, 'gaussians25': _grid}


def _roll(rng: np.random.Generator, num: int) -> np.ndarray:
  """The spiral r = t, with t uniform on [1.5 pi, 4.5 pi] and noise 0.25."""
  t = 1.5 * np.pi * (1 + 2 * rng.random(num))
  noise = 0.25 * rng.standard_normal((num, 2))
  at = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) + noise
  return (at / 7.5).astype(np.float32)


def _recipe(name: str, num_classes: int) -> Recipe:
  examples = functools.partial(_examples, name)
  return Recipe(name, (2,), num_classes, {'train': examples})


def _examples(name: str) -> Iterator[Example]:
  for point, label in zip(*points(name, NUM_POINTS), strict=True):
    yield point, int(label)
