"""Winograd convolution: fewer multiplications, as products of polynomials.

Two polynomials are multiplied by their values at some points, one product per
point. Six points suffice for r kernel taps and m = 7 - r outputs, which would
otherwise take m r products. Over both axes 36 products replace 144 (3 x 3) or
100 (5 x 5) (Winograd, 1980; Lavin & Gray, 2016). A strided kernel becomes a
kernel of fewer taps on more channels. The transforms before and after the
products are sums with small constants. Rounding errors are four to nine times
those of a plain sum.

  y = A ((G kernel) * (B x)),  y_i = sum_k kernel_k x_{i + k}
"""

import functools
import math
import operator
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

import jaxgan.nets.kernels.windows as windows
import jaxgan.nets.kernels.xla as xla
from jaxgan.nets.kernels.adjoint import with_transpose
from jaxgan.types import Array

# The sixth point is infinity. Of the usual choices these round least.
POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)
SIZE = len(POINTS) + 1

# Minimum sizes of convolutions that are computed by Winograd, measured on a CPU
# (docs/performance.md): channels, and multiplications of the plain convolution.
# With fewer multiplications the longer compilation costs more than it saves.
MIN_CHANNELS = 32
MIN_WORK = 10**8
KERNEL_COST = 40  # Cost of transforming the kernel, in rows of products.


class Tiles(NamedTuple):
  """Division of one axis of x into `num` tiles for a kernel of `taps` taps."""

  axis: int
  taps: int
  num: int = 1

  @property
  def outputs(self) -> int:
    """m, the number of outputs of one tile."""
    return SIZE + 1 - self.taps

  @property
  def inputs(self) -> int:
    """The number of inputs of all tiles together."""
    return self.outputs * self.num + self.taps - 1


class Matrices(NamedTuple):
  """A [m, 6], G [6, r] and B [6, 6] of the equation above."""

  outputs: np.ndarray
  kernel: np.ndarray
  inputs: np.ndarray


@functools.cache
def matrices(taps: int) -> Matrices:
  """The Cook-Toom constants for kernels of r = `taps` taps, 2 to 5."""
  points = np.array(POINTS)
  others = [np.delete(points, i) for i in range(len(points))]
  distances = [[np.prod(x - o)] for x, o in zip(points, others, strict=True)]
  kernel = np.vander(points, taps, increasing=True) / distances
  outputs = np.vander(points, SIZE + 1 - taps, increasing=True).T
  inputs = [[*np.poly(roots)[::-1], 0.0] for roots in others]
  return Matrices(
    np.hstack([outputs, np.eye(len(outputs))[:, -1:]]),
    np.vstack([kernel, np.eye(taps)[-1:]]),
    np.array([*inputs, np.poly(points)[::-1]]),
  )


def conv(
  x: Array,
  kernel: Array,
  stride: int,
  pads: str | xla.Pads,
  *,
  always: bool = False,
) -> Array:
  """`xla.conv` with fewer multiplications, or `windows.conv` if that is faster.

  For benchmarks, `always` means that `windows.conv` is never used;
  ceil(k / stride) must then be 2 to 5.
  """
  x = xla.pad(x, kernel, stride, pads)
  if not (always or is_faster(x, kernel, stride)):
    return windows.conv(x, kernel, stride, 'VALID')
  out, taps = _sides(x, kernel, stride)
  sizes = [stride * (o + t - 1) for o, t in zip(out, taps, strict=True)]
  x = _resize(x, (1, 2), sizes)
  kernel = _resize(kernel, (0, 1), [stride * t for t in taps])
  return _valid(
    _space_to_depth(x, 1, stride), _space_to_depth(kernel, 0, stride)
  )


def up(x: Array, kernel: Array) -> Array:
  """`xla.up` with fewer multiplications, or `windows.up` if that is faster.

  The four phases read the same pixels, so they are one kernel with four times
  as many outputs.
  """
  pads = xla.phase_pads(kernel)
  taps = [before + 1 + after for before, after in pads]
  if not _is_faster(x, kernel, x.shape[1:3], taps, 2):
    return windows.up(x, kernel)
  kernel = xla.phase_kernel(kernel, pads)
  return xla.depth_to_space(_valid(jnp.pad(x, ((0, 0), *pads, (0, 0))), kernel))


def is_faster(x: Array, kernel: Array, stride: int) -> bool:
  """Whether a `VALID` convolution is faster here than by `windows.conv`.

  Only the shapes of x and of the kernel, and its data type, are read.
  """
  return _is_faster(x, kernel, *_sides(x, kernel, stride), stride)


def _is_faster(
  x: Array, kernel: Array, out: Sequence[int], taps: Sequence[int], stride: int
) -> bool:
  """Whether a convolution is large, and Winograd takes fewer products."""
  kh, kw, *channels = kernel.shape
  if min(channels) < MIN_CHANNELS or kernel.dtype.itemsize < 4:
    return False
  if not all(2 <= t < SIZE for t in taps):
    return False
  tiles = [_tiles(0, n, t).num for n, t in zip(out, taps, strict=True)]
  winograd = (stride * SIZE) ** 2 * (len(x) * math.prod(tiles) + KERNEL_COST)
  plain = len(x) * math.prod(out) * kh * kw
  return winograd < plain and plain * math.prod(channels) >= MIN_WORK


