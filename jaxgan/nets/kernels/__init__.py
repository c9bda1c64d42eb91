"""Convolutions of kernels [k, k, Cin, Cout] in three formulations.

`conv` and `up` are the interface; `net.conv` names the formulation. `lax` is
XLA's own operator, the fastest on accelerators. On the CPU the convolutions of
a gradient penalty (a derivative of a derivative, inside a loop) fall back to
slow XLA kernels. There `matmul` (slices and one matrix product) and `winograd`
(fewer multiplications) are faster; both are closed under differentiation. Read
xla.py first, then adjoint.py, windows.py and winograd.py.
"""

import jax

from jaxgan.nets.kernels import windows, winograd, xla
from jaxgan.types import Array

_CONV = {
  'lax': xla.conv_lax,
  'matmul': windows.conv_matmul,
  'winograd': winograd.conv_winograd,
}
_UP = {
  'lax': xla.up_lax,
  'matmul': windows.up_matmul,
  'winograd': winograd.up_winograd,
}


def conv(x: Array, kernel: Array, formulation: str, stride: int = 1) -> Array:
  """Convolution with `SAME` padding.

  Args:
    x: [B, H, W, Cin].
    kernel: [k, k, Cin, Cout].
    formulation: a value of `net.conv`.
    stride: of both axes.

  Returns:
    [B, ceil(H / stride), ceil(W / stride), Cout].
  """
  return _CONV[resolve(formulation)](x, kernel, stride, 'SAME')


def up(x: Array, kernel: Array, formulation: str) -> Array:
  """Transposed convolution of stride 2: [B, H, W, C] -> [B, 2H, 2W, Cout].

  Args:
    x: [B, H, W, Cin].
    kernel: [k, k, Cin, Cout], k odd and at least 3.
    formulation: a value of `net.conv`.
  """
  return _UP[resolve(formulation)](x, kernel)


def resolve(name: str) -> str:
  """Replaces `auto` by the fastest formulation of the current backend."""
  if name != 'auto':
    return name
  return 'winograd' if jax.default_backend() == 'cpu' else 'lax'
