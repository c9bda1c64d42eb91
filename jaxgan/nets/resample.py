"""Bilinear resampling by a factor of 2, as products with constant matrices.

One matrix per axis takes any size, and its derivatives are products with its
transpose. XLA:CPU transposes the slices of `layers.blur` to loops that took ten
times as long.
"""

import functools

import jax.numpy as jnp
import numpy as np

from jaxgan.types import Array


def double(x: Array, size: tuple[int, int]) -> Array:
  """Bilinear upsampling: nearest neighbors, then [1, 2, 1] / 4 on both axes.

  Args:
    x: [B, H, W, C].
    size: (H', W') of the result; at most (2H, 2W), the rest is cropped.

  Returns:
    [B, H', W', C].
  """
  rows, columns = (
    _doubling(n)[:m] for n, m in zip(x.shape[1:3], size, strict=True)
  )
  return _multiply(x, rows, columns)


def halve(x: Array) -> Array:
  """Bilinear downsampling: [1, 2, 1] / 4 on both axes, then 2 x 2 means.

  Args:
    x: [B, H, W, C]; odd sides are rounded up by a copy of the last pixels.

  Returns:
    [B, ceil(H / 2), ceil(W / 2), C].
  """
  rows, columns = (_halving(n) for n in x.shape[1:3])
  return _multiply(x, rows, columns)


def _multiply(x: Array, rows: np.ndarray, columns: np.ndarray) -> Array:
  # All entries are multiples of 1/8 below 1, which bfloat16 has exactly.
  x = jnp.einsum('ph,bhwc->bpwc', jnp.asarray(rows, x.dtype), x)
  return jnp.einsum('qw,bhwc->bhqc', jnp.asarray(columns, x.dtype), x)


@functools.cache
def _doubling(n: int) -> np.ndarray:
  """The matrix [2n, n] of upsampling along one axis."""
  return _blur(np.repeat(np.eye(n), 2, axis=0))


@functools.cache
def _halving(n: int) -> np.ndarray:
  """The matrix [ceil(n / 2), n] of downsampling along one axis."""
  even = np.pad(np.eye(n), ((0, n % 2), (0, 0)), mode='edge')
  return _blur(even).reshape(-1, 2, n).mean(1)


def _blur(matrix: np.ndarray) -> np.ndarray:
  """Blurs the rows of a matrix by [1, 2, 1] / 4, the edge rows repeated."""
  wide = np.pad(matrix, ((1, 1), (0, 0)), mode='edge')
  return (wide[:-2] + 2 * matrix + wide[2:]) / 4
