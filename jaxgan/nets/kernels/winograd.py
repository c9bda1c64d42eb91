"""Winograd convolution: fewer multiplications, as products of polynomials.

Two polynomials are multiplied through their values, with one product per point.
Six points serve a kernel of r taps and m = 7 - r outputs, which would otherwise
take m r products. Over both axes 36 products replace 144 (3 x 3) or 100 (5 x 5)
(Winograd, 1980; Lavin & Gray, 2016). A strided kernel is one of fewer taps on
more channels. The transforms around the products are sums with small constants.
Rounding errors are four to nine times those of a plain sum.

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

from jaxgan.nets.kernels import windows, xla
from jaxgan.nets.kernels.adjoint import with_transpose
from jaxgan.types import Array

# The sixth point is infinity. Of the usual choices these round least.
POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)
SIZE = len(POINTS) + 1

# When this is faster, measured on a CPU (docs/performance.md): the least number
# of channels; the least number of multiplications before (fewer take longer to
# compile for nothing); the cost of a kernel's transform, in rows of products.
CHANNELS = 32
WORK = 10**8
ROWS = 40


class Tiles(NamedTuple):
  """Division of one axis of x into tiles; `taps` of the kernel on the axis."""

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
  """A [m, 6], G [6, r] and B [6, 6] of the module's equation."""

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


def conv_winograd(
  x: Array,
  kernel: Array,
  stride: int,
  pads: str | xla.Pads,
  *,
  always: bool = False,
) -> Array:
  """`conv_lax` with fewer multiplications, or `conv_matmul` if that is faster.

  Args:
    x: as for `conv_lax`.
    kernel: as for `conv_lax`.
    stride: as for `conv_lax`.
    pads: as for `conv_lax`.
    always: never use `conv_matmul`, for benchmarks; ceil(k / stride) must be
      2 to 5.
  """
  x = xla.padded(x, kernel, stride, pads)
  if not (always or pays(x, kernel, stride)):
    return windows.conv_matmul(x, kernel, stride, 'VALID')
  out, taps = _sides(x, kernel, stride)
  sizes = [stride * (o + t - 1) for o, t in zip(out, taps, strict=True)]
  x = _resized(x, (1, 2), sizes)
  kernel = _resized(kernel, (0, 1), [stride * t for t in taps])
  return _valid(_folded(x, 1, stride), _folded(kernel, 0, stride))


def up_winograd(x: Array, kernel: Array) -> Array:
  """`up_lax` with fewer multiplications, or `up_matmul` if that is faster.

  The four phases read the same pixels, so they are one kernel with four times
  as many outputs.
  """
  phases = [xla.phases(k) for k in kernel.shape[:2]]
  pads = [
    (max(pad[0] for _, pad in pair), max(pad[1] for _, pad in pair))
    for pair in phases
  ]
  taps = [before + 1 + after for before, after in pads]
  if not _pays(x, kernel, x.shape[1:3], taps, 2):
    return windows.up_matmul(x, kernel)
  for axis, (before, after) in enumerate(pads):
    parts = [
      _padded(
        lax.slice_in_dim(kernel, first, None, 2, axis),
        axis,
        (before - pad[0], after - pad[1]),
      )
      for first, pad in phases[axis]
    ]
    kernel = jnp.stack(parts, -2)
  kernel = kernel.reshape(*kernel.shape[:3], -1)
  return xla.depth_to_space(_valid(jnp.pad(x, ((0, 0), *pads, (0, 0))), kernel))


def pays(x: Array, kernel: Array, stride: int) -> bool:
  """Whether a `VALID` convolution is faster here than by `conv_matmul`.

  Args:
    x: [B, H, W, Cin]; only the shapes of x and of the kernel are read.
    kernel: [kh, kw, Cin, Cout].
    stride: of both axes.
  """
  return _pays(x, kernel, *_sides(x, kernel, stride), stride)


def _pays(
  x: Array, kernel: Array, out: Sequence[int], taps: Sequence[int], stride: int
) -> bool:
  """Whether there are many multiplications, and fewer in the Winograd form."""
  kh, kw, *channels = kernel.shape
  if min(channels) < CHANNELS or kernel.dtype.itemsize < 4:
    return False
  if not all(2 <= t < SIZE for t in taps):
    return False
  tiles = [_tiles(0, n, t).num for n, t in zip(out, taps, strict=True)]
  winograd = (stride * SIZE) ** 2 * (len(x) * math.prod(tiles) + ROWS)
  plain = len(x) * math.prod(out) * kh * kw
  return winograd < plain and plain * math.prod(channels) >= WORK


