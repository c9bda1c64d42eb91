"""The points x^ at which the critic's gradient is penalized.

A point x^ = x + a (x~ - x) lies between a real example x and a fake x~: a = 0
is real, a = 1 is fake. A law turns one uniform number per example, and the
ratio of the present distance to its reference, into a. Two laws are of another
kind: `dragan` adds noise to real examples, and `real_and_fake` takes all real
examples and all fakes. The weight of the penalty is chosen elsewhere
(`controller`). To add a law, write a function of (u, ratio, config) and name it
in LAWS.
"""

from collections.abc import Callable, Mapping

import chex
import jax
import jax.numpy as jnp

from jaxgan.config import Penalty, pick
from jaxgan.types import Array, InPlace, whole

Law = Callable[[Array, Array, Penalty], Array]
Points = Callable[..., tuple[Array, ...]]

# Laws whose points are examples of the batch, so that their scores are known: 0
# for real, 1 for fake. (Of `fake`, x + 1 (x~ - x) has rounding errors.)
ENDS: Mapping[str, tuple[int, ...]] = {'real': (0,), 'real_and_fake': (0, 1)}


def uniform(u: Array, ratio: Array, config: Penalty) -> Array:
  """WGAN-GP: a ~ U[0, 1) (Gulrajani et al., 2017, algorithm 1).

  Example:
    >>> u = jnp.array([0.25, 0.5])
    >>> points.uniform(u, jnp.ones(()), Penalty()).tolist()
    [0.25, 0.5]
  """
  del ratio, config
  return u


def warp(u: Array, ratio: Array, config: Penalty) -> Array:
  """The iterative law: a = u^(1 / max(ratio, spread_min)).

  P(a <= t) = t^r: uniform at ratio 1, and nearer to the real data the smaller
  the ratio, with a density of at least r everywhere on the segment.

  Args:
    u: [B] uniform in [0, 1).
    ratio: scalar in [0, 1].
    config: gives `spread_min`.

  Returns:
    [B] in [0, 1] for any ratio; u itself, bit for bit, where ratio is 1 or NaN.

  Example:
    >>> u = jnp.array([0.25, 0.5])
    >>> points.warp(u, jnp.float32(0.5), Penalty()).tolist()
    [0.0625, 0.25]
  """
  spread = jnp.maximum(ratio, config.spread_min)
  # A power is not exact even where the exponent is 1.
  return jnp.where(spread < 1.0, u ** (1.0 / spread), u)


def constant_ratio(u: Array, ratio: Array, config: Penalty) -> Array:
  """The literal law: a = ratio, within [0, 1], for the whole batch.

  Example:
    >>> u = jnp.array([0.25, 0.5])
    >>> points.constant_ratio(u, jnp.float32(0.5), Penalty()).tolist()
    [0.5, 0.5]
  """
  del config
  inside = jnp.where(ratio < 1.0, jnp.maximum(ratio, 0.0), 1.0)  # NaN: 1.
  return jnp.full_like(u, inside)


def near_real(u: Array, ratio: Array, config: Penalty) -> Array:
  """The warp at the fixed ratio `static_ratio`: a control without feedback.

  Example:
    >>> config = Penalty(static_ratio=0.5)
    >>> points.near_real(jnp.array([0.5]), jnp.ones(()), config).tolist()
    [0.25]
  """
  del ratio
  return u ** (1.0 / config.static_ratio)


def near_fake(u: Array, ratio: Array, config: Penalty) -> Array:
  """The mirror image of `near_real`: points concentrate near the fakes.

  Example:
    >>> config = Penalty(static_ratio=0.5)
    >>> points.near_fake(jnp.array([0.5]), jnp.ones(()), config).tolist()
    [0.75]
  """
  return 1.0 - near_real(u, ratio, config)


def both_ends(u: Array, ratio: Array, config: Penalty) -> Array:
  """Half of the points as `near_real`, half as `near_fake`.

  Example:
    >>> config = Penalty(static_ratio=0.5)
    >>> u = jnp.array([0.25, 0.75])
    >>> points.both_ends(u, jnp.ones(()), config).tolist()
    [0.25, 0.75]
  """
  inner = 2.0 * u - jnp.floor(2.0 * u)  # Uniform within either half of u.
  near = near_real(inner, ratio, config)
  return jnp.where(u < 0.5, near, 1.0 - near)


