"""Residual blocks, activation before convolution.

Source: Gulrajani et al., 2017, appendix F (their gan_cifar_resnet.py and
gan_64x64.py).
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import layers
from jaxgan.schema import Net
from jaxgan.types import Array, Pair


class Block(nn.Module):
  """Two 3x3 convolutions beside a shortcut.

  Attributes:
    config: compute dtype and formulation.
    features: Cout.
    norm: before each activation: `none`, `batch` or `layer`.
    resample: `up` doubles the sides, `down` halves them, `none` keeps them.
  """

  config: Net
  features: int
  norm: str
  resample: str

  @nn.compact
  def __call__(self, x: Array, *, train: bool) -> Array:
    """[B, H, W, Cin] -> [B, H', W', Cout]."""
    net, up, down = self.config, self.resample == 'up', self.resample == 'down'
    h = nn.relu(layers.normalise(x, self.norm, net, train))
    h = layers.upsample(h) if up else h
    h = layers.Conv(net, self.features if up else x.shape[-1])(h)
    h = nn.relu(layers.normalise(h, self.norm, net, train))
    h = layers.Conv(net, self.features)(h)
    h = layers.mean_pool(h) if down else h
    # A 1x1 convolution commutes with both resamplings: do it on few pixels.
    x = layers.mean_pool(x) if down else x
    if self.resample != 'none' or x.shape[-1] != self.features:
      x = layers.Conv(net, self.features, size=1, gain=1.0)(x)
    return h + (layers.upsample(x) if up else x)


class OptimisedBlock(nn.Module):
  """The critic's first block: no activation before the image, halves it.

  Attributes:
    config: compute dtype and formulation.
    features: Cout.
  """

  config: Net
  features: int

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, C] -> [B, H/2, W/2, Cout]."""
    h = nn.relu(layers.Conv(self.config, self.features)(x))
    h = layers.mean_pool(layers.Conv(self.config, self.features)(h))
    x = layers.mean_pool(x)
    return h + layers.Conv(self.config, self.features, size=1, gain=1.0)(x)


class Generator(nn.Module):
  """Doubles the sides once per width after the first.

  Attributes:
    config: `gen_widths` are the features before, between and after doublings.
    shape: (H, W, C) of the images.
  """

  config: Net
  shape: tuple[int, int, int]

  @nn.compact
  def __call__(
    self, z: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Latents [B, Z] -> images [B, H, W, C] float32 in [-1, 1]."""
    del label
    net, widths = self.config, self.config.gen_widths
    h, w = (n >> len(widths) - 1 for n in self.shape[:2])
    dense = nn.Dense(
      h * w * widths[0], dtype=net.compute_dtype, kernel_init=layers.glorot
    )
    x = dense(z).reshape(-1, h, w, widths[0])
    for width in widths[1:]:
      x = Block(net, width, net.gen_norm, 'up')(x, train=train)
    x = nn.relu(layers.normalise(x, net.gen_norm, net, train))
    x = layers.Conv(net, self.shape[-1], gain=1.0)(x)
    return jnp.tanh(x.astype(jnp.float32))


class Critic(nn.Module):
  """Halves the sides once per width after the first, then scores.

  Attributes:
    config: `critic_widths`, `critic_stem`, `critic_plain_blocks` and
      `critic_pool` are its shape.
  """

  config: Net

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Images [B, H, W, C] -> scores [B] float32."""
    del label
    net, widths = self.config, self.config.critic_widths
    if net.critic_stem == 'optimised':
      x = OptimisedBlock(net, widths[0])(x)
    else:
      x = layers.Conv(net, widths[0], gain=1.0)(x)
    for width in widths[1:]:
      x = Block(net, width, net.critic_norm, 'down')(x, train=train)
    for _ in range(net.critic_plain_blocks):
      x = Block(net, widths[-1], net.critic_norm, 'none')(x, train=train)
    x = nn.relu(x).astype(jnp.float32)
    return layers.score(x.mean((1, 2)) if net.critic_pool == 'mean' else x)


def build(config: Net, shape: tuple[int, int, int]) -> Pair[nn.Module]:
  """The pair for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved as often as the widths ask.
  """
  optimised = config.critic_stem == 'optimised'
  _check_halvings('gen_widths', len(config.gen_widths) - 1, shape)
  _check_halvings(
    'critic_widths', len(config.critic_widths) - 1 + optimised, shape
  )
  return Pair(Generator(config, shape), Critic(config))


def _check_halvings(key: str, halvings: int, shape: tuple[int, ...]) -> None:
  if any(n % 2**halvings for n in shape[:2]):
    raise ValueError(
      f'net.{key} of a resnet halves the image {halvings} times, but it has '
      f'{shape[0]}x{shape[1]} pixels; both sides must be multiples of '
      f'{2**halvings}.'
    )
