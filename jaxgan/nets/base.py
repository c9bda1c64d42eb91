"""The `Generator` and `Critic` modules that most nets share.

A net file has two functions: one maps latents to examples, the other maps
examples to features. `Generator` and `Critic` call them; the layers that the
functions create become submodules.
"""

import math
from collections.abc import Callable

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array

Generate = Callable[[Array, Net, tuple[int, ...], bool], Array]
Features = Callable[[Array, Net, bool], Array]


class Generator(nn.Module):
  """Maps latents to examples; images pass a tanh, vectors are unbounded.

  Attributes:
    config: the `net` section of the configuration.
    shape: of one example, (H, W, C) or (D,).
    body: (z, config, shape, train) -> [B, *shape], before the tanh.
  """

  config: Net
  shape: tuple[int, ...]
  body: Generate

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> examples [B, *shape] float32; images in [-1, 1]."""
    x = self.body(z, self.config, self.shape, train).astype(jnp.float32)
    return x if len(self.shape) == 1 else jnp.tanh(x)


class Critic(nn.Module):
  """Maps examples to scores: features, then a linear head.

  Attributes:
    config: the `net` section of the configuration.
    body: (x, config, train) -> features [B, ...].
    outputs: number of outputs, as for `head`.
  """

  config: Net
  body: Features
  outputs: int = 0

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Examples [B, *shape] -> scores [B] float32, or outputs [B, N]."""
    del label  # Only conditional critics read it.
    features = self.body(x, self.config, train)
    return head(features, self.outputs, self.config, train)


def project(
  z: Array, shape: tuple[int, ...], config: Net, train: bool
) -> Array:
  """First layer of a generator: [B, Z] -> [B, *shape], linear, reshaped."""
  dense = layers.dense(config, math.prod(shape), dtype=config.dtype)
  x = layers.apply_layer(dense, z, config.gen_norm, train)
  return x.reshape(-1, *shape)


def split_label(z: Array, config: Net) -> tuple[Array, Array | None]:
  """Splits latents [B, width] into the generator's input and the label.

  With `net.gen_label` = `norm` the one-hot label at their end conditions the
  norms. With `concat`, or without classes, it stays in the input.
  """
  if not config.classes or config.gen_label == 'concat':
    return z, None
  return z[:, : -config.classes], z[:, -config.classes :]


def embed_label(z: Array, config: Net) -> Array:
  """Replaces the one-hot label in a latent by a class embedding: [B, N]."""
  if not config.classes:
    return z
  embed = layers.dense(config, config.embed_size, use_bias=False, name='embed')
  label = z[:, -config.classes :]
  return jnp.concatenate([z[:, : -config.classes], embed(label)], axis=1)


def head(x: Array, outputs: int, config: Net, train: bool) -> Array:
  """The last linear layer of a critic, in float32.

  Args:
    x: [B, ...] features.
    outputs: N, the number of outputs; 0 for one score, -1 for the flattened
      features themselves, without a layer.
    config: for the spectral norm and the initializer.
    train: whether the spectral vector is updated.

  Returns:
    [B, N] float32, or [B] for a score.
  """
  x = x.reshape(x.shape[0], -1).astype(jnp.float32)
  if outputs < 0:
    return x
  dense = layers.dense(config, max(outputs, 1))
  x = layers.apply_layer(dense, x, config.critic_norm, train)
  return x if outputs else x[:, 0]