def midpoint(u: Array, ratio: Array, config: Penalty) -> Array:
  """a = 1/2.

  Example:
    >>> points.midpoint(jnp.zeros(2), jnp.ones(()), Penalty()).tolist()
    [0.5, 0.5]
  """
  del ratio, config
  return jnp.full_like(u, 0.5)


def real(u: Array, ratio: Array, config: Penalty) -> Array:
  """a = 0: R1 (Mescheder et al., 2018).

  Example:
    >>> points.real(jnp.ones(2), jnp.ones(()), Penalty()).tolist()
    [0.0, 0.0]
  """
  del ratio, config
  return jnp.zeros_like(u)


def fake(u: Array, ratio: Array, config: Penalty) -> Array:
  """a = 1: R2 (Mescheder et al., 2018).

  Example:
    >>> points.fake(jnp.zeros(2), jnp.ones(()), Penalty()).tolist()
    [1.0, 1.0]
  """
  del ratio, config
  return jnp.ones_like(u)


LAWS: Mapping[str, Law] = {
  'uniform': uniform,
  'warp': warp,
  'ratio': constant_ratio,
  'near_real': near_real,
  'near_fake': near_fake,
  'both_ends': both_ends,
  'midpoint': midpoint,
  'real': real,
  'fake': fake,
}


def interpolate(real: Array, fake: Array, alpha: Array) -> Array:
  """x^ = x + a (x~ - x).

  Args:
    real: [B, ...] real examples x.
    fake: [B, ...] fake examples x~.
    alpha: [B] in [0, 1].

  Returns:
    [B, ...], equal to `real` where alpha is 0.

  Raises:
    AssertionError: the shapes do not match, at trace time.

  Example:
    >>> real, fake = jnp.zeros((2, 1)), jnp.ones((2, 1))
    >>> points.interpolate(real, fake, jnp.array([0.25, 0.5])).tolist()
    [[0.25], [0.5]]
  """
  # Otherwise a batch of one, or one alpha for all, would broadcast.
  chex.assert_equal_shape([real, fake])
  chex.assert_shape(alpha, real.shape[:1])
  alpha = alpha.reshape((-1,) + (1,) * (real.ndim - 1))
  return real + alpha * (fake - real)


def build(config: Penalty) -> Points:
  """Builds the points of a configuration.

  Args:
    config: `points` names the law.

  Returns:
    A function (key, real [B, ...], fake [B, ...], ratio, in_place) -> points:
    arrays [B, ...], two for `real_and_fake`, one for other laws. All laws draw
    the same u from the same key, so that runs which differ only in their law
    are paired. For a part of a batch, `in_place` makes its u those that the
    whole batch would have there.

  Raises:
    ValueError: unknown `penalty.points`.

  Example:
    >>> law = points.build(Penalty(points='midpoint'))
    >>> real, fake = jnp.zeros((2, 1)), jnp.ones((2, 1))
    >>> [x.tolist() for x in law(jax.random.key(0), real, fake, 1.0)]
    [[[0.5], [0.5]]]
  """
  if config.points in ENDS:
    return _examples(ENDS[config.points])
  law = pick('penalty.points', config.points, {**LAWS, 'dragan': uniform})
  ends = _noisy_real if config.points == 'dragan' else _fake_end

  def points(
    key: Array,
    real: Array,
    fake: Array,
    ratio: Array,
    in_place: InPlace = whole,
  ) -> tuple[Array, ...]:
    u = in_place(lambda x: jax.random.uniform(key, (len(x),)))(real)
    alpha = law(u, jax.lax.stop_gradient(ratio), config)
    return (interpolate(real, ends(key, real, fake, config), alpha),)

  return points


def _examples(ends: tuple[int, ...]) -> Points:
  """R1, R2 or both together, as in R3GAN (Huang et al., 2024).

  Without the arithmetic of `interpolate`, the compiler reuses the scores.
  """

  def points(
    key: Array,
    real: Array,
    fake: Array,
    ratio: Array,
    in_place: InPlace = whole,
  ) -> tuple[Array, ...]:
    del key, ratio, in_place
    return tuple((real, fake)[i] for i in ends)

  return points


def _fake_end(key: Array, real: Array, fake: Array, config: Penalty) -> Array:
  del key, real, config
  return fake


def _noisy_real(key: Array, real: Array, fake: Array, config: Penalty) -> Array:
  """The noisy copy of DRAGAN, as in its authors' code (Kodali et al., 2017)."""
  del fake
  noise = jax.random.uniform(jax.random.fold_in(key, 1), real.shape)
  return real + config.noise * jnp.std(real) * noise
