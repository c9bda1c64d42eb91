"""Fully connected generator and critic, for vectors and small images.

Source: Gulrajani et al., 2017, their gan_toy.py: ReLU, He initialization.
"""

import math

import flax.linen as nn

from jaxgan.nets import base, initializers, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair


def _generate(
  z: Array, config: Net, shape: tuple[int, ...], train: bool
) -> Array:
  norm = config.gen_norm
  activate = layers.activation(config.gen_activation, nn.relu)
  x, label = base.split_label(z, config)
  for width in config.gen_widths:
    x = layers.apply_layer(_dense(width, config), x, norm, train)
    x = activate(layers.normalize(x, norm, config, train, label))
  last = layers.dense(config, math.prod(shape))
  return layers.apply_layer(last, x, norm, train).reshape(-1, *shape)


def _features(x: Array, config: Net, train: bool) -> Array:
  norm = config.critic_norm
  activate = layers.activation(config.critic_activation, nn.relu)
  x = x.reshape(x.shape[0], -1)
  for i, width in enumerate(config.critic_widths):
    x = layers.apply_layer(_dense(width, config), x, norm, train)
    x = activate(layers.normalize(x, norm if i else 'none', config, train))
    x = layers.dropout(x, config, train)
  return x


def _dense(width: int, config: Net) -> nn.Dense:
  dtype = config.dtype
  return layers.dense(config, width, initializers.he_dense, dtype=dtype)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for examples (D,) or (H, W, C)."""
  generator = base.Generator(config, shape, _generate)
  return Pair(generator, base.Critic(config, _features))
