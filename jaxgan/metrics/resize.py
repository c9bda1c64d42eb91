"""Images to the side that a feature net expects, by the name of a protocol.

A resize that treats rows and columns apart is two matrix products: the weights
of a side are computed once, and a batch costs what its products cost. They are
kept in float32 and not rounded to 8 bits, since what rounding takes away shows
in a distance (Parmar et al., 2022).
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import pick
from jaxgan.types import Array


def resize(images: Array | np.ndarray, side: int, name: str) -> Array:
  """Squeezes or stretches images to side x side pixels.

  Args:
    images: [N, H, W, C] uint8.
    side: of the result, at least 1.
    name: one of RESIZES.

  Returns:
    [N, side, side, C] float32 in [0, 255], not rounded. At side 299 an image
    of three channels is 1 MB, so resize a part of many at a time.

  Raises:
    ValueError: unknown name, another dtype or shape, or no side.
  """
  weights = pick('resize', name, RESIZES)
  if images.ndim != 4 or images.dtype != np.uint8 or not all(images.shape[1:]):
    raise ValueError(
      f'images are {images.dtype} of shape {list(images.shape)}; a resize '
      'takes uint8 of shape [N, H, W, C].'
    )
  if side < 1:
    raise ValueError(f'side is {side}; images are resized to at least 1.')
  rows, cols = (weights(n, side) for n in images.shape[1:3])
  return _apply(images, rows, cols)


@functools.lru_cache(maxsize=32)
def antialiased_bicubic(size: int, side: int) -> np.ndarray:
  """Weights of PIL's bicubic, whose kernel widens as the image shrinks.

  The kernel is Keys' cubic with a = -1/2 (Keys, 1981) at the distance of pixel
  centres, over max(1, size / side); at the border the weights inside are
  scaled to the sum 1.

  Args:
    size: pixels there are.
    side: pixels there will be.

  Returns:
    [side, size] float32, each row of sum 1.
  """
  scale = size / side
  centres = (np.arange(side)[:, None] + 0.5) * scale
  away = (np.arange(size)[None, :] + 0.5 - centres) / max(1.0, scale)
  weights = _cubic(np.abs(away))
  return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


@functools.lru_cache(maxsize=32)
def bilinear(size: int, side: int, centre: float = 0.5) -> np.ndarray:
  """Weights of a bilinear resize that reads two pixels, however it shrinks.

  Pixel i is read at (i + centre) size / side - centre, or 0 if that is less.

  Args:
    size: pixels there are.
    side: pixels there will be.
    centre: of a pixel: 0.5 as PyTorch has it with align_corners=False, 0 as
      TensorFlow 1 has it, which moves the image up and to the left.

  Returns:
    [side, size] float32, each row of sum 1.
  """
  # Rounded to float32 where the originals round, after scale and after the sum;
  # in float64 alone a value would be off by up to 0.02 in 255.
  scale = np.float64(np.float32(size / side))
  at = (np.arange(side) + centre) * scale - centre
  at = np.clip(at, 0, size - 1).astype(np.float32)
  lower = np.floor(at).astype(int)
  share = at - lower.astype(np.float32)
  weights = np.zeros((side, size), np.float32)
  each = np.arange(side)
  weights[each, lower] = 1 - share
  weights[each, np.minimum(lower + 1, size - 1)] += share
  return weights


def tensorflow1(size: int, side: int) -> np.ndarray:
  """`bilinear` with pixels at their corners, as the first FID code had it."""
  return bilinear(size, side, 0.0)


# Each gives the weights [side, size] of one axis.
#   clean      as clean-fid does: PIL's bicubic, each channel in float32 (mode
#              F), cut to [0, 255] and not rounded.
#   legacy     as pytorch-fid does inside its net: torch's interpolate with
#              mode='bilinear', align_corners=False and no antialiasing.
#   legacy_tf  as the first FID code, torch-fidelity and clean-fid's
#              legacy_tensorflow do: TensorFlow 1's resize_bilinear with
#              align_corners=False, without half-pixel centres.
RESIZES: dict[str, Callable[[int, int], np.ndarray]] = {
  'clean': antialiased_bicubic,
  'legacy': bilinear,
  'legacy_tf': tensorflow1,
}


def _cubic(x: np.ndarray) -> np.ndarray:
  """Keys' kernel at distances x >= 0, a = -1/2."""
  near = (1.5 * x - 2.5) * x**2 + 1
  far = ((-0.5 * x + 2.5) * x - 4) * x + 2
  return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@jax.jit
def _apply(images: Array, rows: Array, cols: Array) -> Array:
  # Half precision, the default of accelerators, would be 0.5 off in 255.
  highest = jax.lax.Precision.HIGHEST
  x = images.astype(jnp.float32)
  x = jnp.einsum('oh,nhwc->nowc', rows, x, precision=highest)
  x = jnp.einsum('pw,nowc->nopc', cols, x, precision=highest)
  return jnp.clip(x, 0.0, 255.0)
