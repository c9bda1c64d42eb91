"""Networks for rows of a table: a residual generator, a leaky critic.

Source: Xu et al., 2019, section 4.4: each hidden layer of the generator is
concatenated with its input.
"""

import functools
import math

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import base, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair


def _generate(
  z: Array, config: Net, shape: tuple[int, ...], train: bool
) -> Array:
  norm = config.gen_norm
  activate = layers.activation(config.gen_activation, nn.relu)
  x, label = base.split_label(z, config)
  for width in config.gen_widths:
    dense = layers.dense(config, width, dtype=config.dtype)
    hidden = layers.apply_layer(dense, x, norm, train)
    hidden = activate(layers.normalize(hidden, norm, config, train, label))
    x = jnp.concatenate([hidden, x], axis=-1)
  last = layers.dense(config, math.prod(shape))
  return layers.apply_layer(last, x, norm, train).reshape(-1, *shape)


def _features(x: Array, config: Net, train: bool) -> Array:
  norm = config.critic_norm
  leaky = functools.partial(nn.leaky_relu, negative_slope=0.2)
  activate = layers.activation(config.critic_activation, leaky)
  x = x.reshape(x.shape[0], -1)
  for i, width in enumerate(config.critic_widths):
    dense = layers.dense(config, width, dtype=config.dtype)
    x = layers.apply_layer(dense, x, norm, train)
    x = activate(layers.normalize(x, norm if i else 'none', config, train))
    x = layers.dropout(x, config, train)
  return x


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for vectors (D,)."""
  generator = base.Generator(config, shape, _generate)
  return Pair(generator, base.Critic(config, _features))
