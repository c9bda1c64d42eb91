"""Fully connected pair, as for the toy distributions of WGAN-GP.

Source: Gulrajani et al., 2017, their gan_toy.py: ReLU, He initialisation.
"""

import math

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import layers
from jaxgan.types import Array, Pair


class Generator(nn.Module):
  """Latents to vectors (linear) or to images (tanh).

  Attributes:
    config: `gen_widths` are the hidden layers.
    shape: of one output, (D,) or (H, W, C).
  """

  config: Net
  shape: tuple[int, ...]

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> [B, *shape] float32; images are in [-1, 1]."""
    net, norm = self.config, self.config.gen_norm
    activate = layers.activation(net.gen_activation, nn.relu)
    x, told = layers.told(z, net)
    for width in net.gen_widths:
      x = layers.run(_dense(width, net), x, norm, train)
      x = activate(layers.normalise(x, norm, net, train, told))
    last = nn.Dense(
      math.prod(self.shape), kernel_init=layers.init(net, layers.glorot)
    )
    x = layers.run(last, x, norm, train)
    x = x.reshape(-1, *self.shape).astype(jnp.float32)
    return x if len(self.shape) == 1 else jnp.tanh(x)


class Critic(nn.Module):
  """Vectors or images to scores.

  Attributes:
    config: `critic_widths` are the hidden layers.
    outputs: as of `layers.head`.
  """

  config: Net
  outputs: int = 0

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Examples [B, *shape] -> scores [B] float32, or features [B, N]."""
    del label
    net, norm = self.config, self.config.critic_norm
    activate = layers.activation(net.critic_activation, nn.relu)
    x = x.reshape(x.shape[0], -1)
    for i, width in enumerate(net.critic_widths):
      x = layers.run(_dense(width, net), x, norm, train)
      x = activate(layers.normalise(x, norm if i else 'none', net, train))
      x = layers.dropout(x, net, train)
    return layers.head(x, self.outputs, net, train)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """The pair for outputs of `shape`, (D,) or (H, W, C)."""
  return Pair(Generator(config, shape), Critic(config))


def _dense(width: int, config: Net) -> nn.Dense:
  init = layers.init(config, layers.he_dense)
  return nn.Dense(width, dtype=config.compute_dtype, kernel_init=init)
