"""Resizes images to the input size of a feature net, by named protocol.

Rows and columns are resized separately, as two matrix products with cached
weights. Results stay in float32: rounding them to 8 bits changes distances
between feature sets (Parmar et al., 2022).
"""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import pick
from jaxgan.metrics import arrays
from jaxgan.types import Array


def resize(images: Array | np.ndarray, side: int, name: str) -> Array:
  """Resizes images to side x side pixels; the aspect ratio is not kept.

  Args:
    images: [N, H, W, C] uint8.
    side: side of the result, at least 1.
    name: a protocol in RESIZES.

  Returns:
    [N, side, side, C] float32 in [0, 255], not rounded. At side 299 an image
    of three channels takes 1 MB, so resize large sets in chunks.

  Raises:
    ValueError: unknown name, wrong type or shape, or side < 1.
  """
  weights = pick('resize', name, RESIZES)
  arrays.images('images', images)
  if side < 1:
    raise ValueError(f'side is {side}; it must be at least 1.')
  rows, cols = (weights(n, side) for n in images.shape[1:3])
  return _apply(images, rows, cols)


@functools.lru_cache(maxsize=32)
def antialiased_bicubic(size: int, side: int) -> np.ndarray:
  """Computes PIL's bicubic weights, whose kernel widens for downsampling.

  The kernel is Keys' cubic with a = -1/2 (Keys, 1981) at the distance of pixel
  centers, divided by max(1, size / side). At the border the weights inside the
  image are normalized to sum to 1.

  Returns:
    [side, size] float32, from `size` to `side` pixels; each row sums to 1.
  """
  scale = size / side
  centers = (np.arange(side)[:, None] + 0.5) * scale
  distances = (np.arange(size)[None, :] + 0.5 - centers) / max(1.0, scale)
  weights = _cubic(np.abs(distances))
  return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


@functools.lru_cache(maxsize=32)
def bilinear(size: int, side: int, center: float = 0.5) -> np.ndarray:
  """Computes bilinear weights of two pixels each, without antialiasing.

  Output pixel i reads at the input position (i + center) size / side - center,
  or at 0 if that is negative.

  Args:
    size: number of input pixels.
    side: number of output pixels.
    center: offset of the pixel center: 0.5 as in PyTorch with
      align_corners=False, 0 as in TensorFlow 1, which moves the image up and to
      the left.

  Returns:
    [side, size] float32; each row sums to 1.
  """
  # Rounded to float32 after the scale and after the sum, as in the originals;
  # float64 alone would change values by up to 0.02 of 255.
  scale = np.float64(np.float32(size / side))
  positions = (np.arange(side) + center) * scale - center
  positions = np.clip(positions, 0, size - 1).astype(np.float32)
  lower = np.floor(positions).astype(int)
  fraction = positions - lower.astype(np.float32)
  weights = np.zeros((side, size), np.float32)
  rows = np.arange(side)
  weights[rows, lower] = 1 - fraction
  weights[rows, np.minimum(lower + 1, size - 1)] += fraction
  return weights


# protocol -> function of the weights [side, size] of one axis.
#   clean      clean-fid: PIL's bicubic, each channel in float32 (mode F),
#              clipped to [0, 255] and not rounded.
#   legacy     pytorch-fid, inside its net: torch's interpolate with
#              mode='bilinear', align_corners=False and no antialiasing.
#   legacy_tf  the first FID code, torch-fidelity and clean-fid's
#              legacy_tensorflow: TensorFlow 1's resize_bilinear with
#              align_corners=False, without half-pixel centers.
RESIZES: dict[str, Callable[[int, int], np.ndarray]] = {
  'clean': antialiased_bicubic,
  'legacy': bilinear,
  'legacy_tf': functools.partial(bilinear, center=0.0),
}


def _cubic(x: np.ndarray) -> np.ndarray:
  """Evaluates Keys' cubic kernel with a = -1/2 at distances x >= 0."""
  near = (1.5 * x - 2.5) * x**2 + 1
  far = ((-0.5 * x + 2.5) * x - 4) * x + 2
  return np.where(x < 1, near, np.where(x < 2, far, 0.0))


@jax.jit
def _apply(images: Array, rows: Array, cols: Array) -> Array:
  """Applies the weights of both axes and clips to [0, 255]."""
  # The default half precision of accelerators would be off by 0.5 of 255.
  highest = jax.lax.Precision.HIGHEST
  x = images.astype(jnp.float32)
  x = jnp.einsum('oh,nhwc->nowc', rows, x, precision=highest)
  x = jnp.einsum('pw,nowc->nopc', cols, x, precision=highest)
  return jnp.clip(x, 0.0, 255.0)
