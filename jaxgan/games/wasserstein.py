"""The Wasserstein game: critic loss -g + lambda GP, generator loss -mean D.

Arjovsky et al. (2017) with the gradient penalty of Gulrajani et al. (2017),
whose points and weight are chosen per iteration.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.games import penalty, points
from jaxgan.games.controller import Control, Measurement
from jaxgan.schema import Penalty
from jaxgan.types import Array, Metrics, Score


class Wasserstein(NamedTuple):
  """The two pure loss functions, with the penalty of a configuration.

  Attributes:
    points: (key, real, fake, ratio) -> x^: where.
    price: (slopes, ratio) -> GP: what a slope costs.
    penalised: False where the weight can only be 0; slopes are then reported
      and not differentiated again.
  """

  points: points.Points
  price: penalty.Price
  penalised: bool

  def critic_loss(
    self, score: Score, real: Array, fake: Array, key: Array, control: Control
  ) -> tuple[Array, tuple[Metrics, Measurement]]:
    """L_D = -g + lambda GP.

    Args:
      score: the critic, its parameters and its labels inside.
      real: [B, ...] float32.
      fake: [B, ...] float32.
      key: of the uniforms that place the points.
      control: gives ratio and weight; no gradient flows into it.

    Returns:
      The loss, the metrics of this update and what the controller looks at.
    """
    control = jax.lax.stop_gradient(control)
    real_scores, fake_scores = score(real), score(fake)
    gap = jnp.mean(real_scores) - jnp.mean(fake_scores)
    at = self.points(key, real, fake, control.ratio)
    slope = penalty.slopes(score, at)
    if not self.penalised:
      slope = jax.lax.stop_gradient(slope)
    cost = self.price(slope, control.ratio)
    loss = -gap + control.weight * cost
    metrics = {
      'gap': gap,
      'critic_loss': loss,
      'penalty': cost,
      'penalty_share': control.weight * cost / jnp.maximum(abs(gap), 1e-12),
      'slope': jnp.mean(slope),
      'weight': control.weight,
      'ratio': control.ratio,
      **_scores(real_scores, fake_scores),
    }
    violation = penalty.one_sided(slope, 1.0)
    none = jnp.zeros((), jnp.float32)
    seen = Measurement(gap, metrics['slope'], violation, none)
    return loss, (metrics, seen)

  def gen_loss(self, score: Score, fake: Array) -> Array:
    """L_G = -mean D(G(z)).

    Args:
      score: the critic, its parameters and its labels inside.
      fake: [B, ...] float32, through which the gradient flows.

    Returns:
      A float32 scalar.
    """
    return -jnp.mean(score(fake))


def build(config: Penalty) -> Wasserstein:
  """The game of a configuration.

  Raises:
    ValueError: unknown `penalty.points`.
  """
  # A weight that is traced may be anything, so it counts as more than 0.
  unpenalised = isinstance(config.weight, float) and config.weight == 0
  return Wasserstein(
    points.build(config), penalty.build(config), not unpenalised
  )


def _scores(real: Array, fake: Array) -> Metrics:
  """Means, and the share of each side above or below the middle of the two.

  A Wasserstein critic has no zero: only differences of scores mean anything.
  """
  middle = (jnp.mean(real) + jnp.mean(fake)) / 2
  return {
    'score_real': jnp.mean(real),
    'score_fake': jnp.mean(fake),
    'accuracy_real': jnp.mean((real > middle).astype(jnp.float32)),
    'accuracy_fake': jnp.mean((fake < middle).astype(jnp.float32)),
  }