def _sides(x: Array, kernel: Array, stride: int) -> tuple[list[int], list[int]]:
  """Numbers of outputs, and of taps after `_folded`, along H and W."""
  sides = kernel.shape[:2]
  pairs = zip(x.shape[1:3], sides, strict=True)
  out = [(n - k) // stride + 1 for n, k in pairs]
  return out, [-(-k // stride) for k in sides]


def _valid(x: Array, kernel: Array) -> Array:
  """[B, H, W, Cin], [r, s, Cin, Cout] -> [B, H - r + 1, W - s + 1, Cout]."""
  r, s, cin, cout = kernel.shape
  out = [n - t + 1 for n, t in zip(x.shape[1:3], (r, s), strict=True)]
  # The points come first, so that the width is axis 3 after the height.
  rows, cols = _tiles(1, out[0], r), _tiles(3, out[1], s)
  x = _resized(x, (1, 2), [rows.inputs, cols.inputs])
  values = _evaluate(_evaluate(x, rows), cols)  # [6, 6, B, tiles, tiles, Cin]
  kernels = _kernel_values(kernel, Tiles(0, r))
  kernels = _kernel_values(kernels, Tiles(1, s))
  products = lax.dot_general(
    values.reshape(SIZE**2, -1, cin),
    kernels.reshape(SIZE**2, cin, cout),
    (((2,), (1,)), ((0,), (0,))),
  )
  y = products.reshape(*values.shape[:-1], cout)
  return _resized(_collect(_collect(y, cols), rows), (1, 2), out)


def _tiles(axis: int, out: int, taps: int) -> Tiles:
  return Tiles(axis, taps, -(-out // Tiles(axis, taps).outputs))


def _to_points(x: Array, tiles: Tiles) -> Array:
  """Applies B to each tile: [..., n, ...] -> [6, ..., tiles, ...]."""
  parts = [_every(x, tiles, i) for i in range(SIZE)]
  return jnp.stack(_mix(matrices(tiles.taps).inputs, parts))


def _from_points(values: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_points`: adds tiles up where they overlap."""
  m, axis = tiles.outputs, tiles.axis
  parts = _mix(matrices(tiles.taps).inputs.T, values)
  late = (SIZE - 1) // m  # Tiles between the first part and the last.
  places = [
    functools.reduce(
      operator.add,
      (
        _padded(part, axis, (offset, late - offset))
        for offset, part in enumerate(parts[i::m])
      ),
    )
    for i in range(m)
  ]
  return _resized(_interleaved(places, axis), (axis,), [tiles.inputs])


def _to_outputs(products: Array, tiles: Tiles) -> Array:
  """Applies A: [6, ..., tiles, ...] -> [..., m tiles, ...]."""
  return _interleaved(_mix(matrices(tiles.taps).outputs, products), tiles.axis)


def _from_outputs(y: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_outputs`."""
  parts = [_every(y, tiles, i) for i in range(tiles.outputs)]
  return jnp.stack(_mix(matrices(tiles.taps).outputs.T, parts))


def _to_kernels(kernel: Array, tiles: Tiles) -> Array:
  """Applies G: [..., r, ...] -> [6, ..., ...]."""
  parts = [
    lax.index_in_dim(kernel, i, tiles.axis, keepdims=False)
    for i in range(tiles.taps)
  ]
  return jnp.stack(_mix(matrices(tiles.taps).kernel, parts))


def _from_kernels(values: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_kernels`."""
  return jnp.stack(_mix(matrices(tiles.taps).kernel.T, values), tiles.axis)


_evaluate = with_transpose(_to_points, _from_points)
_collect = with_transpose(_to_outputs, _from_outputs)
_kernel_values = with_transpose(_to_kernels, _from_kernels)


def _mix(matrix: np.ndarray, parts: Iterable[Array]) -> list[Array]:
  """Weighted sums of parts, one per row; XLA fuses each into one loop."""
  parts = list(parts)
  return [
    functools.reduce(
      operator.add,
      (
        part if factor == 1 else float(factor) * part
        for factor, part in zip(row, parts, strict=True)
        if factor
      ),
    )
    for row in matrix
  ]


def _every(x: Array, tiles: Tiles, first: int) -> Array:
  """The element of every tile at position `first`."""
  last = first + tiles.outputs * (tiles.num - 1) + 1
  return lax.slice_in_dim(x, first, last, tiles.outputs, tiles.axis)


def _interleaved(parts: Sequence[Array], axis: int) -> Array:
  """Interleaves parts [..., n, ...] into [..., n len(parts), ...]."""
  x = jnp.stack(parts, axis + 1)
  return x.reshape(*x.shape[:axis], -1, *x.shape[axis + 2 :])


def _folded(x: Array, axis: int, stride: int) -> Array:
  """Moves each stride x stride block of pixels into the channels.

  [..., H, W, C, ...] -> [..., H / stride, W / stride, stride^2 C, ...], where H
  is the axis `axis`.
  """
  h, w, c = x.shape[axis : axis + 3]
  before, after = x.shape[:axis], x.shape[axis + 3 :]
  x = x.reshape(*before, h // stride, stride, w // stride, stride, c, *after)
  x = x.swapaxes(axis + 1, axis + 2)
  return x.reshape(*before, h // stride, w // stride, stride**2 * c, *after)


def _resized(x: Array, axes: Sequence[int], sizes: Sequence[int]) -> Array:
  """Appends zeros to x, or crops its end, to the given sizes of axes."""
  for axis, size in zip(axes, sizes, strict=True):
    x = _padded(x, axis, (0, max(0, size - x.shape[axis])))
    x = lax.slice_in_dim(x, 0, size, axis=axis)
  return x


def _padded(x: Array, axis: int, pad: tuple[int, int]) -> Array:
  return jnp.pad(x, [pad if i == axis else (0, 0) for i in range(x.ndim)])