def _sides(x: Array, kernel: Array, stride: int) -> tuple[list[int], list[int]]:
  """Numbers of outputs, and of taps after `_space_to_depth`, along H and W."""
  sides = kernel.shape[:2]
  pairs = zip(x.shape[1:3], sides, strict=True)
  out = [(n - k) // stride + 1 for n, k in pairs]
  return out, [-(-k // stride) for k in sides]


def _valid(x: Array, kernel: Array) -> Array:
  """Winograd convolution with stride 1 and `VALID` padding.

  [B, H, W, Cin], [r, s, Cin, Cout] -> [B, H - r + 1, W - s + 1, Cout].
  """
  r, s, cin, cout = kernel.shape
  out = [n - t + 1 for n, t in zip(x.shape[1:3], (r, s), strict=True)]
  # The points come first, so that the width is axis 3 after the height.
  rows, cols = _tiles(1, out[0], r), _tiles(3, out[1], s)
  x = _resize(x, (1, 2), [rows.inputs, cols.inputs])
  values = _evaluate(_evaluate(x, rows), cols)  # [6, 6, B, tiles, tiles, Cin]
  kernels = _kernel_values(kernel, Tiles(0, r))
  kernels = _kernel_values(kernels, Tiles(1, s))
  products = lax.dot_general(
    values.reshape(SIZE**2, -1, cin),
    kernels.reshape(SIZE**2, cin, cout),
    (((2,), (1,)), ((0,), (0,))),
  )
  y = products.reshape(*values.shape[:-1], cout)
  return _resize(_collect(_collect(y, cols), rows), (1, 2), out)


def _tiles(axis: int, out: int, taps: int) -> Tiles:
  """The fewest tiles that give `out` outputs."""
  return Tiles(axis, taps, -(-out // Tiles(axis, taps).outputs))


def _to_points(x: Array, tiles: Tiles) -> Array:
  """Applies B to each tile: [..., n, ...] -> [6, ..., tiles, ...]."""
  parts = [_every(x, tiles, i) for i in range(SIZE)]
  return jnp.stack(_weighted_sums(matrices(tiles.taps).inputs, parts))


def _from_points(values: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_points`: adds overlapping tiles."""
  m, axis = tiles.outputs, tiles.axis
  parts = _weighted_sums(matrices(tiles.taps).inputs.T, values)
  overlap = (SIZE - 1) // m  # How many later tiles share an input with a tile.
  shifted = [
    _pad(part, axis, (i // m, overlap - i // m)) for i, part in enumerate(parts)
  ]
  sums = [functools.reduce(operator.add, shifted[i::m]) for i in range(m)]
  return _resize(_interleave(sums, axis), (axis,), [tiles.inputs])


def _to_outputs(products: Array, tiles: Tiles) -> Array:
  """Applies A: [6, ..., tiles, ...] -> [..., m tiles, ...]."""
  return _interleave(
    _weighted_sums(matrices(tiles.taps).outputs, products), tiles.axis
  )


def _from_outputs(y: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_outputs`."""
  parts = [_every(y, tiles, i) for i in range(tiles.outputs)]
  return jnp.stack(_weighted_sums(matrices(tiles.taps).outputs.T, parts))


def _to_kernels(kernel: Array, tiles: Tiles) -> Array:
  """Applies G: [..., r, ...] -> [6, ..., ...]."""
  parts = [
    lax.index_in_dim(kernel, i, tiles.axis, keepdims=False)
    for i in range(tiles.taps)
  ]
  return jnp.stack(_weighted_sums(matrices(tiles.taps).kernel, parts))


def _from_kernels(values: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_kernels`."""
  return jnp.stack(
    _weighted_sums(matrices(tiles.taps).kernel.T, values), tiles.axis
  )


_evaluate = with_transpose(_to_points, _from_points)
_collect = with_transpose(_to_outputs, _from_outputs)
_kernel_values = with_transpose(_to_kernels, _from_kernels)


def _weighted_sums(matrix: np.ndarray, parts: Iterable[Array]) -> list[Array]:
  """Weighted sums of parts, one per row; XLA fuses each into one loop."""
  parts, sums = list(parts), []
  for row in matrix:
    terms = (
      part if factor == 1 else float(factor) * part
      for factor, part in zip(row, parts, strict=True)
      if factor
    )
    sums.append(functools.reduce(operator.add, terms))
  return sums


def _every(x: Array, tiles: Tiles, first: int) -> Array:
  """The element of every tile at position `first`."""
  last = first + tiles.outputs * (tiles.num - 1) + 1
  return lax.slice_in_dim(x, first, last, tiles.outputs, tiles.axis)


def _interleave(parts: Sequence[Array], axis: int) -> Array:
  """Interleaves parts [..., n, ...] into [..., n len(parts), ...]."""
  x = jnp.stack(parts, axis + 1)
  return x.reshape(*x.shape[:axis], -1, *x.shape[axis + 2 :])


def _space_to_depth(x: Array, axis: int, stride: int) -> Array:
  """Moves each stride x stride block of pixels into the channels.

  [..., H, W, C, ...] -> [..., H / stride, W / stride, stride^2 C, ...], where H
  is the axis `axis`.
  """
  h, w, c = x.shape[axis : axis + 3]
  before, after = x.shape[:axis], x.shape[axis + 3 :]
  x = x.reshape(*before, h // stride, stride, w // stride, stride, c, *after)
  x = x.swapaxes(axis + 1, axis + 2)
  return x.reshape(*before, h // stride, w // stride, stride**2 * c, *after)


def _resize(x: Array, axes: Sequence[int], sizes: Sequence[int]) -> Array:
  """Appends zeros to x, or crops its end, to the given sizes of axes."""
  for axis, size in zip(axes, sizes, strict=True):
    x = _pad(x, axis, (0, max(0, size - x.shape[axis])))
    x = lax.slice_in_dim(x, 0, size, axis=axis)
  return x


def _pad(x: Array, axis: int, pad: tuple[int, int]) -> Array:
  return jnp.pad(x, [pad if i == axis else (0, 0) for i in range(x.ndim)])
