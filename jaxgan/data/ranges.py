"""The two ranges of an image, and the only ways between them."""

import jax.numpy as jnp
import numpy as np

from jaxgan.types import Array


def to_float(image: Array) -> Array:
  """uint8 in [0, 255] to float32 in [-1, 1]; vectors of float32 pass through.

  Args:
    image: [..., H, W, C] uint8, or [..., D] float32.

  Returns:
    The same shape in float32; 0 becomes -1 and 255 becomes 1.
  """
  if image.dtype == jnp.uint8:
    return image.astype(jnp.float32) / 127.5 - 1.0
  return image.astype(jnp.float32)


def to_uint8(image: np.ndarray) -> np.ndarray:
  """float32 in [-1, 1] to uint8 in [0, 255], rounded; clips what lies outside.

  The inverse of `to_float` on its values.

  Args:
    image: [..., H, W, C] float32.

  Returns:
    The same shape in uint8.
  """
  return np.clip(np.rint((np.asarray(image) + 1.0) * 127.5), 0, 255).astype(
    np.uint8
  )
