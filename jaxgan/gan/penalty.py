"""The gradient penalty: gradient norms n = |dD/dx^|, and their penalty GP."""

from collections.abc import Callable

import chex
import jax
import jax.numpy as jnp

from jaxgan.config import Penalty
from jaxgan.types import Array, Score

Price = Callable[[Array, Array], Array]

# Inside the root: where the critic is flat, the root's derivative would be
# infinite and the second derivative NaN.
EPSILON = 1e-12


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
  """

  def total(x: Array) -> Array:
    scores = score(x)
    chex.assert_shape(scores, points.shape[:1])
    return jnp.sum(scores)

  gradient = jax.grad(total)(points)
  squares = jnp.square(gradient.astype(jnp.float32))
  return jnp.sqrt(jnp.sum(squares.reshape(len(points), -1), axis=1) + EPSILON)


def two_sided(slope: Array, target: Array | float) -> Array:
  """GP = mean (n - T)^2 (Gulrajani et al., 2017, equation 3)."""
  return jnp.mean(jnp.square(slope - target))


def one_sided(slope: Array, target: Array | float) -> Array:
  """GP = mean max(0, n - T)^2 (Petzka et al., 2018, equation 8)."""
  return jnp.mean(jnp.square(jnp.maximum(slope - target, 0.0)))


def build(config: Penalty) -> Price:
  """Builds the penalty: a function (gradient norms [B], ratio) -> GP.

  Args:
    config: `sides`, `target` T and `target_law`; with the law `ratio` the
      target is T times ratio, so that near convergence the penalty becomes R1
      with gamma = 2 lambda.
  """
  price = {'two': two_sided, 'one': one_sided}[config.sides]
  annealed = config.target_law == 'ratio'

  def penalty(slope: Array, ratio: Array) -> Array:
    ratio = jax.lax.stop_gradient(ratio)
    return price(slope, config.target * ratio if annealed else config.target)

  return penalty
