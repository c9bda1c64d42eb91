"""Convolution as sliding windows and one matrix product (im2col).

On the CPU a sum of k^2 products, one per tap, took a WGAN-GP iteration twice as
long.
"""

import functools
import operator
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.nets.kernels import xla
from jaxgan.nets.kernels.adjoint import with_transpose
from jaxgan.types import Array


class Window(NamedTuple):
  """The sides and the stride of a sliding window."""

  height: int
  width: int
  stride: int


def conv_matmul(
  x: Array, kernel: Array, stride: int, pads: str | xla.Pads
) -> Array:
  """`conv_lax` as one matrix product and k^2 shifted slices."""
  kh, kw, cin, cout = kernel.shape
  x = xla.padded(x, kernel, stride, pads)
  # The array of k^2 slices dominates the time. So slice the side of the product
  # with far fewer channels, unless a stride would waste most of its rows.
  if stride == 1 and 4 * cout <= cin:
    taps = kernel.reshape(-1, cin, cout).transpose(1, 0, 2)
    products = jnp.tensordot(x, taps.reshape(cin, -1), 1)
    products = products.reshape(*x.shape[:3], kh * kw, cout)
    parts = _shifted(products, kh, kw)
    return functools.reduce(
      operator.add, (part[:, :, :, t] for t, part in enumerate(parts))
    )
  window = Window(kh, kw, stride)
  columns = _columns(_trimmed(x, window), window)
  return jnp.tensordot(columns, kernel.transpose(1, 0, 2, 3), 3)


def up_matmul(x: Array, kernel: Array) -> Array:
  """`up_lax` as four convolutions, one per phase of the output pixels.

  Output pixels in even rows use other rows of the kernel than pixels in odd
  rows, and likewise for columns. Each phase is a plain convolution with its
  part of the kernel (sub-pixel convolution, Shi et al., 2016), so no products
  with inserted zeros are computed.
  """
  b, h, w, _ = x.shape
  kh, kw, _, cout = kernel.shape
  rows, cols = xla.phases(kh), xla.phases(kw)
  phases = [
    [
      conv_matmul(x, kernel[first_y::2, first_x::2], 1, (pad_y, pad_x))
      for first_x, pad_x in cols
    ]
    for first_y, pad_y in rows
  ]
  y = jnp.stack([jnp.stack(row, axis=3) for row in phases], axis=2)
  return y.reshape(b, 2 * h, 2 * w, cout)


def _trimmed(x: Array, window: Window) -> Array:
  """Pads or crops x to the pixels under the windows, in whole strides."""
  sizes, stride = x.shape[1:3], window.stride
  reach = [
    _reach((n - k) // stride + 1, k, stride)
    for n, k in zip(sizes, window[:2], strict=True)
  ]
  more = [(0, max(0, r - n)) for r, n in zip(reach, sizes, strict=True)]
  return jnp.pad(x, ((0, 0), *more, (0, 0)))[:, : reach[0], : reach[1]]


def _reach(windows: int, k: int, stride: int) -> int:
  return -(-(k + stride * (windows - 1)) // stride) * stride


def _to_columns(x: Array, window: Window) -> Array:
  """Extracts all windows of x: [B, H', W', kw, kh, C].

  Two stacks of few long pieces, rows then columns, are several times faster
  than one stack of kh kw short pieces. The transpose is faster in the other
  order.
  """
  rows = jnp.stack(_taps(x, 1, window.height, window.stride), 3)
  return jnp.stack(_taps(rows, 2, window.width, window.stride), 3)


def _from_columns(columns: Array, window: Window) -> Array:
  """The transpose of `_to_columns`: adds each window back to its pixels."""
  b, h, w, kw, kh, c = columns.shape
  stride = window.stride
  x = jax.ShapeDtypeStruct(
    (b, _reach(h, kh, stride), _reach(w, kw, stride), c), columns.dtype
  )

  def columns_first(x: Array) -> Array:
    return jnp.stack(
      [
        jnp.stack(_taps(column, 1, kh, stride), 3)
        for column in _taps(x, 2, kw, stride)
      ],
      3,
    )

  return jax.linear_transpose(columns_first, x)(columns)[0]


_columns = with_transpose(_to_columns, _from_columns)


def _taps(x: Array, axis: int, k: int, stride: int) -> list[Array]:
  """The inputs of each of k taps along an axis, for all outputs.

  A strided slice is taken as a plain slice of one phase of the stride.
  """
  shape = x.shape
  steps = shape[axis] // stride
  x = x.reshape(*shape[:axis], steps, stride, *shape[axis + 1 :])
  out = (shape[axis] - k) // stride + 1
  return [
    lax.slice_in_dim(phase, i // stride, i // stride + out, axis=axis)
    for i in range(k)
    for phase in [lax.index_in_dim(x, i % stride, axis + 1, keepdims=False)]
  ]


def _shifted(x: Array, kh: int, kw: int) -> list[Array]:
  """The inputs of each of the kh * kw taps of a kernel, row by row."""
  h, w = (n - k + 1 for n, k in zip(x.shape[1:3], (kh, kw), strict=True))
  return [x[:, i : i + h, j : j + w] for i in range(kh) for j in range(kw)]
