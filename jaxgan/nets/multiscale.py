"""Generator and critic of images of several sizes at once.

Source: MSG-GAN (Karnewar & Wang, 2020), with residual blocks. The losses and
the penalty take one array per image, so an image and its halvings are packed
into one array. Smaller sizes are upsampled to the full size, divided by the
upsampling factor, and appended as channels. This keeps Euclidean lengths, and
so gradient norms.
"""

import functools
from collections.abc import Sequence

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import base, layers, resnet
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair


def pack(images: Sequence[Array]) -> Array:
  """Packs images and their halvings into one array.

  Args:
    images: [B, H, W, C], [B, H/2, W/2, C], ...

  Returns:
    [B, H, W, C * S] for S sizes, with the same Euclidean norm.
  """
  full = [
    functools.reduce(lambda x, _: layers.upsample(x) / 2, range(i), image)
    for i, image in enumerate(images)
  ]
  return jnp.concatenate(full, axis=-1)


def unpack(x: Array, scales: int) -> list[Array]:
  """Inverts `pack`; other arrays are projected to the nearest packed one."""
  parts = jnp.split(x, scales, axis=-1)
  return [
    functools.reduce(lambda x, _: 2 * layers.mean_pool(x), range(i), part)
    for i, part in enumerate(parts)
  ]


def pyramid(x: Array, scales: int) -> list[Array]:
  """Images [B, H, W, C] and their S - 1 halvings by 2 x 2 means, S = scales."""
  images = [x]
  while len(images) < scales:
    images.append(layers.mean_pool(images[-1]))
  return images


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
  """Critic body: halves the sides per width and appends the image of that size.

  x is packed, [B, H, W, C * S], or [B, H, W, C] with C = `channels`, of which
  the halvings are computed here.
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
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved once per width.
  """
  resnet.feature_sizes(config, shape)  # Checks the sides.
  features = functools.partial(_features, channels=shape[-1])
  return Pair(Generator(config, shape), base.Critic(config, features))
