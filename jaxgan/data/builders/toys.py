"""Three two-dimensional toy distributions, after Gulrajani et al. (2017).

They are scaled so that each coordinate has a standard deviation of about one.
"""

import functools
import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from jaxgan.config import pick
from jaxgan.data.builders.recipe import Example, Recipe

NUM_POINTS = 100_000

_ANGLES = np.arange(8) * (np.pi / 4)
_CIRCLE = 2.0 * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_GRID = np.array(list(itertools.product(range(-4, 5, 2), repeat=2)))

# Centers [modes, 2], standard deviation, and the number that divides both.
MIXTURES = {
  'gaussians8': (_CIRCLE, 0.02, 1.414),
  'gaussians25': (_GRID, 0.05, 2.828),
}


def recipe(name: str) -> Recipe:
  """Describes a toy: split `train`, 100,000 points [2], one class per Gaussian.

  Args:
    name: `gaussians8` (on a circle), `gaussians25` (on a 5x5 grid) or
      `swiss_roll` (a spiral of one and a half turns, without labels).
  """
  num_classes = len(mixture(name).centers) if name in MIXTURES else 0
  examples = functools.partial(_examples, name)
  return Recipe(name, (2,), num_classes, {'train': examples})


class Mixture(NamedTuple):
  """A mixture of isotropic Gaussians with equal weights.

  Attributes:
    centers: [modes, 2] float64, ordered by label.
    std: standard deviation of each Gaussian along each axis.
  """

  centers: np.ndarray
  std: float


def mixture(name: str) -> Mixture:
  """Returns the mixture that `gaussians8` or `gaussians25` is drawn from.

  Raises:
    ValueError: another name.
  """
  centers, std, scale = pick('mixture', name, MIXTURES)
  return Mixture(centers / scale, std / scale)


def points(name: str, num: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns `num` points of a toy distribution; the same in every call.

  Args:
    name: `gaussians8`, `gaussians25` or `swiss_roll`.
    num: number of points; they are shared equally among the Gaussians.

  Returns:
    [num, 2] float32 points and [num] int32 labels, zeros for the roll.
  """
  rng = np.random.Generator(np.random.Philox(0))
  if name == 'swiss_roll':
    return _roll(rng, num), np.zeros(num, np.int32)
  centers, std, scale = MIXTURES[name]
  labels = np.arange(num) % len(centers)
  noise = std * rng.standard_normal((num, 2))
  xy = (centers[labels] + noise) / scale
  return xy.astype(np.float32), labels.astype(np.int32)


def _roll(rng: np.random.Generator, num: int) -> np.ndarray:
  """Draws from the spiral r = t, t uniform on [1.5 pi, 4.5 pi], noise 0.25."""
  t = 1.5 * np.pi * (1 + 2 * rng.random(num))
  noise = 0.25 * rng.standard_normal((num, 2))
  xy = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) + noise
  return (xy / 7.5).astype(np.float32)


def _examples(name: str) -> Iterator[Example]:
  for point, label in zip(*points(name, NUM_POINTS), strict=True):
    yield point, int(label)
