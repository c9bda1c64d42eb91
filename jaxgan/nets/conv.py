"""Two ways to compute one convolution, and its mirror that doubles a side.

XLA's own convolutions are the fastest on accelerators. On the CPU those of a
gradient penalty (the derivative of a derivative, inside a loop) fall back to
slow kernels; there the same sums are written as slices, one matrix product and
pads, a family that is closed under differentiation. Both ways read the same
kernels, [k, k, Cin, Cout].
"""

import functools
import operator
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

from jaxgan.types import Array

Pads = Sequence[tuple[int, int]]

_LAYOUT = ('NHWC', 'HWIO', 'NHWC')


def resolve(name: str) -> str:
  """`lax` or `matmul`; `auto` is matmul on the CPU and lax elsewhere."""
  if name != 'auto':
    return name
  return 'matmul' if jax.default_backend() == 'cpu' else 'lax'


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


def conv_matmul(
  x: Array, kernel: Array, stride: int, pads: str | Pads
) -> Array:
  """`conv_lax` as one matrix product and k^2 shifted slices.

  A sum of k^2 products, one per tap, took a WGAN-GP iteration on the CPU twice
  as long.
  """
  kh, kw, cin, cout = kernel.shape
  if isinstance(pads, str):
    pads = lax.padtype_to_pads(x.shape[1:3], (kh, kw), (stride, stride), pads)
  x = jnp.pad(x, ((0, 0), *pads, (0, 0)))
  # What dominates is the array of k^2 slices: slice the side of the product
  # that has far fewer channels, unless a stride would waste most of its rows.
  if stride == 1 and 4 * cout <= cin:
    taps = kernel.reshape(-1, cin, cout).transpose(1, 0, 2)
    products = jnp.tensordot(x, taps.reshape(cin, -1), 1)
    products = products.reshape(*x.shape[:3], kh * kw, cout)
    parts = _shifted(products, kh, kw, stride)
    return functools.reduce(
      operator.add, (part[:, :, :, t] for t, part in enumerate(parts))
    )
  seen = _columns(_trimmed(x, kh, kw, stride), kh, kw, stride)
  return jnp.tensordot(seen, kernel.transpose(1, 0, 2, 3), 3)


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


def up_matmul(x: Array, kernel: Array) -> Array:
  """`up_lax` without its zeros: each of four phases of pixels on its own.

  An output pixel at an even row sees other rows of the kernel than one at an
  odd row, likewise for columns; a phase is a plain convolution with its part
  of the kernel (Shi et al., 2016, sub-pixel convolution).
  """
  b, h, w, _ = x.shape
  kh, kw, _, cout = kernel.shape
  rows, cols = _phases(kh), _phases(kw)
  phases = [
    [
      conv_matmul(x, kernel[first_y::2, first_x::2], 1, (pad_y, pad_x))
      for first_x, pad_x in cols
    ]
    for first_y, pad_y in rows
  ]
  y = jnp.stack([jnp.stack(row, axis=3) for row in phases], axis=2)
  return y.reshape(b, 2 * h, 2 * w, cout)


def _trimmed(x: Array, kh: int, kw: int, stride: int) -> Array:
  """x with sides that are what the windows reach, in whole strides."""
  h, w = x.shape[1:3]
  reach = [
    _reach((n - k) // stride + 1, k, stride) for n, k in ((h, kh), (w, kw))
  ]
  more = [(0, max(0, r - n)) for r, n in zip(reach, (h, w), strict=True)]
  return jnp.pad(x, ((0, 0), *more, (0, 0)))[:, : reach[0], : reach[1]]


def _reach(windows: int, k: int, stride: int) -> int:
  return -(-(k + stride * (windows - 1)) // stride) * stride


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _columns(x: Array, kh: int, kw: int, stride: int) -> Array:
  """Every window of x, [B, H', W', kw, kh, C]: first by rows, then by columns.

  Two stacks of few long pieces are several times faster than one of kh kw
  short ones. Its transpose is faster the other way, so each is told what the
  derivative of the other is.
  """
  rows = jnp.stack(_taps(x, 1, kh, stride), 3)
  return jnp.stack(_taps(rows, 2, kw, stride), 3)


@functools.partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _spread(seen: Array, kh: int, kw: int, stride: int) -> Array:
  """The transpose of `_columns`: each window added back to its place."""
  b, h, w, _, _, c = seen.shape
  x = jax.ShapeDtypeStruct(
    (b, _reach(h, kh, stride), _reach(w, kw, stride), c), seen.dtype
  )

  def windows(x: Array) -> Array:
    return jnp.stack(
      [
        jnp.stack(_taps(column, 1, kh, stride), 3)
        for column in _taps(x, 2, kw, stride)
      ],
      3,
    )

  return jax.linear_transpose(windows, x)(seen)[0]


_columns.defvjp(
  lambda x, kh, kw, stride: (_columns(x, kh, kw, stride), None),
  lambda kh, kw, stride, _, seen: (_spread(seen, kh, kw, stride),),
)
_spread.defvjp(
  lambda seen, kh, kw, stride: (_spread(seen, kh, kw, stride), None),
  lambda kh, kw, stride, _, x: (_columns(x, kh, kw, stride),),
)


def _taps(x: Array, axis: int, k: int, stride: int) -> list[Array]:
  """What each of k taps along an axis sees, by way of the stride's phases."""
  shape = x.shape
  steps = shape[axis] // stride
  x = x.reshape(*shape[:axis], steps, stride, *shape[axis + 1 :])
  out = (shape[axis] - k) // stride + 1
  return [
    jax.lax.slice_in_dim(phase, i // stride, i // stride + out, axis=axis)
    for i in range(k)
    for phase in [lax.index_in_dim(x, i % stride, axis + 1, keepdims=False)]
  ]


def _shifted(x: Array, kh: int, kw: int, stride: int) -> list[Array]:
  """What each of the kh * kw taps of a kernel sees of x, row by row."""
  h, w = (
    (n - k) // stride for n, k in zip(x.shape[1:3], (kh, kw), strict=True)
  )
  return [
    x[:, i : i + stride * h + 1 : stride, j : j + stride * w + 1 : stride]
    for i in range(kh)
    for j in range(kw)
  ]


def _up_pads(k: int) -> tuple[int, int]:
  return (k + 1) // 2, k // 2


def _phases(k: int) -> list[tuple[int, tuple[int, int]]]:
  """For even and odd outputs: their first kernel tap, and the pads of x."""
  before = _up_pads(k)[0]
  phases = []
  for odd in (0, 1):
    first = (before - odd) % 2
    shift = (before - odd - first) // 2
    taps = (k - first + 1) // 2
    phases.append((first, (shift, taps - 1 - shift)))
  return phases
