"""Convolution and transposed convolution by XLA's own operator."""

from collections.abc import Sequence

import jax.numpy as jnp
from jax import lax

from jaxgan.types import Array

Pads = Sequence[tuple[int, int]]

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def conv(x: Array, kernel: Array, stride: int, pads: str | Pads) -> Array:
  """Convolution by XLA's own operator.

  Args:
    x: [B, H, W, Cin].
    kernel: [kh, kw, Cin, Cout].
    stride: of both axes.
    pads: `SAME`, `VALID` or (before, after) for H and W.

  Returns:
    [B, H', W', Cout]; H' is ceil(H / stride) under `SAME`.
  """
  return lax.conv_general_dilated(
    x, kernel, (stride, stride), pads, dimension_numbers=_LAYOUT
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


def _up_pads(k: int) -> tuple[int, int]:
  """Zeros before and after an axis whose inputs are spread to stride 2."""
  return (k + 1) // 2, k // 2
