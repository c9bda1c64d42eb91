"""Pair that generates and scores images of several sizes at once.

Source: MSG-GAN (Karnewar & Wang, 2020), on residual blocks. The losses and the
penalty take one array per image, so an image and its halvings are packed into
one. Smaller sizes are repeated to the full size, divided by their factor, and
appended as channels. This keeps Euclidean lengths, and so gradient norms.
"""

import functools
from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import base, layers, resnet
from jaxgan.types import Array, Pair


def pack(images: Sequence[Array]) -> Array:
  """Packs images and their halvings into one array of the same length.

  Args:
    images: [B, H, W, C], [B, H/2, W/2, C], ...

  Returns:
    [B, H, W, C * S] for S sizes, with the same Euclidean norm.
  """

  def full(i: int, x: Array) -> Array:
    for _ in range(i):
      x = layers.upsample(x) / 2
    return x

  return jnp.concatenate([full(i, x) for i, x in enumerate(images)], axis=-1)


def unpack(x: Array, scales: int) -> list[Array]:
  """Inverts `pack`; projects arrays that `pack` cannot make."""
  parts = jnp.split(x, scales, axis=-1)
  return [
    functools.reduce(lambda x, _: 2 * layers.mean_pool(x), range(i), part)
    for i, part in enumerate(parts)
  ]


def pyramid(x: Array, scales: int) -> list[Array]:
  """Halves images [B, H, W, C] by 2 x 2 means; S = `scales` sizes in all."""
  images = [x]
  while len(images) < scales:
    images.append(layers.mean_pool(images[-1]))
  return images


def pack_pyramid(x: Array, config: Net) -> Array:
  """Converts images [B, H, W, C] to critic inputs [B, H, W, C * S]."""
  return pack(pyramid(x, config.scales))


class Generator(nn.Module):
  """A residual generator that outputs an image at each of its last sizes.

  Attributes:
    config: `gen_widths` are the features of each size, `scales` the number of
      sizes with an image.
    shape: (H, W, C) of the largest image.
  """

  config: Net
  shape: tuple[int, ...]

  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> images [B, H, W, C] float32 in [-1, 1]."""
    return self._images(z, train)[0]

  def scales(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> images of all sizes [B, H, W, C * S], as by `pack`."""
    return pack(self._images(z, train))

  @nn.compact
  def _images(self, z: Array, train: bool) -> list[Array]:
    """The images of all sizes, the largest first."""
    net, norm = self.config, self.config.gen_norm
    widths = net.gen_widths
    activate = layers.activation(net.gen_activation, nn.relu)
    h, w = (n >> len(widths) - 1 for n in self.shape[:2])
    z, label = base.split_label(z, net)
    x = base.project(z, (h, w, widths[0]), net, train)
    images = []
    for i, width in enumerate(widths):
      if i:
        block = resnet.Block(net, width, norm, 'up', activate)
        x = block(x, label, train=train)
      if len(widths) - i <= net.scales:
        y = activate(layers.normalize(x, norm, net, train, label))
        last = layers.conv(net, self.shape[-1], gain=1.0)
        y = layers.apply_layer(last, y, norm, train)
        images.append(jnp.tanh(y.astype(jnp.float32)))
    return images[::-1]


def _features(x: Array, config: Net, train: bool, *, channels: int) -> Array:
  """Halves the sides once per width and appends the image of that size.

  Args:
    x: [B, H, W, C * S], packed, or [B, H, W, C], which is halved here.
    config: `critic_widths` and `scales`.
    train: as for `layers.apply_layer`.
    channels: C.
  """
  norm, widths = config.critic_norm, config.critic_widths
  activate = layers.activation(config.critic_activation, nn.relu)
  halve = pyramid if x.shape[-1] == channels else unpack
  sizes = halve(x, config.scales)
  stem = layers.conv(config, widths[0], gain=1.0)
  x = layers.apply_layer(stem, sizes[0], norm, train)
  for i, width in enumerate(widths[1:], 1):
    x = resnet.Block(config, width, norm, 'down', activate)(x, train=train)
    x = layers.dropout(x, config, train)
    if i < config.scales:
      x = jnp.concatenate([x, sizes[i].astype(x.dtype)], axis=-1)
  x = resnet.Block(config, widths[-1], norm, 'none', activate)(x, train=train)
  return activate(x)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the pair for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved once per width.
  """
  for key in ('gen_widths', 'critic_widths'):
    resnet.halved(shape, len(getattr(config, key)) - 1, key)
  features = functools.partial(_features, channels=shape[-1])
  return Pair(Generator(config, shape), base.Critic(config, features))
