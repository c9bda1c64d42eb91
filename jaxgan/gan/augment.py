"""Differentiable augmentation of images: each is an affine map of the image.

Source: DiffAugment (Zhao et al., 2020), with its ranges. To add one, write a
function of (key, images) and name it in AUGMENTS.
"""

from collections.abc import Callable, Mapping, Sequence

import jax
import jax.numpy as jnp

from jaxgan.config import Regularisers, pick
from jaxgan.gan.controller import Control, Measurement
from jaxgan.types import Array

_SHIFT = 1 / 8  # Of the sides, at most.
_HOLE = 1 / 2  # Of the sides.


def colour(key: Array, x: Array) -> Array:
  """Brightness by [-.5, .5), saturation by [0, 2), contrast by [.5, 1.5)."""
  shape = (len(x), 1, 1, 1)
  u = jax.random.uniform(key, (3, *shape))
  x = x + (u[0] - 0.5)
  grey = jnp.mean(x, axis=3, keepdims=True)
  x = grey + (x - grey) * 2 * u[1]
  mean = jnp.mean(x, axis=(1, 2, 3), keepdims=True)
  return mean + (x - mean) * (u[2] + 0.5)


def translation(key: Array, x: Array) -> Array:
  """Moved by up to an eighth of the sides; what comes in is mid-grey, 0."""

  def one(key: Array, image: Array) -> Array:
    most = [round(n * _SHIFT) for n in image.shape[:2]]
    padded = jnp.pad(image, ((most[0],) * 2, (most[1],) * 2, (0, 0)))
    highest = 2 * jnp.array(most) + 1
    start = jax.random.randint(key, (2,), 0, highest)
    return jax.lax.dynamic_slice(padded, (*start, 0), image.shape)

  return jax.vmap(one)(jax.random.split(key, len(x)), x)


def cutout(key: Array, x: Array) -> Array:
  """A rectangle of half the sides, anywhere, becomes mid-grey, 0."""
  b, h, w, _ = x.shape
  centre = jax.random.uniform(key, (2, b, 1))

  def inside(size: int, centre: Array) -> Array:
    place = jnp.arange(size)[None]
    return jnp.abs(place - centre * (size - 1)) < size * _HOLE / 2

  rows, columns = inside(h, centre[0]), inside(w, centre[1])
  hole = rows[:, :, None, None] & columns[:, None, :, None]
  return jnp.where(hole, 0.0, x)


AUGMENTS: Mapping[str, Callable[[Array, Array], Array]] = {
  'colour': colour,
  'translation': translation,
  'cutout': cutout,
}


def all_of(key: Array, x: Array, names: Sequence[str]) -> Array:
  """Images [B, H, W, C] float32 after each change that is named, in turn.

  Raises:
    ValueError: unknown name.
  """
  for i, name in enumerate(names):
    change = pick('regularisers.augment', name, AUGMENTS)
    x = change(jax.random.fold_in(key, i), x)
  return x


def some(key: Array, x: Array, config: Regularisers, share: Array) -> Array:
  """`all_of` for a share of the images, drawn one by one."""
  changed = all_of(key, x, config.augment)
  u = jax.random.uniform(
    jax.random.fold_in(key, len(config.augment)), (len(x),)
  )
  return jnp.where(u[:, None, None, None] < share, changed, x)


def adapt(control: Control, seen: Measurement, config: Regularisers) -> Control:
  """A larger share of the images while the critic is too sure of real ones.

  share + rate sign(r - target) within [0, 1], where r is the mean sign of the
  scores of the last critic update's real examples: r_t of adaptive
  discriminator augmentation (Karras et al., 2020, section 3), whose target is
  0.6. Where only differences of scores mean anything, signs are those of the
  distance from the middle of both means.
  """
  if not config.augment_target:
    return control
  move = config.augment_rate * jnp.sign(seen.sureness - config.augment_target)
  share = jnp.clip(control.share + move, 0.0, 1.0)
  return control._replace(
    share=jnp.where(jnp.isfinite(share), share, control.share)
  )
