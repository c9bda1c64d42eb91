"""Random changes of training images in [-1, 1] that keep their class.

Digits are shifted by one pixel. Photographs are cropped at random and resized
to their old size (as in Szegedy et al., 2015, with squares alone), and half of
them are mirrored.
"""

import jax
import jax.numpy as jnp

from jaxgan.types import Array

_MAX_SHIFT = 1  # Largest shift of digits in each direction, in pixels.
_SMALLEST_CROP = 0.6  # Of the side of a photograph.


def digits(key: Array, images: Array) -> Array:
  """Shifts each of [N, H, W, C] by up to one pixel and pads with black."""
  padding = ((0, 0), (_MAX_SHIFT, _MAX_SHIFT), (_MAX_SHIFT, _MAX_SHIFT), (0, 0))
  padded = jnp.pad(images, padding, constant_values=-1.0)
  corners = jax.random.randint(key, (len(images), 2), 0, 2 * _MAX_SHIFT + 1)

  def crop(image: Array, corner: Array) -> Array:
    return jax.lax.dynamic_slice(image, (*corner, 0), images.shape[1:])

  return jax.vmap(crop)(padded, corners)


def photographs(key: Array, images: Array) -> Array:
  """Crops, resizes and mirrors each of [N, H, W, C] at random.

  Args:
    key: of the choices.
    images: float32.

  Returns:
    [N, H, W, C] float32: a crop has at least 60 % of a side and may lie
    anywhere in its image; pixels are bilinear.
  """
  crop_key, corner_key, flip_key = jax.random.split(key, 3)
  num, sides = len(images), jnp.asarray([images.shape[1:3]], jnp.float32)
  share = jax.random.uniform(crop_key, (num, 1), minval=_SMALLEST_CROP)
  corners = jax.random.uniform(corner_key, (num, 2)) * (1 - share) * sides

  def crop(image: Array, share: Array, corner: Array) -> Array:
    scale = jnp.broadcast_to(1 / share, (2,))
    return jax.image.scale_and_translate(
      image, image.shape, (0, 1), scale, -corner * scale, 'linear',
      antialias=False,
    )  # fmt: skip

  cropped = jax.vmap(crop)(images, share, corners)
  flip = jax.random.bernoulli(flip_key, 0.5, (num, 1, 1, 1))
  return jnp.where(flip, cropped[:, :, ::-1], cropped)
