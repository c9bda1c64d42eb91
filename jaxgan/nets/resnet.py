"""Residual blocks, activation before convolution.

Source: Gulrajani et al., 2017, appendix F (their gan_cifar_resnet.py and
gan_64x64.py).
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import attention, layers
from jaxgan.types import Array, Pair


class Block(nn.Module):
  """Two 3x3 convolutions beside a shortcut.

  Attributes:
    config: compute dtype and formulation.
    features: Cout.
    norm: before each activation `batch` or `layer`, or in each convolution
      `spectral`, or `none`.
    resample: `up` doubles the sides, `down` halves them, `none` keeps them.
    activate: before each convolution.
  """

  config: Net
  features: int
  norm: str
  resample: str
  activate: layers.Activation

  @nn.compact
  def __call__(
    self, x: Array, told: Array | None = None, *, train: bool
  ) -> Array:
    """[B, H, W, Cin], and perhaps labels -> [B, H', W', Cout]."""
    net, norm = self.config, self.norm
    up, down = self.resample == 'up', self.resample == 'down'
    h = self.activate(layers.normalise(x, norm, net, train, told))
    h = layers.upsample(h) if up else h
    first = layers.Conv(net, self.features if up else x.shape[-1])
    h = layers.run(first, h, norm, train)
    h = self.activate(layers.normalise(h, norm, net, train, told))
    h = layers.run(layers.Conv(net, self.features), h, norm, train)
    h = layers.mean_pool(h) if down else h
    # A 1x1 convolution commutes with both resamplings: do it on few pixels.
    x = layers.mean_pool(x) if down else x
    if self.resample != 'none' or x.shape[-1] != self.features:
      short = layers.Conv(net, self.features, size=1, gain=1.0)
      x = layers.run(short, x, norm, train)
    return h + (layers.upsample(x) if up else x)


class OptimisedBlock(nn.Module):
  """The critic's first block: no activation before the image, halves it.

  Attributes:
    config: compute dtype and formulation.
    features: Cout.
    activate: between the convolutions.
  """

  config: Net
  features: int
  activate: layers.Activation

  @nn.compact
  def __call__(self, x: Array, *, train: bool) -> Array:
    """[B, H, W, C] -> [B, H/2, W/2, Cout]."""
    net, norm = self.config, self.config.critic_norm
    h = layers.run(layers.Conv(net, self.features), x, norm, train)
    h = self.activate(h)
    h = layers.run(layers.Conv(net, self.features), h, norm, train)
    short = layers.Conv(net, self.features, size=1, gain=1.0)
    x = layers.run(short, layers.mean_pool(x), norm, train)
    return layers.mean_pool(h) + x


class Generator(nn.Module):
  """Doubles the sides once per width after the first.

  Attributes:
    config: `gen_widths` are the features before, between and after doublings.
    shape: (H, W, C) of the images.
  """

  config: Net
  shape: tuple[int, int, int]

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> images [B, H, W, C] float32 in [-1, 1]."""
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
    x = attention.at_its_side(x, net, norm, train)
    for width in widths[1:]:
      x = Block(net, width, norm, 'up', activate)(x, told, train=train)
      x = attention.at_its_side(x, net, norm, train)
    x = activate(layers.normalise(x, norm, net, train, told))
    last = layers.Conv(net, self.shape[-1], gain=1.0)
    x = layers.run(last, x, norm, train)
    return jnp.tanh(x.astype(jnp.float32))


class Critic(nn.Module):
  """Halves the sides once per width after the first, then scores.

  Attributes:
    config: `critic_widths`, `critic_stem`, `critic_plain_blocks` and
      `critic_pool` are its shape.
    outputs: as of `layers.head`.
  """

  config: Net
  outputs: int = 0

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Images [B, H, W, C] -> scores [B] float32, or features [B, N]."""
    del label
    net, norm = self.config, self.config.critic_norm
    activate = layers.activation(net.critic_activation, nn.relu)
    widths = net.critic_widths
    if net.critic_stem == 'optimised':
      x = OptimisedBlock(net, widths[0], activate)(x, train=train)
    else:
      x = layers.run(layers.Conv(net, widths[0], gain=1.0), x, norm, train)
    x = attention.at_its_side(x, net, norm, train)
    for width in widths[1:]:
      x = Block(net, width, norm, 'down', activate)(x, train=train)
      x = layers.dropout(x, net, train)
      x = attention.at_its_side(x, net, norm, train)
    for _ in range(net.critic_plain_blocks):
      x = Block(net, widths[-1], norm, 'none', activate)(x, train=train)
      x = layers.dropout(x, net, train)
    x = activate(x).astype(jnp.float32)
    x = x.mean((1, 2)) if net.critic_pool == 'mean' else x
    return layers.head(x, self.outputs, net, train)


def build(config: Net, shape: tuple[int, int, int]) -> Pair[nn.Module]:
  """The pair for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved as often as the widths ask, or no
      feature maps of the side that shall have attention.
  """
  gen = sizes('gen_widths', len(config.gen_widths) - 1, shape)
  first = config.critic_stem == 'optimised'
  halvings = len(config.critic_widths) - 1 + first
  critic = sizes('critic_widths', halvings, shape)[first:]
  attention.check(config, {'generator': gen, 'critic': critic})
  return Pair(Generator(config, shape), Critic(config))


def sizes(
  key: str, halvings: int, shape: tuple[int, ...]
) -> list[tuple[int, int]]:
  """(H, W) of the image and of its halvings.

  Args:
    key: of the configuration, which asks for so many halvings.
    halvings: how many.
    shape: of the image, (H, W, C).

  Raises:
    ValueError: a side that cannot be halved so often.
  """
  h, w = shape[:2]
  if any(n % 2**halvings for n in (h, w)):
    raise ValueError(
      f'net.{key} halves the image {halvings} times, but it has {h}x{w} '
      f'pixels; both sides must be multiples of {2**halvings}.'
    )
  return [(h >> i, w >> i) for i in range(halvings + 1)]
