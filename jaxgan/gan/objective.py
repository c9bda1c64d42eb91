"""The game of two: losses of scores, with the critic's penalty and its weight.

Any pair of losses (Goodfellow et al., 2014, and after) with the gradient
penalty of Gulrajani et al. (2017), whose points and weight are chosen per
iteration.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.config import Config, Regularisers
from jaxgan.gan import losses, penalty, points, regularizers
from jaxgan.gan.controller import Control, Measurement
from jaxgan.types import Array, Metrics, Score


class Turn(NamedTuple):
  """What one critic update gets beside its examples.

  Attributes:
    key: of the uniforms that place the points, and of consistency.
    control: gives ratio and weight; no gradient flows into it.
    due: whether the penalty is taken, a boolean; None for always.
  """

  key: Array
  control: Control
  due: Array | None = None


class Gan(NamedTuple):
  """The two pure loss functions of a configuration.

  Attributes:
    losses: of the scores.
    pull_away: weight of the generator's term of that name.
    points: (key, real, fake, ratio) -> x^: where.
    price: (slopes, ratio) -> GP: what a slope costs.
    penalised: False where the weight can only be 0; slopes are then reported
      and not differentiated again.
    regularisers: what else the critic's scores cost.
  """

  losses: losses.Losses
  pull_away: float
  points: points.Points
  price: penalty.Price
  penalised: bool
  regularizers: Regularisers

  def critic_loss(
    self, score: Score, real: Array, fake: Array, turn: Turn
  ) -> tuple[Array, tuple[Metrics, Measurement]]:
    """L_D of the scores + lambda GP + regularisers.

    Args:
      score: the critic, its parameters and its labels inside.
      real: [B, ...] float32.
      fake: [B, ...] float32.
      turn: the key and the controller.

    Returns:
      The loss, the metrics of this update and what the controller looks at.
    """
    control = jax.lax.stop_gradient(turn.control)
    if self.regularizers.adversarial:
      real = regularizers.against(score, real, -self.regularizers.adversarial)
      fake = regularizers.against(score, fake, self.regularizers.adversarial)
    real_scores, fake_scores = score(real), score(fake)
    gap = jnp.mean(real_scores) - jnp.mean(fake_scores)
    at = self.points(turn.key, real, fake, control.ratio)
    slope = self._slopes(score, at, turn.due)
    cost = self.price(slope, control.ratio)
    share = control.weight * self._strength(turn.due) * cost
    loss = self.losses.critic(real_scores, fake_scores) + share
    if self.regularizers.consistency:
      # Apart from the points' keys, of which one law folds in 1.
      change_key = jax.random.fold_in(turn.key, 2)
      loss += self.regularizers.consistency * regularizers.consistency(
        score, real, real_scores, change_key, self.regularizers
      )
    metrics = {
      'gap': gap,
      'critic_loss': loss,
      'penalty': cost,
      'penalty_share': share / jnp.maximum(abs(gap), 1e-12),
      'slope': jnp.mean(slope),
      'weight': control.weight,
      'ratio': control.ratio,
      **_scores(real_scores, fake_scores, self.losses.middle),
    }
    seen = Measurement(
      gap=gap,
      slope=metrics['slope'],
      sureness=2 * metrics['accuracy_real'] - 1,
      violation=penalty.one_sided(slope, 1.0),
      distance=jnp.zeros((), jnp.float32),
    )
    return loss, (metrics, seen)

  def gen_loss(
    self, score: Score, real: Array, fake: Array, code: Score
  ) -> Array:
    """L_G of the scores, + the pull-away term.

    Args:
      score: the critic, its parameters and its labels inside.
      real: [B, ...] float32, which only some losses look at.
      fake: [B, ...] float32, through which the gradient flows.
      code: examples -> [B, N], called for an autoencoding critic alone.

    Returns:
      A float32 scalar.
    """
    loss = self.losses.gen(score(real), score(fake))
    if self.pull_away:
      loss += self.pull_away * losses.pull_away(code(fake))
    return loss

  def _slopes(self, score: Score, at: Array, due: Array | None) -> Array:
    """[B]; differentiated again only where the penalty is taken."""
    if not self.penalised:
      return jax.lax.stop_gradient(penalty.slopes(score, at))
    if due is None:
      return penalty.slopes(score, at)
    return jax.lax.cond(
      due,
      lambda: penalty.slopes(score, at),
      lambda: jax.lax.stop_gradient(penalty.slopes(score, at)),
    )

  def _strength(self, due: Array | None) -> Array | float:
    """As many times stronger as the penalty is rarer, and else 0."""
    return 1.0 if due is None else jnp.where(due, self.regularizers.lazy, 0)


def build(config: Config) -> Gan:
  """The game of a configuration.

  Raises:
    ValueError: unknown `loss.name` or `penalty.points`, a loss and a critic
      that do not fit, or a regulariser that lacks its augmentation.
  """
  _check(config)
  weight = config.penalty.weight
  # A weight that is traced may be anything, so it counts as more than 0.
  unpenalised = isinstance(weight, float) and weight == 0
  return Gan(
    losses.build(config.loss),
    config.loss.pull_away,
    points.build(config.penalty),
    penalty.build(config.penalty),
    not unpenalised,
    config.regularisers,
  )


def _check(config: Config) -> None:
  autoencodes = config.net.critic_head == 'autoencoder'
  if (config.loss.name == 'energy') != autoencodes:
    raise ValueError(
      f'loss.name is {config.loss.name} and net.critic_head is '
      f'{config.net.critic_head}; energy and autoencoder need each other.'
    )
  if config.loss.pull_away and not autoencodes:
    raise ValueError(
      f'loss.pull_away is {config.loss.pull_away:g} and loss.name is '
      f'{config.loss.name}; only energy has codes that can be kept apart.'
    )


def _scores(real: Array, fake: Array, middle: float | None) -> Metrics:
  """Means, and the share of each side above or below the middle.

  A Wasserstein critic has no zero: only differences of scores mean anything.
  """
  if middle is None:
    at = (jnp.mean(real) + jnp.mean(fake)) / 2
  else:
    at = jnp.float32(middle)
  return {
    'score_real': jnp.mean(real),
    'score_fake': jnp.mean(fake),
    'accuracy_real': jnp.mean((real > at).astype(jnp.float32)),
    'accuracy_fake': jnp.mean((fake < at).astype(jnp.float32)),
  }
