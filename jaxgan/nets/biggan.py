"""A deep residual pair whose norms see the whole latent.

Source: BigGAN-deep (Brock et al., 2019, appendix B): narrow blocks of four
convolutions, one embedding of the class that all norms share, latents that skip
to every block, shortcuts without weights that drop or append channels.
"""

import itertools

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import attention, layers, resnet
from jaxgan.types import Array, Pair

_NARROWER = 4  # Of a block's width, what its inner convolutions have.


class GenBlock(nn.Module):
  """Four convolutions, each after norm and activation, beside a shortcut.

  Attributes:
    config: norm, compute dtype and formulation.
    features: Cout, at most Cin: the shortcut drops the other channels.
    up: whether it doubles the sides.
    activate: before each convolution.
  """

  config: Net
  features: int
  up: bool
  activate: layers.Activation

  @nn.compact
  def __call__(self, x: Array, told: Array, *, train: bool) -> Array:
    """[B, H, W, Cin], conditions [B, N] -> [B, H', W', Cout]."""
    net, norm = self.config, self.config.gen_norm
    narrow = max(x.shape[-1] // _NARROWER, 1)
    h = x
    for i, (size, width) in enumerate(_convolutions(narrow, self.features)):
      h = self.activate(layers.normalise(h, norm, net, train, told))
      h = layers.upsample(h) if self.up and i == 1 else h
      h = layers.run(layers.Conv(net, width, size), h, norm, train)
    x = x[..., : self.features]
    return h + (layers.upsample(x) if self.up else x)


class CriticBlock(nn.Module):
  """Four convolutions, each after an activation, beside a shortcut.

  Attributes:
    config: norm, compute dtype and formulation.
    features: Cout, at least Cin: the shortcut appends the other channels.
    down: whether it halves the sides.
    activate: before each convolution.
  """

  config: Net
  features: int
  down: bool
  activate: layers.Activation

  @nn.compact
  def __call__(self, x: Array, *, train: bool) -> Array:
    """[B, H, W, Cin] -> [B, H', W', Cout]."""
    net, norm = self.config, self.config.critic_norm
    narrow = max(self.features // _NARROWER, 1)
    h = x
    for i, (size, width) in enumerate(_convolutions(narrow, self.features)):
      h = self.activate(layers.normalise(h, norm, net, train))
      h = layers.mean_pool(h) if self.down and i == 3 else h
      h = layers.run(layers.Conv(net, width, size), h, norm, train)
    x = layers.mean_pool(x) if self.down else x
    more = self.features - x.shape[-1]
    if more:
      new = layers.Conv(net, more, size=1, gain=1.0)
      x = jnp.concatenate([x, layers.run(new, x, norm, train)], axis=-1)
    return h + x


class Generator(nn.Module):
  """Doubles the sides once per width after the first.

  Attributes:
    config: `gen_widths` are the features before, between and after doublings,
      `depth` the blocks of each size but the last.
    shape: (H, W, C) of the images.
  """

  config: Net
  shape: tuple[int, int, int]

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> images [B, H, W, C] float32 in [-1, 1]."""
    net, norm = self.config, self.config.gen_norm
    widths = net.gen_widths
    activate = layers.activation(net.gen_activation, nn.relu)
    told = self._condition(z)
    h, w = (n >> len(widths) - 1 for n in self.shape[:2])
    dense = layers.projection(h * w * widths[0], net)
    x = layers.run(dense, told, norm, train).reshape(-1, h, w, widths[0])
    x = attention.at_its_side(x, net, norm, train)
    for before, width in itertools.pairwise(widths):
      for _ in range(net.depth - 1):
        x = GenBlock(net, before, False, activate)(x, told, train=train)
      x = GenBlock(net, width, True, activate)(x, told, train=train)
      x = attention.at_its_side(x, net, norm, train)
    x = activate(layers.normalise(x, norm, net, train))
    last = layers.Conv(net, self.shape[-1], gain=1.0)
    return jnp.tanh(layers.run(last, x, norm, train).astype(jnp.float32))

  def _condition(self, z: Array) -> Array:
    """[B, N]: the latent, with an embedding in the place of its label."""
    net = self.config
    if not net.classes:
      return z
    embed = nn.Dense(
      net.embed_size,
      use_bias=False,
      kernel_init=layers.init(net, layers.glorot),
      name='embed',
    )
    label = z[:, -net.classes :]
    return jnp.concatenate([z[:, : -net.classes], embed(label)], axis=1)


class Critic(nn.Module):
  """Halves the sides once per width after the first, then scores the sum.

  Attributes:
    config: `critic_widths` are the features, `depth` the blocks of each size
      but the first.
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
    x = layers.run(layers.Conv(net, widths[0], gain=1.0), x, norm, train)
    x = attention.at_its_side(x, net, norm, train)
    for width in widths[1:]:
      x = CriticBlock(net, width, True, activate)(x, train=train)
      for _ in range(net.depth - 1):
        x = CriticBlock(net, width, False, activate)(x, train=train)
      x = layers.dropout(x, net, train)
      x = attention.at_its_side(x, net, norm, train)
    x = activate(layers.normalise(x, norm, net, train))
    x = x.astype(jnp.float32).sum((1, 2))
    return layers.head(x, self.outputs, net, train)


def build(config: Net, shape: tuple[int, int, int]) -> Pair[nn.Module]:
  """The pair for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved as often as the widths ask, widths
      that grow towards the image, a norm without a place for the latent, or no
      feature maps of the side that shall have attention.
  """
  if config.gen_norm not in layers.BATCH:
    raise ValueError(
      f'net.gen_norm is {config.gen_norm} and the generator of biggan hears of '
      f'its latent by batch norm; it must be {" or ".join(layers.BATCH)}.'
    )
  _check_widths('gen_widths', config.gen_widths[::-1])
  _check_widths('critic_widths', config.critic_widths)
  maps = {
    'generator': resnet.sizes('gen_widths', len(config.gen_widths) - 1, shape),
    'critic': resnet.sizes(
      'critic_widths', len(config.critic_widths) - 1, shape
    ),
  }
  attention.check(config, maps)
  return Pair(Generator(config, shape), Critic(config))


def _convolutions(narrow: int, features: int) -> list[tuple[int, int]]:
  """Kernel side and features of a block's four convolutions."""
  return [(1, narrow), (3, narrow), (3, narrow), (1, features)]


def _check_widths(key: str, widths: tuple[int, ...]) -> None:
  """From the image on."""
  if list(widths) != sorted(widths):
    raise ValueError(
      f'net.{key} falls somewhere on the way from the image, but shortcuts of '
      'biggan append channels there and never drop any; it must not fall.'
    )
