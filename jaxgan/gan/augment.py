"""Differentiable augmentation: random affine maps of the images.

Source: DiffAugment (Zhao et al., 2020), with its ranges. To add one, write a
function of (key, images) and name it in AUGMENTS.
"""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp

from jaxgan.config import Regularizers, pick
from jaxgan.gan.controller import Control, Measurement
from jaxgan.types import Array

_SHIFT = 1 / 8  # Largest shift, as a share of the sides.
_HOLE = 1 / 2  # Sides of the hole, as a share of the image's.


def color(key: Array, x: Array) -> Array:
  """Brightness by [-.5, .5), saturation by [0, 2), contrast by [.5, 1.5).

  Example:
    >>> x = jnp.zeros((2, 8, 8, 3))
    >>> augment.color(jax.random.key(0), x).shape
    (2, 8, 8, 3)
  """
  shape = (len(x), 1, 1, 1)
  u = jax.random.uniform(key, (3, *shape))
  x = x + (u[0] - 0.5)
  gray = jnp.mean(x, axis=3, keepdims=True)
  x = gray + (x - gray) * 2 * u[1]
  mean = jnp.mean(x, axis=(1, 2, 3), keepdims=True)
  return mean + (x - mean) * (u[2] + 0.5)


def translation(key: Array, x: Array) -> Array:
  """Shifts by up to an eighth of the sides, and fills with mid-gray, 0.

  Example:
    >>> x = jnp.zeros((2, 8, 8, 3))
    >>> augment.translation(jax.random.key(0), x).shape
    (2, 8, 8, 3)
  """

  def shift(key: Array, image: Array) -> Array:
    most = [round(n * _SHIFT) for n in image.shape[:2]]
    padded = jnp.pad(image, ((most[0],) * 2, (most[1],) * 2, (0, 0)))
    highest = 2 * jnp.array(most) + 1
    start = jax.random.randint(key, (2,), 0, highest)
    return jax.lax.dynamic_slice(padded, (*start, 0), image.shape)

  return jax.vmap(shift)(jax.random.split(key, len(x)), x)


def cutout(key: Array, x: Array) -> Array:
  """Sets a random rectangle of half the sides to mid-gray, 0.

  Example:
    >>> x = jnp.ones((2, 8, 8, 3))
    >>> float(augment.cutout(jax.random.key(0), x).min())
    0.0
  """
  b, h, w, _ = x.shape
  center = jax.random.uniform(key, (2, b, 1))

  def inside(size: int, center: Array) -> Array:
    position = jnp.arange(size)[None]
    return jnp.abs(position - center * (size - 1)) < size * _HOLE / 2

  rows, columns = inside(h, center[0]), inside(w, center[1])
  hole = rows[:, :, None, None] & columns[:, None, :, None]
  return jnp.where(hole, 0.0, x)


AUGMENTS: Mapping[str, Callable[[Array, Array], Array]] = {
  'colour': color,
  'translation': translation,
  'cutout': cutout,
}


def augment_all(key: Array, x: Array, names: Sequence[str]) -> Array:
  """Applies the named augmentations in turn to images [B, H, W, C] float32.

  Example:
    >>> x = jnp.zeros((2, 8, 8, 3))
    >>> augment.augment_all(jax.random.key(0), x, ('colour', 'cutout')).shape
    (2, 8, 8, 3)
  """
  for i, name in enumerate(names):
    augment = pick('regularisers.augment', name, AUGMENTS)
    x = augment(jax.random.fold_in(key, i), x)
  return x


def augment_share(
  key: Array, x: Array, config: Regularizers, share: Array
) -> Array:
  """Applies `augment_all` to each image with probability `share`.

  Example:
    >>> config = Regularizers(augment=('cutout',))
    >>> x = jnp.ones((2, 8, 8, 3))
    >>> y = augment.augment_share(jax.random.key(0), x, config, jnp.zeros(()))
    >>> bool((x == y).all())
    True
  """
  augmented = augment_all(key, x, config.augment)
  u = jax.random.uniform(
    jax.random.fold_in(key, len(config.augment)), (len(x),)
  )
  return jnp.where(u[:, None, None, None] < share, augmented, x)


def adapt(
  control: Control, measurement: Measurement, config: Regularizers
) -> Control:
  """Adaptive discriminator augmentation: raises the share as D overfits.

  share + rate sign(r - target) within [0, 1], where r is the mean sign of the
  scores of the last critic update's real examples: r_t of Karras et al. (2020,
  section 3), whose target is 0.6. Where only differences of scores mean
  anything, signs are relative to the middle of both means.

  Example:
    >>> from jaxgan.gan import hyper
    >>> scalars = hyper.from_config(jaxgan.load_config('digits'))
    >>> control = controller.init(Penalty(), scalars, share=0.5)
    >>> sure = controller.Measurement(*jnp.array([0, 0, 0.9, 0, 0]))
    >>> config = Regularizers(augment_target=0.6, augment_rate=0.25)
    >>> float(augment.adapt(control, sure, config).share)
    0.75
  """
  error = measurement.sureness - config.augment_target
  move = config.augment_rate * jnp.sign(error)
  share = jnp.clip(control.share + move, 0.0, 1.0)
  return control._replace(
    share=jnp.where(jnp.isfinite(share), share, control.share)
  )
