"""The gradient penalty: gradient norms n = |dD/dx^|, and their penalty GP.

Norms are exact, or estimated by finite differences, for the whole batch or for
a share of it (`penalty.gradient`, `penalty.share`).
"""

import functools
import math
from collections.abc import Callable, Sequence

import chex
import jax
import jax.numpy as jnp

from jaxgan.config import Penalty
from jaxgan.types import Array, InPlace, Score, whole

Price = Callable[[Array, Array], Array]

# Inside the root: where the critic is flat, the root's derivative would be
# infinite and the second derivative NaN.
EPSILON = 1e-12

# The mean of |q| is that of n times E|N(0, 1)| = sqrt(2 / pi).
FINITE_TO_NORM = math.sqrt(math.pi / 2)


def slopes(score: Score, points: Array) -> Array:
  """Gradient norms n_i = sqrt(sum_j (dD/dx^_ij)^2 + 1e-12), one per example.

  Args:
    score: the critic; its score of one example must not depend on the others,
      since the gradient of the sum is read as one gradient per example.
    points: [B, ...] float32.

  Returns:
    [B] float32, at least 1e-6.

  Raises:
    AssertionError: not one score per example, at trace time.

  Example:
    >>> critic = lambda x: x @ jnp.array([3.0, 4.0])
    >>> penalty.slopes(critic, jnp.zeros((2, 2))).tolist()
    [5.0, 5.0]
  """

  def total(x: Array) -> Array:
    scores = per_example(score(x))
    chex.assert_shape(scores, points.shape[:1])
    return jnp.sum(scores)

  gradient = jax.grad(total)(points)
  squares = jnp.square(gradient.astype(jnp.float32))
  return jnp.sqrt(jnp.sum(squares.reshape(len(points), -1), axis=1) + EPSILON)


def finite(
  score: Score,
  points: Array,
  direction: Array,
  scores: Array | None = None,
  *,
  step: float,
) -> Array:
  """Finite differences |q_i|, q = (D(x^ + h v) - D(x^)) / h, one per example.

  With v ~ N(0, I), q^2 is an estimate of n^2 that needs no second derivative.
  For a linear critic q ~ N(0, n^2): the mean of q^2 is n^2 and its variance 2
  n^4, so the mean over m examples of equal norms has the relative deviation
  sqrt(2 / m). For other critics the mean is n^2 + O(h^2): with the Hessian A of
  a quadratic critic it is n^2 + h^2 ((tr A)^2 + 2 tr A^2) / 4.

  Args:
    score: the critic, in float32: the difference of two scores is small.
    points: [B, ...] float32.
    direction: v, in the shape of the points.
    scores: [B], D at the points where they are known; None computes them.
    step: h > 0, in the units of the points.

  Returns:
    [B] float32, whose squares are differentiable at 0 too.

  Example:
    >>> at, v = jnp.zeros((1, 2)), jnp.ones((1, 2))
    >>> critic = lambda x: x @ jnp.array([3.0, 4.0])
    >>> round(float(penalty.finite(critic, at, v, step=0.5)[0]), 3)
    7.0
  """
  chex.assert_equal_shape([points, direction])
  start = per_example(score(points) if scores is None else scores)
  chex.assert_shape(start, points.shape[:1])
  end = per_example(score(points + step * direction))
  return jnp.abs(end - start) / step


def per_example(scores: Array) -> Array:
  """Scores [B], or the mean over the patches of [B, P]: [B].

  Example:
    >>> penalty.per_example(jnp.array([[1.0, 3.0]])).tolist()
    [2.0]
  """
  return scores if scores.ndim == 1 else jnp.mean(scores, axis=1)


def directions(
  key: Array, at: Sequence[Array], in_place: InPlace = whole
) -> list[Array]:
  """Draws v ~ N(0, I) for each kind of points, in their shapes [m, ...].

  Args:
    key: PRNG key.
    at: the points.
    in_place: of a part of a batch (`Microbatches.in_place`).

  Example:
    >>> (v,) = penalty.directions(jax.random.key(0), [jnp.zeros((2, 8, 8, 1))])
    >>> v.shape
    (2, 8, 8, 1)
  """
  keys = jax.random.split(key, len(at))
  draws = [functools.partial(_normal, key) for key in keys]
  return [in_place(draw)(x) for draw, x in zip(draws, at, strict=True)]


def choose(x: Array, share: float) -> Array:
  """The penalized share of a batch: [B, ...] -> [share B, ...].

  The first examples of groups of equal size, so that devices that hold whole
  groups send no example to another.

  Args:
    x: of examples, in the order of the batch.
    share: in (0, 1]; share B is a whole number.

  Example:
    >>> penalty.choose(jnp.arange(8), 0.5).tolist()
    [0, 2, 4, 6]
  """
  num = round(share * len(x))
  if num == len(x):
    return x
  groups = math.gcd(num, len(x))
  grouped = x.reshape(groups, -1, *x.shape[1:])
  return grouped[:, : num // groups].reshape(num, *x.shape[1:])


def mean_norm(norms: Sequence[Array], config: Penalty) -> Array:
  """The mean gradient norm, a scalar; unbiased for finite differences too.

  Args:
    norms: of each kind of points, [m].
    config: `gradient` tells differences from exact norms.

  Example:
    >>> float(penalty.mean_norm([jnp.array([1.0, 2.0])], Penalty()))
    1.5
  """
  mean = jnp.mean(jnp.stack([jnp.mean(n) for n in norms]))
  return mean * FINITE_TO_NORM if config.gradient == 'finite' else mean


def two_sided(slope: Array, target: Array | float) -> Array:
  """GP = mean (n - T)^2 (Gulrajani et al., 2017, equation 3).

  Example:
    >>> float(penalty.two_sided(jnp.array([0.0, 3.0]), 1.0))
    2.5
  """
  return jnp.mean(jnp.square(slope - target))


def one_sided(slope: Array, target: Array | float) -> Array:
  """GP = mean max(0, n - T)^2 (Petzka et al., 2018, equation 8).

  Example:
    >>> float(penalty.one_sided(jnp.array([0.0, 3.0]), 1.0))
    2.0
  """
  return jnp.mean(jnp.square(jnp.maximum(slope - target, 0.0)))


def build(config: Penalty) -> Price:
  """Builds the penalty: a function (gradient norms [m], ratio) -> GP.

  Args:
    config: `sides`, `target` T and `target_law`; with the law `ratio` the
      target is T times ratio, so that near convergence the penalty becomes R1
      with gamma = 2 lambda.

  Example:
    >>> price = penalty.build(Penalty(sides='one', target=1.0))
    >>> float(price(jnp.array([0.0, 3.0]), jnp.ones(())))
    2.0
  """
  price = {'two': two_sided, 'one': one_sided}[config.sides]
  annealed = config.target_law == 'ratio'

  def penalty(slope: Array, ratio: Array) -> Array:
    ratio = jax.lax.stop_gradient(ratio)
    return price(slope, config.target * ratio if annealed else config.target)

  return penalty


def _normal(key: Array, x: Array) -> Array:
  return jax.random.normal(key, x.shape)
