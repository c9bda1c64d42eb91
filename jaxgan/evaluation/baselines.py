"""Answers to a translation that need no training, to compare a net with.

`copy` returns the input as an image (bicubic interpolation for low_resolution,
a gray rectangle in a hole), `mean` the mean of the training images, and
`nearest` the training image whose input is nearest.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.gan.translation import Translation, gray, truths
from jaxgan.types import Array, to_float, to_uint8

# (translation, inputs [N, width], training images of the data, uint8) -> images
# [N, H, W, C] uint8.
Answer = Callable[[Translation, Array, np.ndarray], np.ndarray]


def copy(translation: Translation, z: Array, train: np.ndarray) -> np.ndarray:
  """The input as an image."""
  del train
  return translation.picture(z)


def mean(translation: Translation, z: Array, train: np.ndarray) -> np.ndarray:
  """The mean training image; of gray inputs its colors, with their luminance.

  The known part of an image with a hole is kept.
  """
  train = truths(translation.settings, train)
  image = to_float(jnp.asarray(train)).mean(0, keepdims=True)
  image = jnp.repeat(image, len(z), axis=0)
  if translation.settings.input == 'gray':
    key = jax.random.key(0)  # Unused.
    own = gray(key, image, translation.settings)
    image = image + translation.unflatten(z) - own
  return to_uint8(np.asarray(translation.finish(image, z)))


def nearest(
  translation: Translation, z: Array, train: np.ndarray
) -> np.ndarray:
  """The training image whose input has the smallest Euclidean distance.

  Where there is a hole, only the known part counts, and is kept.
  """
  if translation.settings.input == 'hole':
    x = np.asarray(translation.unflatten(z))
    known = np.repeat(1 - x[..., -1:], x.shape[-1] - 1, axis=-1)
    others = np.asarray(to_float(jnp.asarray(train))).reshape(len(train), -1)
    x, known = x[..., :-1].reshape(len(x), -1), known.reshape(len(x), -1)
    distances = known @ np.square(others).T - 2 * x @ others.T
  else:
    others = np.asarray(translation.of_images(jax.random.key(1), train))
    distances = np.square(others).sum(1) - 2 * np.asarray(z) @ others.T
  answers = truths(translation.settings, train)[distances.argmin(1)]
  image = to_float(jnp.asarray(answers))
  return to_uint8(np.asarray(translation.finish(image, z)))


ANSWERS: Mapping[str, Answer] = {
  'copy': copy,
  'mean': mean,
  'nearest': nearest,
}
