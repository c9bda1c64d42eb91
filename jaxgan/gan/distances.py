"""What a real and a fake batch tell without the critic.

Estimates from one batch: cheap, noisy, and free of the critic's own scale. No
gradient flows through them.
"""

import jax
import jax.numpy as jnp

from jaxgan.types import Array

_PROJECTIONS = 64
_COMPARED = 64  # Examples of each side.


def sliced(real: Array, fake: Array) -> Array:
  """Sliced W1 above its floor: what two real batches would show is taken off.

  Both batches are cut in halves; the distance of real from fake halves, less
  that of the two real halves, over fixed directions (Rabin et al., 2011).

  Args:
    real: [B, ...] with B >= 2.
    fake: [B, ...].

  Returns:
    A float32 scalar in data units; about 0 for equal distributions, and it
    can be a little below.
  """
  real, fake = (x.reshape(len(x), -1) for x in (real, fake))
  half = len(real) // 2
  directions = jax.random.normal(
    jax.random.key(0), (real.shape[1], _PROJECTIONS)
  )
  directions /= jnp.linalg.norm(directions, axis=0, keepdims=True)

  def w1(x: Array, y: Array) -> Array:
    x, y = (jnp.sort(v @ directions, axis=0) for v in (x, y))
    return jnp.mean(jnp.abs(x - y))

  first, second = slice(0, half), slice(half, 2 * half)
  apart = w1(real[first], fake[first]) + w1(real[second], fake[second])
  return apart / 2 - w1(real[first], real[second])


def energy(real: Array, fake: Array) -> Array:
  """2 E|x - y| - E|x - x'| - E|y - y'|, unbiased (Szekely & Rizzo, 2013).

  Args:
    real: [B, ...] with B >= 2.
    fake: [B, ...].

  Returns:
    A float32 scalar in data units; about 0 for equal distributions, and it
    can be a little below.
  """
  real, fake = (x.reshape(len(x), -1) for x in (real, fake))
  pairs = len(real) * (len(real) - 1)
  within = (jnp.sum(_distances(x, x)) / pairs for x in (real, fake))
  return 2 * jnp.mean(_distances(real, fake)) - sum(within)


def diversity(real: Array, fake: Array) -> Array:
  """How far fakes are from each other, where real examples give 1.

  The smaller of two ratios: of the mean distance of all pairs, which falls
  when fakes gather in one place, and of the mean distance to the nearest
  neighbour, which falls when they gather in several.

  Args:
    real: [B, ...] with B >= 2, of which the first 64 are looked at.
    fake: [B', ...] with B' >= 2, likewise.

  Returns:
    A float32 scalar: 0 where all fakes are one.
  """
  # A nearest neighbour is the nearer the more there are, so as many of both;
  # and few, since pairs grow with the square of the batch on every device.
  most = min(len(real), len(fake), _COMPARED)
  seen = zip(_apart(fake[:most]), _apart(real[:most]), strict=True)
  return jnp.minimum(*(x / jnp.maximum(y, 1e-12) for x, y in seen))


def _apart(x: Array) -> tuple[Array, Array]:
  """The mean distance of all pairs, and to the nearest neighbour."""
  x = x.reshape(len(x), -1)
  apart = _distances(x, x)
  own = jnp.eye(len(x), dtype=bool)
  nearest = jnp.min(jnp.where(own, jnp.inf, apart), axis=1)
  others = jnp.sum(jnp.where(own, 0.0, apart)) / (len(x) * (len(x) - 1))
  return others, jnp.mean(nearest)


def _distances(x: Array, y: Array) -> Array:
  """[B, B] Euclidean distances."""
  norms = jnp.sum(x * x, axis=1)[:, None] + jnp.sum(y * y, axis=1)[None, :]
  inner = jnp.matmul(x, y.T, precision=jax.lax.Precision.HIGHEST)
  return jnp.sqrt(jnp.maximum(norms - 2 * inner, 0.0))
