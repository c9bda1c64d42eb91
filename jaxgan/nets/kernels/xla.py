"""Convolution, and its mirror that doubles a side, by XLA's own operator.

That is the fastest way on accelerators. On the CPU the convolutions of a
gradient penalty (the derivative of a derivative, inside a loop) fall back to
slow kernels; there `windows` and `winograd` compute the same sums from slices,
matrix products and stacks, families that are closed under differentiation. All
ways read the same kernels, [k, k, Cin, Cout].
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.types import Array

Pads = Sequence[tuple[int, int]]

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def resolve(name: str) -> str:
  """`auto` as the way that this backend takes, other names as they are."""
  if name != 'auto':
    return name
  return 'winograd' if jax.default_backend() == 'cpu' else 'lax'


def conv_lax(x: Array, kernel: Array, stride: int, pads: str | Pads) -> Array:
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


def up_lax(x: Array, kernel: Array) -> Array:
  """Transposed convolution of stride 2 by XLA's own operator.

  Args:
    x: [B, H, W, Cin].
    kernel: [k, k, Cin, Cout], k odd and at least 3.

  Returns:
    [B, 2H, 2W, Cout]: what a `SAME` convolution of stride 2, run backwards,
    makes of x (its kernel mirrored and with the channels swapped).
  """
  return lax.conv_general_dilated(
    x,
    kernel,
    (1, 1),
    [_up_pads(k) for k in kernel.shape[:2]],
    lhs_dilation=(2, 2),
    dimension_numbers=_LAYOUT,
  )


def padded(x: Array, kernel: Array, stride: int, pads: str | Pads) -> Array:
  """x [B, H, W, C] with its pads, so that what is left to do is `VALID`."""
  if isinstance(pads, str):
    sides = kernel.shape[:2]
    pads = lax.padtype_to_pads(x.shape[1:3], sides, (stride, stride), pads)
  return jnp.pad(x, ((0, 0), *pads, (0, 0)))


def shuffled(x: Array) -> Array:
  """Four channels as 2 x 2 pixels: [B, H, W, 4C] -> [B, 2H, 2W, C]."""
  b, h, w, c = x.shape
  x = x.reshape(b, h, w, 2, 2, c // 4).transpose(0, 1, 3, 2, 4, 5)
  return x.reshape(b, 2 * h, 2 * w, c // 4)


def phases(k: int) -> list[tuple[int, tuple[int, int]]]:
  """For even and odd outputs: their first kernel tap, and the pads of x."""
  before = _up_pads(k)[0]
  found = []
  for odd in (0, 1):
    first = (before - odd) % 2
    shift = (before - odd - first) // 2
    taps = (k - first + 1) // 2
    found.append((first, (shift, taps - 1 - shift)))
  return found


def _up_pads(k: int) -> tuple[int, int]:
  return (k + 1) // 2, k // 2
