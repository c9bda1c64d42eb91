"""What generators start from: latent vectors of some law."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.schema import Net
from jaxgan.types import Array


class Latents(NamedTuple):
  """A law of latent vectors.

  Attributes:
    size: Z.
    law: `normal`, `uniform` or `truncated`, as `net.latent`.
    bound: of the truncated law.
  """

  size: int
  law: str = 'normal'
  bound: float = 2.0

  def draw(self, key: Array, num: int) -> Array:
    """[num, Z] float32; equal keys give equal latents."""
    shape = (num, self.size)
    if self.law == 'uniform':
      return jax.random.uniform(key, shape, minval=-1.0)
    if self.law == 'truncated':
      return jax.random.truncated_normal(key, -self.bound, self.bound, shape)
    return jax.random.normal(key, shape)

  def truncated(self, bound: float) -> 'Latents':
    """N(0, I) where numbers beyond `bound` are drawn again, for sampling.

    Fewer odd images and less variety the smaller it is (Brock et al., 2019).

    Raises:
      ValueError: uniform latents, which the generator has learnt instead.
    """
    if self.law == 'uniform':
      raise ValueError(
        f'The truncation is {bound:g} and the latents of this run are uniform; '
        'only normal ones can be truncated.'
      )
    return self._replace(law='truncated', bound=bound)

  def between(self, key: Array, num: int) -> Array:
    """[num, Z] on the way from one random latent to another, both included.

    On the great circle where the law has one length that nearly all vectors
    have: on a straight line the middle would be shorter than any latent that
    the generator has seen (White, 2016). Uniform latents fill a cube, which
    holds the straight line.

    Args:
      key: a PRNG key.
      num: at least 2.
    """
    start, end = self.draw(key, 2)
    t = jnp.linspace(0.0, 1.0, num)[:, None]
    if self.law == 'uniform':
      return (1 - t) * start[None] + t * end[None]
    lengths = jnp.linalg.norm(start) * jnp.linalg.norm(end)
    angle = jnp.arccos(jnp.clip(jnp.dot(start, end) / lengths, -1.0, 1.0))
    mixed = (
      jnp.sin((1 - t) * angle) * start[None] + jnp.sin(t * angle) * end[None]
    )
    return mixed / jnp.sin(angle)


def of(config: Net) -> Latents:
  """The law of a configuration."""
  return Latents(config.latent_size, config.latent, config.latent_bound)
