"""Convolution with fewer multiplications, as products of polynomials.

Two polynomials are multiplied by multiplying their values, one product a point.
Six points serve a kernel of r taps and m = 7 - r outputs that would take m r
products; over both sides 36 serve instead of 144 (3 x 3) or 100 (5 x 5)
(Winograd, 1980; Lavin & Gray, 2016). A strided kernel is one of fewer taps on
more channels. What surrounds the products are sums of neighbours with small
constants. They cost rounding: four to nine times that of a plain sum.

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
from jaxgan.nets.kernels.adjoint import adjoints
from jaxgan.types import Array

# The sixth is infinity. Of the usual choices these round least.
POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)
SIZE = len(POINTS) + 1

# Where this pays, by measurements on a CPU (docs/performance.md): with so many
# channels, with so many multiplications to begin with (fewer take longer to
# compile for nothing), and where they become fewer although the values of a
# kernel cost as much as so many rows of products.
CHANNELS = 32
WORK = 10**8
ROWS = 40


class Tiles(NamedTuple):
  """How a side is cut: its axis, the kernel's taps on it, and tiles."""

  axis: int
  taps: int
  num: int = 1

  @property
  def outputs(self) -> int:
    """m, how many of them a tile gives."""
    return SIZE + 1 - self.taps

  @property
  def inputs(self) -> int:
    """How many of them all tiles see."""
    return self.outputs * self.num + self.taps - 1


class Matrices(NamedTuple):
  """A [m, 6], G [6, r] and B [6, 6] of the equation above."""

  outputs: np.ndarray
  kernel: np.ndarray
  inputs: np.ndarray


@functools.cache
def matrices(taps: int) -> Matrices:
  """The constants for kernels of r = `taps` taps, 2 to 5 (Cook & Toom)."""
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
  """`conv_lax` with fewer multiplications; by windows where that is faster.

  Args:
    x: as there.
    kernel: as there.
    stride: as there.
    pads: as there.
    always: never by windows, so that it can be known where that is faster; for
      2 to 5 taps at each step of the stride.
  """
  x = xla.padded(x, kernel, stride, pads)
  if not (always or pays(x, kernel, stride)):
    return windows.conv_matmul(x, kernel, stride, 'VALID')
  out, taps = _sides(x, kernel, stride)
  seen = [stride * (o + t - 1) for o, t in zip(out, taps, strict=True)]
  x = _resized(x, (1, 2), seen)
  kernel = _resized(kernel, (0, 1), [stride * t for t in taps])
  return _valid(_folded(x, 1, stride), _folded(kernel, 0, stride))


def up_winograd(x: Array, kernel: Array) -> Array:
  """`up_lax` with fewer multiplications; by windows where that is faster.

  Its four phases see the same pixels, so they are one kernel of four times as
  many outputs.
  """
  ways = [xla.phases(k) for k in kernel.shape[:2]]
  pads = [
    (max(pad[0] for _, pad in way), max(pad[1] for _, pad in way))
    for way in ways
  ]
  taps = [before + 1 + after for before, after in pads]
  if not _pays(x, kernel, x.shape[1:3], taps, 2):
    return windows.up_matmul(x, kernel)
  for axis, way in enumerate(ways):
    kernel = jnp.stack(
      [_phase(kernel, axis, *phase, pads[axis]) for phase in way], -2
    )
  kernel = kernel.reshape(*kernel.shape[:3], -1)
  return xla.shuffled(_valid(jnp.pad(x, ((0, 0), *pads, (0, 0))), kernel))


def pays(x: Array, kernel: Array, stride: int) -> bool:
  """Whether a `VALID` convolution is faster this way than by windows.

  Args:
    x: [B, H, W, Cin]; only its shape is read, as that of the kernel.
    kernel: [kh, kw, Cin, Cout].
    stride: of both axes.
  """
  return _pays(x, kernel, *_sides(x, kernel, stride), stride)


def _pays(
  x: Array, kernel: Array, out: Sequence[int], taps: Sequence[int], stride: int
) -> bool:
  """Whether there are many multiplications, and fewer this way."""
  kh, kw, *channels = kernel.shape
  if min(channels) < CHANNELS or kernel.dtype.itemsize < 4:
    return False
  if not all(2 <= t < SIZE for t in taps):
    return False
  tiles = [_tiles(0, n, t).num for n, t in zip(out, taps, strict=True)]
  ours = (stride * SIZE) ** 2 * (len(x) * math.prod(tiles) + ROWS)
  plain = len(x) * math.prod(out) * kh * kw
  return ours < plain and plain * math.prod(channels) >= WORK


