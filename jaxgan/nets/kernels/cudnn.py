"""XLA's convolutions in the three forms for which NVIDIA's cuDNN has kernels.

The forms are a convolution and its gradients by the image and by the kernel.
Each is linear in both arguments, and its derivatives are the other two. So the
derivatives by hand below stay within the three forms, to any order.

JAX's own do not: the gradient by the kernel, of the gradient by the image, of a
strided convolution becomes a convolution of an image with zeros inserted, by a
kernel as large as an image (github.com/jax-ml/jax/issues/31662: 32 times
slower than PyTorch). A gradient penalty needs this derivative in each update.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax import lax

import jaxgan.nets.kernels.xla as xla
from jaxgan.types import Array

Function = Callable[[Array, Array, Any], Array]


class Window(NamedTuple):
  """What the shapes of two arguments do not tell about a convolution.

  Attributes:
    stride: of both axes.
    pads: (before, after) for H and W.
    image: H and W of the image.
    kernel: kh and kw.
    precision: of the products, also of derivatives, which are traced later.
  """

  stride: int
  pads: tuple[tuple[int, int], ...]
  image: tuple[int, ...]
  kernel: tuple[int, ...]
  precision: str | None


def conv(x: Array, kernel: Array, stride: int, pads: str | xla.Pads) -> Array:
  """`xla.conv` with derivatives in the forms that cuDNN has."""
  image, sides = x.shape[1:3], kernel.shape[:2]
  if isinstance(pads, str):
    pads = lax.padtype_to_pads(image, sides, (stride, stride), pads)
  pads = tuple((int(before), int(after)) for before, after in pads)
  precision = jax.config.jax_default_matmul_precision  # type: ignore[attr-defined]
  return _conv(x, kernel, Window(stride, pads, image, sides, precision))


def up(x: Array, kernel: Array) -> Array:
  """`xla.up` as one convolution with four times the channels.

  XLA finds the form of cuDNN only if the kernel is mirrored in the program, and
  it cancels two mirrorings. So the four phases of the output pixels become the
  channels of a plain convolution (sub-pixel convolution, Shi et al., 2016).
  """
  pads = xla.phase_pads(kernel)
  return xla.depth_to_space(conv(x, xla.phase_kernel(kernel, pads), 1, pads))


def _plain(x: Array, kernel: Array, window: Window) -> Array:
  stride, pads, precision = window.stride, window.pads, window.precision
  return xla.conv(x, kernel, stride, pads, precision)


def _by_image(grad: Array, kernel: Array, window: Window) -> Array:
  """The gradient of `_plain` by x, for the gradient of its output."""
  shape = len(grad), *window.image, kernel.shape[2]
  return _transpose(lambda x: _plain(x, kernel, window), shape, grad)


def _by_kernel(x: Array, grad: Array, window: Window) -> Array:
  """The gradient of `_plain` by the kernel, for that of its output."""
  shape = *window.kernel, x.shape[3], grad.shape[3]
  return _transpose(lambda kernel: _plain(x, kernel, window), shape, grad)


def _transpose(
  linear: Callable[..., Array], shape: tuple[int, ...], grad: Array
) -> Array:
  transpose: Any = jax.linear_transpose(
    linear, jax.ShapeDtypeStruct(shape, grad.dtype)
  )
  (result,) = transpose(grad)
  return result


def _with_derivatives(
  function: Function,
  derivatives: Callable[[Array, Array, Array, Window], tuple[Array, Array]],
) -> Function:
  """Gives a function (a, b, window) its derivatives for an output's gradient.

  Args:
    function: linear in each of its two arrays.
    derivatives: (a, b, gradient of the output, window) -> gradients of a and b.
  """
  result: Any = jax.custom_vjp(function, nondiff_argnums=(2,))
  result.defvjp(
    lambda a, b, window: (result(a, b, window), (a, b)),
    lambda window, ab, grad: derivatives(ab[0], ab[1], grad, window),
  )
  return result


_conv: Function = _with_derivatives(
  _plain,
  lambda x, kernel, grad, window: (
    _grad_image(grad, kernel, window),
    _grad_kernel(x, grad, window),
  ),
)
_grad_image: Function = _with_derivatives(
  _by_image,
  lambda y, kernel, grad, window: (
    _conv(grad, kernel, window),
    _grad_kernel(grad, y, window),
  ),
)
_grad_kernel: Function = _with_derivatives(
  _by_kernel,
  lambda x, y, grad, window: (
    _grad_image(y, grad, window),
    _conv(x, grad, window),
  ),
)
