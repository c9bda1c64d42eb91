"""Losses of images by the feature maps of a trained net.

Sources: content and style of neural style transfer (Gatys et al., 2016), as
losses of a generator (Johnson et al., 2016, equations 2 and 4).
"""

import pathlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import Loss
from jaxgan.types import Array, to_float

Maps = Callable[[Array], dict[str, Array]]


class Perceptual(NamedTuple):
  """The losses of features and of style, with their weights.

  Attributes:
    maps: images [B, H, W, C] in [-1, 1] -> feature maps [B, h, w, c] by name.
    features: weight of the difference of the maps.
    style: weight of the difference of their Gram matrices.
    grams: Gram matrices [1, c, c] of a style image, by name; None compares
      with those of the true images.
  """

  maps: Maps
  features: float
  style: float
  grams: dict[str, Array] | None = None

  def __call__(self, fake: Array, real: Array) -> Array:
    """The weighted sum of the losses of images [B, H, W, C]."""
    ours, theirs = self.maps(fake), self.maps(real)
    total = jnp.zeros((), jnp.float32)
    if self.features:
      total += self.features * _mean(
        jnp.mean(jnp.square(ours[name] - theirs[name])) for name in ours
      )
    if self.style:
      grams = self.grams or jax.tree.map(gram, theirs)
      total += self.style * _mean(
        style_distance(gram(ours[name]), grams[name]) for name in ours
      )
    return total


def gram(x: Array) -> Array:
  """Gram matrices of maps [B, H, W, C]: sums over pixels / (H W C), [B, C, C].

  They hold which features occur together, and not where.
  """
  size = x.shape[1] * x.shape[2] * x.shape[3]
  return jnp.einsum('bhwc,bhwd->bcd', x, x) / size


def style_distance(x: Array, y: Array) -> Array:
  """Mean over B of the squared Frobenius norm of x - y, both [B, C, C]."""
  return jnp.mean(jnp.sum(jnp.square(x - y), axis=(1, 2)))


def build(config: Loss, shape: tuple[int, ...]) -> Perceptual | None:
  """Loads the feature net and the style image of a configuration.

  Args:
    config: gives `features`, `style`, `features_net` and `style_image`.
    shape: (H, W, C) of the images.

  Returns:
    The losses; None where both weights are 0.

  Raises:
    FileNotFoundError: a file does not exist.
    ValueError: a file that is damaged or does not fit the images.
  """
  if not (config.features or config.style):
    return None
  # Late: a step without these losses loads neither.
  from jaxgan.metrics import feature_maps

  maps, grams = feature_maps.load(config.features_net, shape), None
  if config.style_image:
    image = _read(pathlib.Path(config.style_image), shape)
    grams = jax.tree.map(gram, maps(to_float(jnp.asarray(image)[None])))
  return Perceptual(maps, config.features, config.style, grams)


def _read(path: pathlib.Path, shape: tuple[int, ...]) -> np.ndarray:
  """Reads the style image, cropped to its center and resized to a shape."""
  from jaxgan.data import images, untrusted

  try:
    image = images.open_image(untrusted.read_file(path), path.suffix)
  except (OSError, ValueError) as error:
    detail = getattr(error, 'strerror', None)
    reason = f'cannot be read ({detail})' if detail else error
    raise ValueError(f'loss.style_image is {path}, which {reason}.') from error
  return images.fit(image, *shape)


def _mean(values: Iterator[Array]) -> Array:
  return jnp.mean(jnp.stack(list(values)))
