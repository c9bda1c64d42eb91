"""Deep residual generator and critic; norms are conditioned on the latent.

Source: BigGAN-deep (Brock et al., 2019, appendix B): blocks of four
convolutions with few inner channels, one class embedding shared by all norms,
skip connections from the latent to every block, and shortcuts without weights
that drop or append channels.
"""

import itertools

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import attention, base, layers, resnet
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair

_BOTTLENECK = 4  # Features of a block / those of its inner convolutions.


class GenBlock(nn.Module):
  """Four convolutions, each after norm and activation, and a shortcut.

  The shortcut drops channels: Cout = `features` is at most Cin. `up` doubles
  the sides.
  """

  config: Net
  features: int
  up: bool
  activate: layers.Activation

  @nn.compact
  def __call__(self, x: Array, condition: Array, *, train: bool) -> Array:
    """[B, H, W, Cin] and a condition [B, N] -> [B, H', W', Cout]."""
    net, norm = self.config, self.config.gen_norm
    narrow = max(x.shape[-1] // _BOTTLENECK, 1)
    h = x
    for i, (size, width) in enumerate(_convolutions(narrow, self.features)):
      h = self.activate(layers.normalize(h, norm, net, train, condition))
      h = layers.upsample(h) if self.up and i == 1 else h
      h = layers.apply_layer(layers.conv(net, width, size), h, norm, train)
    x = x[..., : self.features]
    return h + (layers.upsample(x) if self.up else x)


class CriticBlock(nn.Module):
  """Four convolutions, each after an activation, and a shortcut.

  The shortcut appends channels: Cout = `features` is at least Cin. `down`
  halves the sides.
  """

  config: Net
  features: int
  down: bool
  activate: layers.Activation

  @nn.compact
  def __call__(self, x: Array, *, train: bool) -> Array:
    """[B, H, W, Cin] -> [B, H', W', Cout]."""
    net, norm = self.config, self.config.critic_norm
    narrow = max(self.features // _BOTTLENECK, 1)
    h = x
    for i, (size, width) in enumerate(_convolutions(narrow, self.features)):
      h = self.activate(layers.normalize(h, norm, net, train))
      h = layers.mean_pool(h) if self.down and i == 3 else h
      h = layers.apply_layer(layers.conv(net, width, size), h, norm, train)
    x = layers.mean_pool(x) if self.down else x
    more = self.features - x.shape[-1]
    if more:
      new = layers.conv(net, more, size=1, gain=1.0)
      new_channels = layers.apply_layer(new, x, norm, train)
      x = jnp.concatenate([x, new_channels], axis=-1)
    return h + x


def _convolutions(narrow: int, features: int) -> list[tuple[int, int]]:
  """Kernel side and features of a block's four convolutions."""
  return [(1, narrow), (3, narrow), (3, narrow), (1, features)]


def _generate(
  z: Array, config: Net, shape: tuple[int, ...], train: bool
) -> Array:
  """Generator body: doubles the sides once per width after the first."""
  norm, widths = config.gen_norm, config.gen_widths
  activate = layers.activation(config.gen_activation, nn.relu)
  condition = base.embed_label(z, config)
  h, w = (n >> len(widths) - 1 for n in shape[:2])
  x = base.project(condition, (h, w, widths[0]), config, train)
  x = attention.attend(x, config, norm, train)
  for before, width in itertools.pairwise(widths):
    for _ in range(config.depth - 1):
      x = GenBlock(config, before, False, activate)(x, condition, train=train)
    x = GenBlock(config, width, True, activate)(x, condition, train=train)
    x = attention.attend(x, config, norm, train)
  x = activate(layers.normalize(x, norm, config, train))
  last = layers.conv(config, shape[-1], gain=1.0)
  return layers.apply_layer(last, x, norm, train)


def _features(x: Array, config: Net, train: bool) -> Array:
  """Critic body: halves the sides per width, then sums over pixels."""
  norm, widths = config.critic_norm, config.critic_widths
  activate = layers.activation(config.critic_activation, nn.relu)
  stem = layers.conv(config, widths[0], gain=1.0)
  x = layers.apply_layer(stem, x, norm, train)
  x = attention.attend(x, config, norm, train)
  for width in widths[1:]:
    x = CriticBlock(config, width, True, activate)(x, train=train)
    for _ in range(config.depth - 1):
      x = CriticBlock(config, width, False, activate)(x, train=train)
    x = layers.dropout(x, config, train)
    x = attention.attend(x, config, norm, train)
  x = activate(layers.normalize(x, norm, config, train))
  return x.astype(jnp.float32).sum((1, 2))


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved once per width, or no feature map
      with the side of `net.attention`.
  """
  attention.check(config, resnet.feature_sizes(config, shape))
  generator = base.Generator(config, shape, _generate)
  return Pair(generator, base.Critic(config, _features))
