"""Generator and critic of residual blocks, activation before convolution.

Source: Gulrajani et al., 2017, appendix F (their gan_cifar_resnet.py and
gan_64x64.py).
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import attention, base, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair


class Block(nn.Module):
  """A residual block of two 3x3 convolutions, each after an activation.

  Attributes:
    config: the `net` section of the configuration.
    features: Cout.
    norm: `batch` or `layer` before each activation, `spectral` in each
      convolution, `batch_spectral` for both, or `none`.
    resample: `up` doubles the sides, `down` halves them, `none` keeps them.
    activate: the activation.
  """

  config: Net
  features: int
  norm: str
  resample: str
  activate: layers.Activation

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """[B, H, W, Cin] and labels [B, N] for the norms -> [B, H', W', Cout]."""
    net, norm = self.config, self.norm
    up, down = self.resample == 'up', self.resample == 'down'
    h = self.activate(layers.normalize(x, norm, net, train, label))
    h = layers.upsample(h) if up else h
    first = layers.conv(net, self.features if up else x.shape[-1])
    h = layers.apply_layer(first, h, norm, train)
    h = self.activate(layers.normalize(h, norm, net, train, label))
    h = layers.apply_layer(layers.conv(net, self.features), h, norm, train)
    h = layers.mean_pool(h) if down else h
    # A 1x1 convolution commutes with resampling: apply it to fewer pixels.
    x = layers.mean_pool(x) if down else x
    if self.resample != 'none' or x.shape[-1] != self.features:
      shortcut = layers.conv(net, self.features, size=1, gain=1.0)
      x = layers.apply_layer(shortcut, x, norm, train)
    return h + (layers.upsample(x) if up else x)


class OptimisedBlock(nn.Module):  # Checkpoints contain this name.
  """First block of the critic: halves the sides, one activation in between."""

  config: Net
  features: int
  activate: layers.Activation

  @nn.compact
  def __call__(self, x: Array, *, train: bool) -> Array:
    """[B, H, W, C] -> [B, H/2, W/2, Cout]."""
    net, norm = self.config, self.config.critic_norm
    h = layers.apply_layer(layers.conv(net, self.features), x, norm, train)
    h = self.activate(h)
    h = layers.apply_layer(layers.conv(net, self.features), h, norm, train)
    shortcut = layers.conv(net, self.features, size=1, gain=1.0)
    x = layers.apply_layer(shortcut, layers.mean_pool(x), norm, train)
    return layers.mean_pool(h) + x


def _generate(
  z: Array, config: Net, shape: tuple[int, ...], train: bool
) -> Array:
  """Generator body: doubles the sides once per width after the first."""
  norm, widths = config.gen_norm, config.gen_widths
  activate = layers.activation(config.gen_activation, nn.relu)
  h, w = (n >> len(widths) - 1 for n in shape[:2])
  z, label = base.split_label(z, config)
  x = base.project(z, (h, w, widths[0]), config, train)
  x = attention.attend(x, config, norm, train)
  for width in widths[1:]:
    x = Block(config, width, norm, 'up', activate)(x, label, train=train)
    x = attention.attend(x, config, norm, train)
  x = activate(layers.normalize(x, norm, config, train, label))
  last = layers.conv(config, shape[-1], gain=1.0)
  return layers.apply_layer(last, x, norm, train)


def _features(x: Array, config: Net, train: bool) -> Array:
  """Critic body: halves the sides once per width after the first."""
  norm, widths = config.critic_norm, config.critic_widths
  activate = layers.activation(config.critic_activation, nn.relu)
  if config.critic_stem == 'optimised':
    x = OptimisedBlock(config, widths[0], activate)(x, train=train)
  else:
    stem = layers.conv(config, widths[0], gain=1.0)
    x = layers.apply_layer(stem, x, norm, train)
  x = attention.attend(x, config, norm, train)
  for width in widths[1:]:
    x = Block(config, width, norm, 'down', activate)(x, train=train)
    x = layers.dropout(x, config, train)
    x = attention.attend(x, config, norm, train)
  for _ in range(config.critic_plain_blocks):
    x = Block(config, widths[-1], norm, 'none', activate)(x, train=train)
    x = layers.dropout(x, config, train)
  x = activate(x).astype(jnp.float32)
  return x.mean((1, 2)) if config.critic_pool == 'mean' else x


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: a side that cannot be halved once per width, or no feature map
      with the side of `net.attention`.
  """
  stem = int(config.critic_stem == 'optimised')
  attention.check(config, feature_sizes(config, shape, stem))
  generator = base.Generator(config, shape, _generate)
  return Pair(generator, base.Critic(config, _features))


def feature_sizes(
  config: Net, shape: tuple[int, ...], stem: int = 0
) -> Pair[list[tuple[int, int]]]:
  """(H, W) of the feature maps of both nets, one per width.

  Args:
    config: `gen_widths` and `critic_widths`; each after the first halves.
    shape: of the image, (H, W, C).
    stem: number of halvings before the first map of the critic.

  Raises:
    ValueError: a side cannot be halved so often.
  """
  h, w = shape[:2]
  maps = []
  for key, first in ('gen_widths', 0), ('critic_widths', stem):
    times = first + len(getattr(config, key)) - 1
    if h % 2**times or w % 2**times:
      raise ValueError(
        f'net.{key} halves the image {times} times, but it has {h}x{w} '
        f'pixels; both sides must be multiples of {2**times}.'
      )
    maps.append([(h >> i, w >> i) for i in range(first, times + 1)])
  return Pair(*maps)
