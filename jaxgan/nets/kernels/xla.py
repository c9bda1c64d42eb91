"""Convolution and transposed convolution by XLA's own operator."""

from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from jaxgan.types import Array

Pads = Sequence[tuple[int, int]]

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def conv(
  x: Array,
  kernel: Array,
  stride: int,
  pads: str | Pads,
  precision: str | None = None,
) -> Array:
  """Convolution by XLA's own operator.

  Args:
    x: [B, H, W, Cin].
    kernel: [kh, kw, Cin, Cout].
    stride: of both axes.
    pads: `SAME`, `VALID` or (before, after) for H and W.
    precision: as for `jax.default_matmul_precision`, which is the default.

  Returns:
    [B, H', W', Cout]; H' is ceil(H / stride) under `SAME`.
  """
  return lax.conv_general_dilated(
    x,
    kernel,
    (stride, stride),
    pads,
    dimension_numbers=_LAYOUT,
    precision=precision,
  )


def up(x: Array, kernel: Array) -> Array:
  """Transposed convolution of stride 2 by XLA's own operator.

  It is the transpose of a `SAME` convolution of stride 2 whose kernel is
  mirrored and has Cin and Cout swapped. Shapes are those of `kernels.up`.
  """
  return lax.conv_general_dilated(
    x,
    kernel,
    (1, 1),
    [_up_pads(k) for k in kernel.shape[:2]],
    lhs_dilation=(2, 2),
    dimension_numbers=_LAYOUT,
  )


def pad(x: Array, kernel: Array, stride: int, pads: str | Pads) -> Array:
  """Pads x [B, H, W, C], so that the convolution becomes a `VALID` one."""
  if isinstance(pads, str):
    sides = kernel.shape[:2]
    pads = lax.padtype_to_pads(x.shape[1:3], sides, (stride, stride), pads)
  return jnp.pad(x, ((0, 0), *pads, (0, 0)))


def depth_to_space(x: Array) -> Array:
  """Makes 2 x 2 pixels of 4 channels: [B, H, W, 4C] -> [B, 2H, 2W, C]."""
  b, h, w, c = x.shape
  x = x.reshape(b, h, w, 2, 2, c // 4).transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(b, 2 * h, 2 * w, c // 4)


def phases(k: int) -> list[tuple[int, tuple[int, int]]]:
  """Splits a transposed convolution of stride 2 into two plain convolutions.

  Args:
    k: length of the kernel along the axis.

  Returns:
    For even and for odd outputs: the first kernel tap that they use (then every
    second), and the pads of x.
  """
  before = _up_pads(k)[0]
  parities = []
  for odd in (0, 1):
    first = (before - odd) % 2
    shift = (before - odd - first) // 2
    taps = (k - first + 1) // 2
    parities.append((first, (shift, taps - 1 - shift)))
  return parities


def phase_pads(kernel: Array) -> list[tuple[int, int]]:
  """Pads of x, for H and W, with which all four phases see their pixels."""
  pairs = (phases(k) for k in kernel.shape[:2])
  return [(max(a[0], b[0]), max(a[1], b[1])) for (_, a), (_, b) in pairs]


def phase_kernel(kernel: Array, pads: Pads) -> Array:
  """Makes one kernel of the four phases of a transposed convolution.

  Args:
    kernel: [kh, kw, Cin, Cout] of `up`.
    pads: from `phase_pads`.

  Returns:
    [ceil(kh / 2) or more, ceil(kw / 2) or more, Cin, 4 Cout], for a convolution
    with stride 1 and these pads before `depth_to_space`.
  """
  for axis, (before, after) in enumerate(pads):
    parts = []
    for first, pad in phases(kernel.shape[axis]):
      part = lax.slice_in_dim(kernel, first, None, 2, axis)
      more = [(0, 0)] * part.ndim
      more[axis] = before - pad[0], after - pad[1]
      parts.append(jnp.pad(part, more))
    kernel = jnp.stack(parts, -2)
  return kernel.reshape(*kernel.shape[:3], -1)


def _up_pads(k: int) -> tuple[int, int]:
  """Zeros before and after an axis whose inputs are spread to stride 2."""
  return (k + 1) // 2, k // 2
