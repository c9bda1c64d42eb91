"""Residual generator and critic without norms, each the mirror of the other.

Source: R3GAN (Huang et al., 2024, configuration E): blocks of a 1x1, a grouped
3x3 and a 1x1 convolution with twice the features inside (ResNeXt with an
inverted bottleneck), bilinear resampling, a learned map in place of the first
and the last dense layer, and the initial kernels of Fixup (Zhang et al., 2019).
One difference: the generator ends in a tanh, since images are in [-1, 1] here.
1x1 convolutions are `Dense` layers of the last axis.
"""

import math

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import base, dcgan, kernels, layers, resample
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair

_EXPANSION = 2  # Features inside a block / those of its input.
_GAIN = 2 / (1 + layers.LEAK**2)  # Of a leaky ReLU (He et al., 2015).


class Block(nn.Module):
  """A residual block of a 1x1, a grouped 3x3 and a 1x1 convolution.

  The last kernel starts at 0, so at first the block returns its input.

  Attributes:
    config: `group_width` is the number of channels per group.
    blocks: L, the blocks of the whole net. The other two kernels start with
      their standard deviation times L^(-1/4), which keeps the first update of
      the net independent of L (Zhang et al., 2019, with three layers).
    activate: the activation.
  """

  config: Net
  blocks: int
  activate: layers.Activation

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, C] -> [B, H, W, C]."""
    net, features = self.config, x.shape[-1]
    default = _fan_in(_GAIN / math.sqrt(self.blocks))
    first = layers.dense(net, _EXPANSION * features, default, dtype=net.dtype)
    h = self.activate(first(x))
    h = self.activate(_grouped_conv(net, h.shape[-1], default)(h))
    zeros = nn.initializers.zeros_init()
    last = layers.Dense(
      features, use_bias=False, kernel_init=zeros, dtype=net.dtype
    )
    return x + last(h)


class GenBasis(nn.Module):
  """A learned feature map, whose channels each example scales."""

  size: tuple[int, int]

  @nn.compact
  def __call__(self, scale: Array) -> Array:
    """[B, C] -> [B, H, W, C] for a size of (H, W)."""
    shape = *self.size, scale.shape[-1]
    basis = self.param('basis', nn.initializers.normal(1.0), shape)
    scale = jnp.broadcast_to(scale[:, None, None], (scale.shape[0], *shape))
    return scale * layers.spread(basis[None], scale)


class CriticBasis(nn.Module):
  """A learned weight per pixel and channel; reduces maps to vectors.

  It is a depth-wise convolution whose kernel is as large as the map.
  """

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, C] -> [B, C] float32."""
    h, w, features = x.shape[1:]
    normal = nn.initializers.normal(1 / math.sqrt(h * w))
    basis = self.param('basis', normal, (h, w, features))
    return jnp.sum(x.astype(jnp.float32) * basis[None], axis=(1, 2))


def _fan_in(gain: float) -> nn.initializers.Initializer:
  """Normal kernels of variance gain / fan-in (He et al., 2015)."""
  return nn.initializers.variance_scaling(gain, 'fan_in', 'normal')


def _grouped_conv(
  config: Net, features: int, default: nn.initializers.Initializer
) -> layers.Conv:
  """A 3x3 convolution that keeps the features and does not mix the groups.

  Groups have `net.group_width` channels, or the greatest divisor that it has in
  common with the features.
  """
  width = math.gcd(config.group_width, features)
  options = layers.conv_options(
    config, default, lambda *args: kernels.grouped_conv(*args[:3])
  )
  groups = features // width
  return layers.Conv(features, (3, 3), feature_group_count=groups, **options)


def _linear(x: Array, config: Net, features: int) -> Array:
  """A 1x1 convolution without bias, before no activation."""
  default = _fan_in(1.0)
  dense = layers.dense(
    config, features, default, use_bias=False, dtype=config.dtype
  )
  return dense(x)


def _blocks(x: Array, config: Net, num: int, name: str) -> Array:
  """The `net.depth` blocks of one resolution, out of `num` of the net."""
  activate = layers.activation(name, layers.leaky_relu)
  for _ in range(config.depth):
    x = Block(config, num, activate)(x)
  return x


def _generate(
  z: Array, config: Net, shape: tuple[int, ...], train: bool
) -> Array:
  """Generator body: doubles the sides once per width after the first."""
  del train  # It has neither norms nor noise.
  widths = config.gen_widths
  num = config.depth * len(widths)
  first, *sizes = _sizes(shape, widths)[::-1]
  z = base.embed_label(z, config)
  x = GenBasis(first)(_linear(z, config, widths[0]))
  x = _blocks(x, config, num, config.gen_activation)
  for size, width in zip(sizes, widths[1:], strict=True):
    # Before the upsampling it multiplies a quarter of the pixels.
    x = x if x.shape[-1] == width else _linear(x, config, width)
    x = resample.double(x, size)
    x = _blocks(x, config, num, config.gen_activation)
  return _linear(x, config, shape[-1])


def _features(x: Array, config: Net, train: bool) -> Array:
  """Critic body: halves the sides once per width after the first."""
  widths = config.critic_widths
  num = config.depth * len(widths)
  for i, width in enumerate(widths):
    x = resample.halve(x) if i else x
    x = x if i and x.shape[-1] == width else _linear(x, config, width)
    x = _blocks(x, config, num, config.critic_activation)
    x = layers.dropout(x, config, train)
  return CriticBasis()(x)


def _sizes(
  shape: tuple[int, ...], widths: tuple[int, ...]
) -> list[tuple[int, int]]:
  """(H, W) of each feature map, from the image's on, rounded up."""
  return dcgan.halved(shape, len(widths) - 1)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: the images are too small for so many widths.
  """
  most = (max(shape[:2]) - 1).bit_length()
  for key in ('gen_widths', 'critic_widths'):
    times = len(getattr(config, key)) - 1
    if times > most:
      raise ValueError(
        f'net.{key} halves the image {times} times; {shape[0]}x{shape[1]} '
        f'pixels allow at most {most}.'
      )
  generator = base.Generator(config, shape, _generate)
  return Pair(generator, base.Critic(config, _features))
