"""Euclidean distances between all pairs of two feature sets, in blocks."""

from collections.abc import Iterator

import numpy as np

# Values in one block: 64 MiB in float64.
_BLOCK_VALUES = 2**23


def slices(num: int, size: int) -> Iterator[slice]:
  """Yields consecutive slices of length `size` that cover range(num)."""
  for start in range(0, num, size):
    yield slice(start, min(start + size, num))


def block_rows(width: int) -> int:
  """Number of rows of `width` float64 values that fit one block, at least 1."""
  return max(1, _BLOCK_VALUES // width)


def distances(
  x: np.ndarray, y: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
  """Yields |x_i - y_j| = sqrt(|x|^2 - 2 <x, y> + |y|^2) in blocks of rows.

  Sums are float64. For float32 features the squares are rounded to float32
  before the root, as in the package prdc. Most equal distances then compare as
  equal, which in float64 depends on the last bit of a sum.

  Args:
    x: [N, D] float32 or float64.
    y: [M, D] likewise. Pass the same object as `x` for distances within one
      set; their diagonal is then exactly zero.

  Yields:
    (rows, [B, M]): a slice of the rows of x, and their distances to all of y.
  """
  parts = slices(len(y), block_rows(y.shape[1]))
  y_norms = np.concatenate([_squared_norms(y[part]) for part in parts])
  for rows in slices(len(x), block_rows(max(y.shape))):
    block = -2 * _inner(x[rows], y)
    block += _squared_norms(x[rows])[:, None]
    block += y_norms
    if x is y:
      diagonal = np.arange(rows.start, rows.stop)
      block[diagonal - rows.start, diagonal] = 0.0
    squares = block.astype(np.result_type(x, y), copy=False)
    yield rows, np.sqrt(np.maximum(squares, 0.0))


def _inner(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Computes inner products [B, M] in float64; converts y in parts."""
  x = x.astype(np.float64, copy=False)
  inner = np.empty((len(x), len(y)))
  for part in slices(len(y), block_rows(y.shape[1])):
    inner[:, part] = x @ y[part].astype(np.float64, copy=False).T
  return inner


def _squared_norms(x: np.ndarray) -> np.ndarray:
  """Computes the squared norms [B] of the rows in float64."""
  x = x.astype(np.float64, copy=False)
  return np.einsum('ij,ij->i', x, x)
