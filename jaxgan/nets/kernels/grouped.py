"""Grouped convolution: each group of channels has its own kernel.

XLA's own operator is slow on the CPU, above all in the derivatives of a
gradient penalty. There, one batched matrix product over the groups replaces it.
The rows of a window are gathered as inputs of the product, and its columns are
summed as outputs. So the largest arrays are three times as large as x, instead
of nine times as in `windows`, and the matrices of 16 channels are 48 by 48.
"""

import jax.numpy as jnp
from jax import lax

from jaxgan.nets.kernels.adjoint import with_transpose
from jaxgan.types import Array

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def xla(x: Array, kernel: Array) -> Array:
  """Grouped convolution by XLA's own operator; shapes as for `products`."""
  return lax.conv_general_dilated(
    x,
    kernel,
    (1, 1),
    'SAME',
    dimension_numbers=_LAYOUT,
    feature_group_count=x.shape[-1] // kernel.shape[2],
  )


def products(x: Array, kernel: Array) -> Array:
  """Grouped convolution as one matrix product per group, `SAME`, stride 1.

  Args:
    x: [B, H, W, G * N], G groups of N channels.
    kernel: [kh, kw, N, G * M], kh and kw odd.

  Returns:
    [B, H, W, G * M].
  """
  b, h, w, _ = x.shape
  kh, kw, n, _ = kernel.shape
  x = jnp.pad(x, ((0, 0), (kh // 2, kh // 2), (kw // 2, kw // 2), (0, 0)))
  x = x.reshape(*x.shape[:3], -1, n).transpose(3, 0, 1, 2, 4)
  groups = x.shape[0]
  matrix = kernel.reshape(kh, kw, n, groups, -1).transpose(3, 0, 2, 1, 4)
  matrix = matrix.reshape(groups, kh * n, -1)
  rows = _gather_rows(x, kh).reshape(groups, -1, kh * n)
  y = lax.dot_general(rows, matrix, (((2,), (1,)), ((0,), (0,))))
  y = _sum_columns(y.reshape(groups, b, h, x.shape[3], kw, -1), kw)
  return y.transpose(1, 2, 3, 0, 4).reshape(b, h, w, -1)


def _rows(x: Array, k: int) -> Array:
  """Stacks k rows: [G, B, H + k - 1, W, N] -> [G, B, H, W, k, N]."""
  h = x.shape[2] - k + 1
  return jnp.stack([x[:, :, i : i + h] for i in range(k)], axis=4)


def _rows_transpose(y: Array, k: int) -> Array:
  parts = [_pad(y[:, :, :, :, i], 2, i, k) for i in range(k)]
  return sum(parts[1:], parts[0])


def _columns(y: Array, k: int) -> Array:
  """Sums k columns: [G, B, H, W + k - 1, k, N] -> [G, B, H, W, N]."""
  w = y.shape[3] - k + 1
  parts = [y[:, :, :, j : j + w, j] for j in range(k)]
  return sum(parts[1:], parts[0])


def _columns_transpose(x: Array, k: int) -> Array:
  return jnp.stack([_pad(x, 3, j, k) for j in range(k)], axis=4)


def _pad(x: Array, axis: int, before: int, k: int) -> Array:
  """Pads one axis of x with k - 1 zeros, `before` of them before it."""
  pads = [(0, 0)] * x.ndim
  pads[axis] = before, k - 1 - before
  return jnp.pad(x, pads)


_gather_rows = with_transpose(_rows, _rows_transpose)
_sum_columns = with_transpose(_columns, _columns_transpose)
