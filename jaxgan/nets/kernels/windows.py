"""Convolution as sliding windows and one matrix product (im2col).

With a sum of k^2 products instead, one per kernel tap, a WGAN-GP iteration took
twice as long on the CPU.
"""

import functools
import itertools
import operator
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

import jaxgan.nets.kernels.xla as xla
from jaxgan.nets.kernels.adjoint import with_transpose
from jaxgan.types import Array


class Window(NamedTuple):
  """The sides and the stride of a sliding window."""

  height: int
  width: int
  stride: int


def conv(x: Array, kernel: Array, stride: int, pads: str | xla.Pads) -> Array:
  """`xla.conv` as one matrix product and k^2 shifted slices."""
  kh, kw, cin, cout = kernel.shape
  x = xla.pad(x, kernel, stride, pads)
  # The array of k^2 slices takes most of the time. So slice the outputs if they
  # have far fewer channels, unless a stride would drop most of them.
  if stride == 1 and 4 * cout <= cin:
    matrix = kernel.reshape(-1, cin, cout).transpose(1, 0, 2)
    products = jnp.tensordot(x, matrix.reshape(cin, -1), 1)
    products = products.reshape(*x.shape[:3], kh * kw, cout)
    h, w = (n - k + 1 for n, k in zip(x.shape[1:3], (kh, kw), strict=True))
    taps = itertools.product(range(kh), range(kw))
    parts = [products[:, i : i + h, j : j + w] for i, j in taps]
    return functools.reduce(
      operator.add, (part[:, :, :, t] for t, part in enumerate(parts))
    )
  window = Window(kh, kw, stride)
  columns = _columns(_fit(x, window), window)
  return jnp.tensordot(columns, kernel.transpose(1, 0, 2, 3), 3)


def up(x: Array, kernel: Array) -> Array:
  """`xla.up` as four convolutions, one per phase of the output pixels.

  Output pixels in even rows use other rows of the kernel than pixels in odd
  rows, and likewise for columns. Each phase is a plain convolution with its
  part of the kernel (sub-pixel convolution, Shi et al., 2016), so no products
  with inserted zeros are computed.
  """
  b, h, w, _ = x.shape
  rows, cols = (xla.phases(k) for k in kernel.shape[:2])
  phases = [
    [conv(x, kernel[i::2, j::2], 1, (pad_y, pad_x)) for j, pad_x in cols]
    for i, pad_y in rows
  ]
  y = jnp.stack([jnp.stack(row, axis=3) for row in phases], axis=2)
  return y.reshape(b, 2 * h, 2 * w, -1)


def _fit(x: Array, window: Window) -> Array:
  """Pads or crops x to the pixels under the windows, in whole strides."""
  sizes, stride = x.shape[1:3], window.stride
  reach = [
    _reach((n - k) // stride + 1, k, stride)
    for n, k in zip(sizes, window[:2], strict=True)
  ]
  more = [(0, max(0, r - n)) for r, n in zip(reach, sizes, strict=True)]
  return jnp.pad(x, ((0, 0), *more, (0, 0)))[:, : reach[0], : reach[1]]


def _reach(windows: int, k: int, stride: int) -> int:
  """Number of inputs under all windows, rounded up to whole strides."""
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
  shape = b, _reach(h, kh, stride), _reach(w, kw, stride), c

  def columns_first(x: Array) -> Array:
    parts = _taps(x, 2, kw, stride)
    return jnp.stack([jnp.stack(_taps(x, 1, kh, stride), 3) for x in parts], 3)

  x = jax.ShapeDtypeStruct(shape, columns.dtype)
  return jax.linear_transpose(columns_first, x)(columns)[0]


_columns = with_transpose(_to_columns, _from_columns)


def _taps(x: Array, axis: int, k: int, stride: int) -> list[Array]:
  """The inputs of each of k kernel taps along an axis, for all outputs.

  A strided slice is computed as a reshape by the stride and a plain slice.
  """
  shape = x.shape
  x = x.reshape(*shape[:axis], -1, stride, *shape[axis + 1 :])
  out = (shape[axis] - k) // stride + 1
  return [
    lax.slice_in_dim(phase, i // stride, i // stride + out, axis=axis)
    for i in range(k)
    for phase in [lax.index_in_dim(x, i % stride, axis + 1, keepdims=False)]
  ]
