"""Image-to-image translation: input images made from the images of the data.

An input image, flattened to one vector, takes the place of the latent, and of
the label that the critic reads. So losses, penalties and controllers are those
of a GAN. Data in pairs have the input in the upper half of each image, and the
image to be generated in the lower half. To add another input, write a function
of (key, images, settings), name it in INPUTS, and give its number of channels.
"""

import functools
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.config import Translation as Settings
from jaxgan.nets.chunks import CHUNK
from jaxgan.types import Array, Batch, to_float, to_uint8

# Luminance of RGB (ITU-R BT.601).
_LUMINANCE = (0.299, 0.587, 0.114)

# (key, images [B, H, W, C] in [-1, 1], settings) -> inputs [B, H, W, C'].
Make = Callable[[Array, Array, Settings], Array]


def gray(key: Array, x: Array, settings: Settings) -> Array:
  """Luminance [B, H, W, 1], for colorization."""
  del key, settings
  if x.shape[-1] < 3:
    return x[..., :1]
  return jnp.tensordot(x[..., :3], jnp.asarray(_LUMINANCE), 1)[..., None]


def low_resolution(key: Array, x: Array, settings: Settings) -> Array:
  """Means of squares of pixels, enlarged again by `enlarge`: [B, H, W, C]."""
  del key
  b, h, w, c = x.shape
  n = settings.factor
  return enlarge(x.reshape(b, h // n, n, w // n, n, c).mean((2, 4)), n)


def enlarge(x: Array, factor: int) -> Array:
  """Bicubic upsampling (Keys, 1981): [B, H, W, C] -> [B, fH, fW, C]."""
  b, h, w, c = x.shape
  return jax.image.resize(x, (b, h * factor, w * factor, c), 'bicubic')


def hole(key: Array, x: Array, settings: Settings) -> Array:
  """The image without a rectangle, and its mask, 1 inside: [B, H, W, C + 1].

  Pixels inside are 0, mid-gray. The rectangle lies anywhere in the image.
  """
  masks = [
    _interval(jax.random.fold_in(key, i), len(x), n, settings.hole)
    for i, n in enumerate(x.shape[1:3])
  ]
  mask = masks[0][:, :, None] * masks[1][:, None]
  return masked(x, mask[..., None])


def masked(x: Array, mask: Array) -> Array:
  """Appends a mask [B, H, W, 1] to x, whose pixels become 0 where it is 1."""
  return jnp.concatenate([x * (1 - mask), mask], axis=-1)


def noise(key: Array, x: Array, settings: Settings) -> Array:
  """The image with normal noise, not clipped: [B, H, W, C]."""
  return x + settings.noise * jax.random.normal(key, x.shape)


def edges(key: Array, x: Array, settings: Settings) -> Array:
  """Edges of the luminance (Sobel's operator): [B, H, W, 1] in [-1, 1)."""
  x = jnp.pad(gray(key, x, settings)[..., 0], ((0, 0), (1, 1), (1, 1)), 'edge')
  rows = x[:, :-2] + 2 * x[:, 1:-1] + x[:, 2:]
  columns = x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]
  across = rows[:, :, 2:] - rows[:, :, :-2]
  down = columns[:, 2:] - columns[:, :-2]
  return (2 * jnp.tanh(jnp.hypot(across, down)) - 1)[..., None]


INPUTS: Mapping[str, Make] = {
  'gray': gray,
  'low_resolution': low_resolution,
  'hole': hole,
  'noise': noise,
  'edges': edges,
}


# Inputs that the data have, in the upper half of each image.
_IN_DATA = ('pair', 'unpaired')


class Translation(NamedTuple):
  """The inputs of a generator that turns images into images.

  Images of the data are [H, W, C], or [2H, W, C] in pairs.

  Attributes:
    settings: the section `translation` of the configuration.
    shape: (H, W, C) of the images to be generated.
  """

  settings: Settings
  shape: tuple[int, ...]

  @property
  def two_way(self) -> bool:
    """Whether both domains are generated, each from the other one."""
    return self.settings.input == 'unpaired'

  @property
  def channels(self) -> int:
    """Channels of an input image, C'."""
    one = self.settings.input in ('gray', 'edges')
    own = 1 if one else self.shape[2]
    return own + (self.settings.input == 'hole')

  @property
  def width(self) -> int:
    """Length of a flattened input, H W C'."""
    return self.shape[0] * self.shape[1] * self.channels

  def inputs(self, key: Array, images: Array) -> Array:
    """Makes flattened inputs [B, width] of images of the data.

    Args:
      key: of noise and of places.
      images: uint8, or float32 in [-1, 1].
    """
    if self.settings.input in _IN_DATA:
      x = to_float(images[:, : self.shape[0]])
    else:
      make = INPUTS[self.settings.input]
      x = make(key, to_float(images), self.settings)
    return x.reshape(len(x), -1)

  def of_images(self, key: Array, images: np.ndarray) -> Array:
    """Makes inputs [N, width] of any number of images, in chunks.

    The inputs of an image depend on its index and not on the number of images.
    """
    parts = []
    for i in range(0, len(images), CHUNK):
      # Padded, since random numbers depend on the shape of all.
      chunk = np.resize(images[i : i + CHUNK], (CHUNK, *images.shape[1:]))
      parts.append(self.inputs(jax.random.fold_in(key, i), jnp.asarray(chunk)))
    return jnp.concatenate(parts)[: len(images)]

  def pairs(self, key: Array, batch: Batch) -> Batch:
    """Replaces the labels of a batch by the inputs [K, B, width].

    Of unpaired data there are 2 B images, which alternate between the domains;
    the input of each is its neighbor.
    """
    image, height = batch.image, self.shape[0]
    if self.two_way:
      steps, size = batch.label.shape
      image = image.reshape(steps, 2 * size, *self.shape)
    keys = jax.random.split(key, len(image))
    if self.settings.crop_from:
      image = jax.vmap(self._crops)(keys, image)
    if self.two_way:
      inputs = jax.vmap(swap)(to_float(image))
      return Batch(image, inputs.reshape(*image.shape[:2], -1))
    inputs = jax.vmap(self.inputs)(keys, image)
    return Batch(image[:, :, -height:], inputs)

  def _crops(self, key: Array, images: Array) -> Array:
    """Crops of images of the data that are enlarged to `crop_from` rows."""
    height = self.shape[0]
    corner_key = jax.random.fold_in(key, 2)  # `hole` folds in 0 and 1.
    corners = jax.random.uniform(corner_key, (len(images), 2))
    factor = self.settings.crop_from / height
    halves = to_float(images).reshape(len(images), -1, *self.shape)
    crop = jax.vmap(jax.vmap(functools.partial(crops, factor), (None, 0)))
    return crop(corners, halves).reshape(images.shape)

  def draw(self, key: Array, num: int, label: Array) -> Array:
    """The inputs themselves, which a batch has as labels: [num, width]."""
    del key, num
    return label

  def unflatten(self, z: Array) -> Array:
    """Inputs [B, width] -> [B, H, W, C']."""
    return z.reshape(z.shape[0], *self.shape[:2], self.channels)

  def finish(self, fake: Array, z: Array) -> Array:
    """Puts the known part of an image with a hole into the generator's output.

    Args:
      fake: [B, H, W, C].
      z: [B, width], its inputs.
    """
    if self.settings.input != 'hole':
      return fake
    x = self.unflatten(z)
    return x[..., :-1] + x[..., -1:] * fake

  def picture(self, z: Array) -> np.ndarray:
    """Inputs [N, width] as images [N, H, W, C] uint8; a hole is gray."""
    x = np.asarray(self.unflatten(z))
    if self.settings.input == 'hole':
      x = x[..., :-1]
    return to_uint8(np.broadcast_to(x, (len(x), *self.shape)))


def crops(factor: float, corner: Array, x: Array) -> Array:
  """A crop, of the size of an image, of the image enlarged bilinearly.

  Args:
    factor: of both sides, at least 1.
    corner: [2] in [0, 1], the place between the first and the last crop.
    x: [H, W, C] float32.

  Returns:
    [H, W, C].
  """
  sides = jnp.asarray(x.shape[:2], jnp.float32)
  shift = -jnp.round(corner * jnp.round((factor - 1) * sides))
  scale = jnp.full(2, factor, jnp.float32)
  return jax.image.scale_and_translate(
    x, x.shape, (0, 1), scale, shift, 'linear', antialias=False
  )


def swap(x: Array) -> Array:
  """Swaps examples 0 and 1, 2 and 3, and so on, of [B, ...]; B is even."""
  return x.reshape(-1, 2, *x.shape[1:])[:, ::-1].reshape(x.shape)


def truths(settings: Settings, images: np.ndarray) -> np.ndarray:
  """The images to be generated, of images of the data [N, ...]."""
  if settings.input not in _IN_DATA:
    return images
  return images[:, images.shape[1] // 2 :]


def build(settings: Settings, shape: tuple[int, ...]) -> Translation:
  """Builds the inputs for images of the data of a shape.

  Raises:
    ValueError: vectors, sides that are no multiples of the factor, or crops
      larger than what they are cropped from.
  """
  if len(shape) != 3:
    raise ValueError(
      f'game is translation and the data are vectors of {shape[0]} values; '
      'only images can be translated.'
    )
  h, w, c = shape
  height = h // 2 if settings.input in _IN_DATA else h
  if 0 < settings.crop_from <= height:
    raise ValueError(
      f'translation.crop_from is {settings.crop_from} and the images have '
      f'{height} rows; it must be larger, or 0 for no crops.'
    )
  if settings.input in _IN_DATA:
    return Translation(settings, (height, w, c))
  if settings.input == 'low_resolution' and (
    h % settings.factor or w % settings.factor
  ):
    raise ValueError(
      f'translation.factor is {settings.factor} and the images have {h}x{w} '
      'pixels; both sides must be multiples of it.'
    )
  return Translation(settings, shape)


def _interval(key: Array, num: int, size: int, share: float) -> Array:
  """Masks [num, size] of an interval of a share of `size`, at random places."""
  length = max(1, round(share * size))
  start = jax.random.randint(key, (num, 1), 0, size - length + 1)
  place = jnp.arange(size)[None]
  return ((place >= start) & (place < start + length)).astype(jnp.float32)