def _sides(x: Array, kernel: Array, stride: int) -> tuple[list[int], list[int]]:
  """Of both sides: the outputs, and the taps when strides are folded."""
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
  """B: [..., n, ...] -> [6, ..., tiles, ...], the values of each tile."""
  parts = [_every(x, tiles, i) for i in range(SIZE)]
  return jnp.stack(_mix(matrices(tiles.taps).inputs, parts))


def _from_points(values: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_points`: tiles overlap, and are added there."""
  m, axis = tiles.outputs, tiles.axis
  parts = _mix(matrices(tiles.taps).inputs.T, values)
  late = (SIZE - 1) // m  # By how many tiles the last part lies behind.
  places = [
    functools.reduce(
      operator.add,
      (
        _padded(part, axis, (behind, late - behind))
        for behind, part in enumerate(parts[i::m])
      ),
    )
    for i in range(m)
  ]
  return _resized(_woven(places, axis), (axis,), [tiles.inputs])


def _to_outputs(products: Array, tiles: Tiles) -> Array:
  """A: [6, ..., tiles, ...] -> [..., m tiles, ...]."""
  return _woven(_mix(matrices(tiles.taps).outputs, products), tiles.axis)


def _from_outputs(y: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_outputs`."""
  parts = [_every(y, tiles, i) for i in range(tiles.outputs)]
  return jnp.stack(_mix(matrices(tiles.taps).outputs.T, parts))


def _to_kernels(kernel: Array, tiles: Tiles) -> Array:
  """G: [..., r, ...] -> [6, ..., ...]."""
  parts = [
    lax.index_in_dim(kernel, i, tiles.axis, keepdims=False)
    for i in range(tiles.taps)
  ]
  return jnp.stack(_mix(matrices(tiles.taps).kernel, parts))


def _from_kernels(values: Array, tiles: Tiles) -> Array:
  """The transpose of `_to_kernels`."""
  return jnp.stack(_mix(matrices(tiles.taps).kernel.T, values), tiles.axis)


_evaluate, _ = adjoints(_to_points, _from_points)
_collect, _ = adjoints(_to_outputs, _from_outputs)
_kernel_values, _ = adjoints(_to_kernels, _from_kernels)


def _mix(matrix: np.ndarray, parts: Iterable[Array]) -> list[Array]:
  """Sums of parts, one for each row of factors; XLA makes one loop of each."""
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
  """What stands at one place of every tile."""
  last = first + tiles.outputs * (tiles.num - 1) + 1
  return lax.slice_in_dim(x, first, last, tiles.outputs, tiles.axis)


def _woven(parts: Sequence[Array], axis: int) -> Array:
  """Parts [..., n, ...] as one array [..., n len(parts), ...], in turn."""
  x = jnp.stack(parts, axis + 1)
  return x.reshape(*x.shape[:axis], -1, *x.shape[axis + 2 :])


def _phase(
  kernel: Array,
  axis: int,
  first: int,
  pad: tuple[int, int],
  wanted: tuple[int, int],
) -> Array:
  """Every second tap of a kernel, where a phase with other pads sees it."""
  taps = lax.slice_in_dim(kernel, first, None, 2, axis)
  return _padded(taps, axis, (wanted[0] - pad[0], wanted[1] - pad[1]))


def _folded(x: Array, axis: int, stride: int) -> Array:
  """Each stride x stride places from `axis` on as channels of one place.

  [..., H, W, C, ...] -> [..., H / stride, W / stride, stride^2 C, ...].
  """
  h, w, c = x.shape[axis : axis + 3]
  before, behind = x.shape[:axis], x.shape[axis + 3 :]
  x = x.reshape(*before, h // stride, stride, w // stride, stride, c, *behind)
  x = x.swapaxes(axis + 1, axis + 2)
  return x.reshape(*before, h // stride, w // stride, stride**2 * c, *behind)


def _resized(x: Array, axes: Sequence[int], sizes: Sequence[int]) -> Array:
  """x with zeros behind it, or without its end, on the axes."""
  for axis, size in zip(axes, sizes, strict=True):
    x = _padded(x, axis, (0, max(0, size - x.shape[axis])))
    x = lax.slice_in_dim(x, 0, size, axis=axis)
  return x


def _padded(x: Array, axis: int, pad: tuple[int, int]) -> Array:
  return jnp.pad(x, [pad if i == axis else (0, 0) for i in range(x.ndim)])
