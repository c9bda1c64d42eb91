"""A pool of past outputs of the generator, of which the critic sees some.

Sources: Shrivastava et al., 2017; CycleGAN (Zhu et al., 2017), whose pool holds
50 images of each domain.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.config import Config
from jaxgan.types import Array


class Pool(NamedTuple):
  """Past outputs, a part of the train state.

  Attributes:
    images: [N, D, H, W, C] float32, of D domains.
    filled: int32, how many of the N are.
  """

  images: Array
  filled: Array


def empty(config: Config, shape: tuple[int, ...]) -> Pool:
  """The empty pool of a configuration, for images of shape (H, W, C)."""
  domains = 2 if config.translation.input == 'unpaired' else 1
  sizes = config.translation.pool, domains
  images = jnp.zeros((*sizes, *shape), jnp.float32)
  return Pool(images, jnp.zeros((), jnp.int32))


def exchange(pool: Pool, key: Array, fake: Array) -> tuple[Array, Pool]:
  """Exchanges new outputs for older ones, each with probability 1/2.

  A pool that is not full yet takes copies, and nothing is exchanged. Examples
  of one batch never get the same older output.

  Args:
    pool: before the update; N is at least B / D.
    key: of the choice.
    fake: [B, H, W, C] new outputs, whose domains alternate.

  Returns:
    What the critic sees [B, H, W, C], and the pool after the update.
  """
  size, domains = pool.images.shape[:2]
  new = fake.reshape(-1, domains, *fake.shape[1:])
  num = len(new)
  order_key, share_key = jax.random.split(key)
  fills = pool.filled < size
  # An index beyond the last slot is not written.
  slots = jnp.where(
    fills,
    pool.filled + jnp.arange(num),
    jax.random.permutation(order_key, size)[:num],
  )
  chosen = ~fills & jax.random.bernoulli(share_key, 0.5, (num, domains))
  chosen = chosen[:, :, None, None, None]
  old = pool.images[slots]
  stored = jnp.where(chosen | fills, new, old)
  seen = jnp.where(chosen, old, new).reshape(fake.shape)
  images = pool.images.at[slots].set(stored, mode='drop')
  return seen, Pool(images, jnp.minimum(pool.filled + num, size))
