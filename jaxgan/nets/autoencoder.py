"""A critic that scores by how badly it can repeat what it sees.

Source: EBGAN (Zhao et al., 2017): the energy of an example is its error of
reconstruction by an autoencoder, low for what looks real.
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.types import Array


class Critic(nn.Module):
  """Minus the mean squared error of an autoencoder.

  Attributes:
    encoder: a critic that gives features, the code [B, N].
    decoder: a generator whose latents are codes.
  """

  encoder: nn.Module
  decoder: nn.Module

  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Examples [B, *shape] -> scores [B] float32, at most 0."""
    repeated = self.decoder(self.code(x, label, train=train), train=train)
    error = jnp.square(repeated - x.astype(jnp.float32))
    return -jnp.mean(error.reshape(len(x), -1), axis=1)

  def code(self, x: Array, label: Array | None = None, *, train: bool) -> Array:
    """Examples [B, *shape] -> codes [B, N] float32."""
    return self.encoder(x, label, train=train)
