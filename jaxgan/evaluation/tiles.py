"""Applies a generator to an image in tiles, so that memory is bounded."""

import functools
from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.gan.generator import Generator
from jaxgan.types import Array, Variables

_TILE = 256  # Side of a tile, in pixels of the output.
_OVERLAP = 32


def translate(generator: Generator, x: np.ndarray, reverse: bool) -> np.ndarray:
  """Applies a generator to overlapping tiles and blends their outputs.

  Args:
    generator: of a run with game translation.
    x: [H, W, C'] float32 input image of any size.
    reverse: translates from the targets to the inputs (unpaired only).

  Returns:
    [H, W, C] float64 in [-1, 1].
  """
  height, width = x.shape[:2]
  multiple = 2 ** len(generator.problem.config.net.gen_widths)
  tile = [min(_TILE, -(-n // multiple) * multiple) for n in (height, width)]
  pads = [(0, max(0, t - n)) for t, n in zip(tile, x.shape[:2], strict=True)]
  x = np.pad(x, (*pads, (0, 0)), mode='edge')
  apply = functools.partial(
    _apply(generator, tuple(tile), reverse), generator.variables
  )
  window = np.outer(*map(_ramp, tile))[..., None]
  total = np.zeros((*x.shape[:2], generator.shape[2]))
  weight = np.zeros((*x.shape[:2], 1))
  for row in _starts(x.shape[0], tile[0]):
    for column in _starts(x.shape[1], tile[1]):
      at = np.s_[row : row + tile[0], column : column + tile[1]]
      output = apply(jnp.asarray(x[at].reshape(1, -1)))[0]
      total[at] += window * np.asarray(output)
      weight[at] += window
  return (total / weight)[:height, :width]


def _apply(
  generator: Generator, tile: tuple[int, int], reverse: bool
) -> jax.stages.Wrapped:
  """The jitted generator for tiles of a size."""
  networks = generator.problem.networks.resized(tile, reverse=reverse)

  def apply(variables: Variables, z: Array) -> Array:
    return networks.sample(variables, z)

  return jax.jit(apply)


def _starts(size: int, tile: int) -> Iterator[int]:
  """Yields the first pixels of tiles that cover a side."""
  if size > tile:
    yield from range(0, size - tile, tile - _OVERLAP)
  yield size - tile


def _ramp(size: int) -> np.ndarray:
  """Weights [size] that fall to the ends of a tile, where tiles overlap."""
  place = np.arange(size) + 1.0
  return np.minimum(np.minimum(place, place[::-1]), _OVERLAP)
