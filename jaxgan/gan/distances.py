"""Distances between a real and a fake batch that do not use the critic.

Estimates from one batch: cheap, noisy, and independent of the critic's scale.
No gradient flows through them.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp

from jaxgan.types import Array

_PROJECTIONS = 64
_COMPARED = 64  # Examples of each side.
# With fewer, libtpu 0.0.42.1 crashes in the product of examples that several
# chips share, or takes more memory than a host has.
_FEW_COLUMNS = 8


def sliced(real: Array, fake: Array) -> Array:
  """Sliced Wasserstein-1 distance, minus the value of two real batches.

  Both batches are split into halves: the distance of real and fake halves,
  minus that of the two real halves, over fixed directions (Rabin et al., 2011).

  Args:
    real: [B, ...] with B >= 2.
    fake: [B, ...].

  Returns:
    A float32 scalar in data units; about 0 for equal distributions, and it
    can be a little below.

  Example:
    >>> x = jax.random.normal(jax.random.key(1), (64, 2))
    >>> bool(distances.sliced(x, x + 3) > distances.sliced(x, x + 1))
    True
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
  total = w1(real[first], fake[first]) + w1(real[second], fake[second])
  return total / 2 - w1(real[first], real[second])


def energy(real: Array, fake: Array) -> Array:
  """Energy distance 2 E|x - y| - E|x - x'| - E|y - y'|, unbiased.

  Source: Szekely & Rizzo, 2013.

  Args:
    real: [B, ...] with B >= 2.
    fake: [B, ...].

  Returns:
    A float32 scalar in data units; about 0 for equal distributions, and it
    can be a little below.

  Example:
    >>> x = jax.random.normal(jax.random.key(1), (64, 2))
    >>> bool(distances.energy(x, x + 3) > distances.energy(x, x + 1))
    True
  """
  real, fake = (x.reshape(len(x), -1) for x in (real, fake))
  pairs = len(real) * (len(real) - 1)
  within = (jnp.sum(_distances(x, x)) / pairs for x in (real, fake))
  return 2 * jnp.mean(_distances(real, fake)) - sum(within)


# Distances for `penalty.distance`.
OF_BATCHES: Mapping[str, Callable[[Array, Array], Array]] = {
  'sliced': sliced,
  'energy': energy,
}


def diversity(real: Array, fake: Array) -> Array:
  """Diversity of the fakes relative to real examples: detects mode collapse.

  The smaller of two ratios of fake to real: of the mean distance of all pairs,
  which falls when there is one mode, and of the mean distance to the nearest
  neighbor, which falls when there are several.

  Args:
    real: [B, ...] with B >= 2, of which the first 64 are used.
    fake: [B', ...] with B' >= 2, likewise.

  Returns:
    A float32 scalar: 0 where all fakes are equal, about 1 for real examples.

  Example:
    >>> x = jax.random.normal(jax.random.key(1), (64, 2))
    >>> float(distances.diversity(x, jnp.zeros((64, 2))))  # Collapsed.
    0.0
  """
  # Equally many, since nearest neighbors are closer in larger sets; and few,
  # since the number of pairs grows with the square of the batch.
  most = min(len(real), len(fake), _COMPARED)
  pairs = zip(_spread(fake[:most]), _spread(real[:most]), strict=True)
  return jnp.minimum(*(x / jnp.maximum(y, 1e-12) for x, y in pairs))


def _spread(x: Array) -> tuple[Array, Array]:
  """Mean distance of all pairs, and mean distance to the nearest neighbor."""
  x = x.reshape(len(x), -1)
  distances = _distances(x, x)
  own = jnp.eye(len(x), dtype=bool)
  nearest = jnp.min(jnp.where(own, jnp.inf, distances), axis=1)
  others = jnp.sum(jnp.where(own, 0.0, distances)) / (len(x) * (len(x) - 1))
  return others, jnp.mean(nearest)


def _distances(x: Array, y: Array) -> Array:
  """[B, B] Euclidean distances."""
  if x.shape[1] < _FEW_COLUMNS:
    return jnp.sqrt(jnp.sum(jnp.square(x[:, None] - y[None]), axis=-1))
  norms = jnp.sum(x * x, axis=1)[:, None] + jnp.sum(y * y, axis=1)[None, :]
  inner = jnp.matmul(x, y.T, precision=jax.lax.Precision.HIGHEST)
  return jnp.sqrt(jnp.maximum(norms - 2 * inner, 0.0))
