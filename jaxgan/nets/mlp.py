"""Fully connected pair, as for the toy distributions of WGAN-GP.

Source: Gulrajani et al., 2017, their gan_toy.py: ReLU, He initialisation.
"""

import math

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import layers
from jaxgan.schema import Net
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
  def __call__(
    self, z: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Latents [B, Z] -> [B, *shape] float32; images are in [-1, 1]."""
    del label
    x = z
    for width in self.config.gen_widths:
      x = _dense(x, width, self.config)
      x = nn.relu(layers.normalise(x, self.config.gen_norm, self.config, train))
    x = nn.Dense(math.prod(self.shape), kernel_init=layers.glorot)(x)
    x = x.reshape(-1, *self.shape).astype(jnp.float32)
    return x if len(self.shape) == 1 else jnp.tanh(x)


class Critic(nn.Module):
  """Vectors or images to scores.

  Attributes:
    config: `critic_widths` are the hidden layers.
  """

  config: Net

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Examples [B, *shape] -> scores [B] float32."""
    del label
    x = x.reshape(x.shape[0], -1)
    for i, width in enumerate(self.config.critic_widths):
      x = _dense(x, width, self.config)
      x = layers.normalise(
        x, self.config.critic_norm if i else 'none', self.config, train
      )
      x = nn.relu(x)
    return layers.score(x)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """The pair for outputs of `shape`, (D,) or (H, W, C)."""
  return Pair(Generator(config, shape), Critic(config))


def _dense(x: Array, width: int, config: Net) -> Array:
  dense = nn.Dense(
    width, dtype=config.compute_dtype, kernel_init=layers.he_dense
  )
  return dense(x)
