"""Critic that scores by the reconstruction error of an autoencoder.

Source: EBGAN (Zhao et al., 2017): the energy of an example is its
reconstruction error, low for realistic examples.
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.types import Array


class Critic(nn.Module):
  """Scores by minus the mean squared reconstruction error.

  Attributes:
    encoder: a critic whose N outputs are the code.
    decoder: a generator whose latents are codes.
  """

  encoder: nn.Module
  decoder: nn.Module

  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Examples [B, *shape] -> scores [B] float32, at most 0."""
    decoded = self.decoder(self.code(x, label, train=train), train=train)
    error = jnp.square(decoded - x.astype(jnp.float32))
    return -jnp.mean(error.reshape(x.shape[0], -1), axis=1)

  def code(self, x: Array, label: Array | None = None, *, train: bool) -> Array:
    """Examples [B, *shape] -> codes [B, N] float32."""
    return self.encoder(x, label, train=train)
