"""Convolutions by four algorithms, behind one interface.

`conv` and `up` are the interface; `net.conv` names the algorithm. `lax` is
XLA's own operator, for TPUs. `cudnn` is the same with derivatives in the forms
for which NVIDIA GPUs have kernels. On the CPU the convolutions of
a gradient penalty (a derivative of a derivative, inside a loop) use slow XLA
kernels. There `matmul` (slices and one matrix product) and `winograd` (fewer
multiplications) are faster: their derivatives are made of the same operations.
Read xla.py first, then adjoint.py, windows.py, winograd.py, cudnn.py,
nearest.py and grouped.py.
"""

import jax

from jaxgan.nets.kernels import (
  cudnn,
  grouped,
  nearest,
  windows,
  winograd,
  xla,
)
from jaxgan.types import Array

_CONV = {
  'lax': xla.conv,
  'cudnn': cudnn.conv,
  'matmul': windows.conv,
  'winograd': winograd.conv,
}
_UP = {
  'lax': xla.up,
  'cudnn': cudnn.up,
  'matmul': windows.up,
  'winograd': winograd.up,
}
_GROUPED = {
  'lax': grouped.xla,
  'cudnn': grouped.xla,
  'matmul': grouped.products,
  'winograd': grouped.products,
}
_FASTEST = {'cpu': 'winograd', 'gpu': 'cudnn'}  # Others: lax.


def conv(
  x: Array, kernel: Array, algorithm: str, stride: int = 1, pads: str = 'SAME'
) -> Array:
  """Convolution by the algorithm that `net.conv` names.

  Args:
    x: [B, H, W, Cin].
    kernel: [k, k, Cin, Cout].
    algorithm: a value of `net.conv`.
    stride: of both axes.
    pads: `SAME`, or `VALID` for none.

  Returns:
    [B, ceil(H / stride), ceil(W / stride), Cout] under `SAME`.
  """
  return _CONV[resolve(algorithm)](x, kernel, stride, pads)


def up(x: Array, kernel: Array, algorithm: str) -> Array:
  """Transposed convolution of stride 2: [B, H, W, Cin] -> [B, 2H, 2W, Cout].

  The kernel is [k, k, Cin, Cout], with k odd and at least 3.
  """
  return _UP[resolve(algorithm)](x, kernel)


def nearest_conv(x: Array, kernel: Array, algorithm: str) -> Array:
  """Nearest-neighbor upsampling, then a convolution with `SAME` padding.

  Args:
    x: [B, H, W, Cin].
    kernel: [k, k, Cin, Cout], k odd.
    algorithm: a value of `net.conv`.

  Returns:
    [B, 2H, 2W, Cout].
  """
  return xla.depth_to_space(conv(x, nearest.fold(kernel), algorithm))


def grouped_conv(x: Array, kernel: Array, algorithm: str) -> Array:
  """Convolution of groups of channels, with `SAME` padding and stride 1.

  Args:
    x: [B, H, W, G * N], G groups of N channels.
    kernel: [k, k, N, G * M], k odd.
    algorithm: a value of `net.conv`; `matmul` and `winograd` are one matrix
      product per group, the others XLA's own operator.

  Returns:
    [B, H, W, G * M]; output channel o is of group o // M.
  """
  return _GROUPED[resolve(algorithm)](x, kernel)


def resolve(name: str, platform: str = '') -> str:
  """Replaces `auto` by the fastest algorithm of a platform.

  Args:
    name: a value of `net.conv`.
    platform: cpu, gpu or tpu; the default backend where empty.
  """
  if name != 'auto':
    return name
  platform = platform or jax.default_backend()
  return _FASTEST.get(platform, 'lax')
