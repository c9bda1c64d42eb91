"""Random changes of training images in [-1, 1] that keep their class.

Digits are shifted by one pixel. Photographs are cropped at random and resized
to their old size (as in Szegedy et al., 2015, with squares alone), half of them
are mirrored, their colors change, and pairs of them are blended (mixup, Zhang
et al., 2018).
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from jaxgan.types import Array

_MAX_SHIFT = 1  # Largest shift of digits in each direction, in pixels.
_SMALLEST_CROP = 0.6  # Of the side of a photograph.
_COLOR = 0.4  # Largest relative change of saturation and contrast.
_BRIGHTNESS = 0.2  # Largest change, in [-1, 1].
_BLEND = 0.2  # Parameter of the beta distribution of shares of a pair.


def digits(key: Array, images: Array) -> Array:
  """Shifts each of [N, H, W, C] by up to one pixel and pads with black."""
  padding = ((0, 0), (_MAX_SHIFT, _MAX_SHIFT), (_MAX_SHIFT, _MAX_SHIFT), (0, 0))
  padded = jnp.pad(images, padding, constant_values=-1.0)
  corners = jax.random.randint(key, (len(images), 2), 0, 2 * _MAX_SHIFT + 1)

  def crop(image: Array, corner: Array) -> Array:
    return jax.lax.dynamic_slice(image, (*corner, 0), images.shape[1:])

  return jax.vmap(crop)(padded, corners)


def photographs(key: Array, images: Array) -> Array:
  """Crops, resizes, mirrors and recolors each of [N, H, W, C] at random."""
  *keys, color_key = jax.random.split(key, 4)
  return recolor(color_key, crop(keys, images))


def crop(keys: Sequence[Array], images: Array) -> Array:
  """Crops, resizes and mirrors each of [N, H, W, C] at random.

  Args:
    keys: of the sizes, the corners, and the mirrored images.
    images: float32.

  Returns:
    [N, H, W, C] float32: a crop has at least 60 % of a side and may lie
    anywhere in its image; pixels are bilinear.
  """
  share_key, corner_key, flip_key = keys
  num, sides = len(images), jnp.asarray([images.shape[1:3]], jnp.float32)
  share = jax.random.uniform(share_key, (num, 1), minval=_SMALLEST_CROP)
  corners = jax.random.uniform(corner_key, (num, 2)) * (1 - share) * sides

  def cropped(image: Array, share: Array, corner: Array) -> Array:
    scale = jnp.broadcast_to(1 / share, (2,))
    return jax.image.scale_and_translate(
      image, image.shape, (0, 1), scale, -corner * scale, 'linear',
      antialias=False,
    )  # fmt: skip

  images = jax.vmap(cropped)(images, share, corners)
  flip = jax.random.bernoulli(flip_key, 0.5, (num, 1, 1, 1))
  return jnp.where(flip, images[:, :, ::-1], images)


def recolor(key: Array, images: Array) -> Array:
  """Changes saturation, contrast and brightness of each of [N, H, W, C]."""
  change = jax.random.uniform(key, (3, len(images), 1, 1, 1), minval=-1.0)
  gray = images.mean(-1, keepdims=True)
  images = gray + (images - gray) * (1 + _COLOR * change[0])
  mean = images.mean((1, 2, 3), keepdims=True)
  images = mean + (images - mean) * (1 + _COLOR * change[1])
  return images + _BRIGHTNESS * change[2]


def blend(key: Array, images: Array) -> tuple[Array, Array, Array]:
  """Blends each of [N, H, W, C] with another image of the batch.

  Returns:
    The blends [N, H, W, C]; the share [N] of each image in its own blend; and
    the index [N] of the other image.
  """
  share_key, order_key = jax.random.split(key)
  share = jax.random.beta(share_key, _BLEND, _BLEND, (len(images),))
  order = jax.random.permutation(order_key, len(images))
  own = share[:, None, None, None]
  return own * images + (1 - own) * images[order], share, order
