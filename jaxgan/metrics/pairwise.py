"""All distances between two sets of features, a few rows at a time."""

from collections.abc import Iterator

import numpy as np

# Values of one block: 64 MiB in float64.
_BLOCK_VALUES = 2**23


def slices(num: int, size: int) -> Iterator[slice]:
  """Consecutive slices of `size` that cover range(num)."""
  for start in range(0, num, size):
    yield slice(start, min(start + size, num))


def rows_within(width: int) -> int:
  """How many rows of so many float64 values make one block; at least one."""
  return max(1, _BLOCK_VALUES // width)


def distances(
  x: np.ndarray, y: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
  """|x_i - y_j| by |x|^2 - 2 <x, y> + |y|^2, in blocks of rows.

  Sums are float64. Of float32 features the squares are rounded to float32
  before the root, as prdc does it: most pairs that are equally far apart then
  compare as equal, where float64 would leave it to the last bit of a sum.

  Args:
    x: [N, D] float32 or float64.
    y: [M, D] likewise; the same object as `x` for distances within one set,
      whose diagonal is then exactly zero.

  Yields:
    (rows, [B, M]): which rows of x, and their distances to all of y.
  """
  parts = slices(len(y), rows_within(y.shape[1]))
  columns = np.concatenate([_norms(y[part]) for part in parts])
  for rows in slices(len(x), rows_within(max(y.shape))):
    block = -2 * _inner(x[rows], y)
    block += _norms(x[rows])[:, None]
    block += columns
    if x is y:
      at = np.arange(rows.start, rows.stop)
      block[at - rows.start, at] = 0.0
    squares = block.astype(np.result_type(x, y), copy=False)
    yield rows, np.sqrt(np.maximum(squares, 0.0))


def _inner(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """[B, M] float64; y is widened in parts, not as a whole."""
  x = x.astype(np.float64, copy=False)
  inner = np.empty((len(x), len(y)))
  for part in slices(len(y), rows_within(y.shape[1])):
    inner[:, part] = x @ y[part].astype(np.float64, copy=False).T
  return inner


def _norms(x: np.ndarray) -> np.ndarray:
  """[B] squared norms in float64."""
  x = x.astype(np.float64, copy=False)
  return np.einsum('ij,ij->i', x, x)
