"""Images of several sizes at once: a generator that makes, a critic that sees.

Source: MSG-GAN (Karnewar & Wang, 2020), on residual blocks. A game plays with
one array per image, so an image and its halvings travel as one: smaller sizes
are repeated to the full one and divided by their factor, and appended as
channels. Lengths stay what they were, and so do slopes.
"""

import functools
from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import layers, resnet
from jaxgan.types import Array, Pair


def pack(images: Sequence[Array]) -> Array:
  """Images and their halvings as one array of the same Euclidean length.

  Args:
    images: [B, H, W, C], [B, H/2, W/2, C], ...

  Returns:
    [B, H, W, C * S] for S sizes.
  """

  def full(i: int, x: Array) -> Array:
    for _ in range(i):
      x = layers.upsample(x) / 2
    return x

  return jnp.concatenate([full(i, x) for i, x in enumerate(images)], axis=-1)


def unpack(x: Array, scales: int) -> list[Array]:
  """The inverse of `pack`; of any other array, the nearest that it could be."""
  parts = jnp.split(x, scales, axis=-1)
  return [
    functools.reduce(lambda x, _: 2 * layers.mean_pool(x), range(i), part)
    for i, part in enumerate(parts)
  ]


def pyramid(x: Array, scales: int) -> list[Array]:
  """An image [B, H, W, C] and the means of its pixels, two by two, S in all."""
  images = [x]
  while len(images) < scales:
    images.append(layers.mean_pool(images[-1]))
  return images


def seen(x: Array, config: Net) -> Array:
  """What a critic compares of real examples: all sizes, packed, or x itself."""
  if config.name != 'multiscale':
    return x
  return pack(pyramid(x, config.scales))


class Generator(nn.Module):
  """A residual generator whose last sizes each end in an image.

  Attributes:
    config: `gen_widths` are the features of each size, `scales` how many of
      them end in an image.
    shape: (H, W, C) of the largest.
  """

  config: Net
  shape: tuple[int, int, int]

  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> images [B, H, W, C] float32 in [-1, 1]."""
    return self._images(z, train)[0]

  def scales(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> all sizes [B, H, W, C * S], as `pack` does it."""
    return pack(self._images(z, train))

  @nn.compact
  def _images(self, z: Array, train: bool) -> list[Array]:
    """The largest first."""
    net, widths, norm = (
      self.config,
      self.config.gen_widths,
      self.config.gen_norm,
    )
    activate = layers.activation(net.gen_activation, nn.relu)
    h, w = (n >> len(widths) - 1 for n in self.shape[:2])
    dense = layers.projection(h * w * widths[0], net)
    z, told = layers.told(z, net)
    x = layers.run(dense, z, norm, train).reshape(-1, h, w, widths[0])
    images = []
    for i, width in enumerate(widths):
      if i:
        block = resnet.Block(net, width, norm, 'up', activate)
        x = block(x, told, train=train)
      if len(widths) - i <= net.scales:
        y = activate(layers.normalise(x, norm, net, train, told))
        last = layers.Conv(net, self.shape[-1], gain=1.0)
        y = layers.run(last, y, norm, train)
        images.append(jnp.tanh(y.astype(jnp.float32)))
    return images[::-1]


class Critic(nn.Module):
  """A residual critic that gets each size where its features have it.

  Attributes:
    config: `critic_widths` are the features of each size, from the image, and
      `scales` how many sizes of images there are.
    channels: C of one image.
    outputs: as of `layers.head`.
  """

  config: Net
  channels: int
  outputs: int = 0

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Scores [B] float32, or features [B, N], of images.

    Args:
      x: [B, H, W, C * S] as of `pack`, or [B, H, W, C], which is halved here.
      label: not read.
      train: as for `layers.run`.
    """
    del label
    net, norm = self.config, self.config.critic_norm
    activate = layers.activation(net.critic_activation, nn.relu)
    whole = x.shape[-1] == self.channels
    sizes = (pyramid if whole else unpack)(x, net.scales)
    widths = net.critic_widths
    stem = layers.Conv(net, widths[0], gain=1.0)
    x = layers.run(stem, sizes[0], norm, train)
    for i, width in enumerate(widths[1:], 1):
      x = resnet.Block(net, width, norm, 'down', activate)(x, train=train)
      x = layers.dropout(x, net, train)
      if i < net.scales:
        x = jnp.concatenate([x, sizes[i].astype(x.dtype)], axis=-1)
    x = resnet.Block(net, widths[-1], norm, 'none', activate)(x, train=train)
    x = activate(x).astype(jnp.float32)
    return layers.head(x, self.outputs, net, train)


def build(config: Net, shape: tuple[int, int, int]) -> Pair[nn.Module]:
  """The pair for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved as often as the widths ask, or
      more sizes of images than of features.
  """
  for key in ('gen_widths', 'critic_widths'):
    widths = getattr(config, key)
    resnet.sizes(key, len(widths) - 1, shape)
    if not 2 <= config.scales <= len(widths):
      raise ValueError(
        f'net.scales is {config.scales} and net.{key} has {len(widths)} sizes '
        f'of features; it must be from 2 to {len(widths)}.'
      )
  return Pair(Generator(config, shape), Critic(config, shape[-1]))
