"""Objectives of both players: losses of scores, and the gradient penalty.

Any pair of losses (Goodfellow et al., 2014, and after) with the gradient
penalty of Gulrajani et al. (2017), whose points and weight are chosen per
iteration.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.config import Config, Penalty, Regularizers
from jaxgan.gan import losses, penalty, points, regularizers
from jaxgan.gan.controller import Control, Measurement
from jaxgan.types import Array, InPlace, Metrics, Score, whole


class PenaltyInputs(NamedTuple):
  """Key and controller state for the penalty of one critic update.

  Attributes:
    key: of the uniforms that place the points, of the directions of finite
      differences, and of consistency.
    control: gives ratio and weight; no gradient flows into it.
    due: whether a lazy penalty applies in this update, a boolean; None for a
      penalty in every update.
    score: the critic with the labels of the penalized share of the batch; None
      for a critic without labels, or a share of 1.
    in_place: of a part of a batch (`Microbatches.in_place`).
  """

  key: Array
  control: Control
  due: Array | None = None
  score: Score | None = None
  in_place: InPlace = whole


class Outcomes(NamedTuple):
  """What a critic's loss saw of each example.

  Attributes:
    real, fake: scores [B].
    norms: gradient norms [m] of each kind of points (`points.build`), or their
      finite differences.
  """

  real: Array
  fake: Array
  norms: tuple[Array, ...]


class Objective(NamedTuple):
  """The two loss functions of a configuration.

  Attributes:
    losses: of the scores.
    adversarial: weight of the generator's loss of the scores.
    pull_away: weight of the generator's pull-away term.
    points: (key, real, fake, ratio) -> x^, the points of the penalty.
    price: (gradient norms, ratio) -> GP.
    penalty: whose weight is 0 only where it always is; gradient norms are then
      reported and not differentiated again.
    regularizers: of the critic's scores.
  """

  losses: losses.Losses
  adversarial: float
  pull_away: float
  points: points.Points
  price: penalty.Price
  penalty: Penalty
  regularizers: Regularizers

  def critic_loss(
    self, score: Score, real: Array, fake: Array, inputs: PenaltyInputs
  ) -> tuple[Array, Outcomes]:
    """L_D: loss of the scores + lambda GP + regularizers.

    Args:
      score: the critic with its parameters and labels.
      real: [B, ...] float32.
      fake: [B, ...] float32.
      inputs: key and control of the penalty.

    Returns:
      The loss, and what `report` needs.
    """
    control = jax.lax.stop_gradient(inputs.control)
    if self.regularizers.adversarial:
      length = self.regularizers.adversarial
      real = regularizers.adversarial(score, real, -length)
      fake = regularizers.adversarial(score, fake, length)
    real_scores, fake_scores = score(real), score(fake)
    norms = self._norms(
      inputs.score or score, (real, fake), (real_scores, fake_scores), inputs
    )
    cost = self._cost(norms, control.ratio)
    share = control.weight * self._scale(inputs.due) * cost
    loss = self.losses.critic(real_scores, fake_scores) + share
    if self.regularizers.consistency:
      # Not the points' keys, of which one law folds in 1.
      augment_key = jax.random.fold_in(inputs.key, 2)
      loss += self.regularizers.consistency * regularizers.consistency(
        score, real, real_scores, augment_key, self.regularizers
      )
    return loss, Outcomes(real_scores, fake_scores, norms)

  def choose(self, x: Array) -> Array:
    """The penalized share of a batch [B, ...]: [m, ...]."""
    return penalty.choose(x, self.penalty.share)

  def report(
    self, seen: Outcomes, inputs: PenaltyInputs
  ) -> tuple[Metrics, Measurement]:
    """Metrics of a critic update, and the measurement of its controller.

    Args:
      seen: of the whole batch.
      inputs: as for `critic_loss`.
    """
    control = jax.lax.stop_gradient(inputs.control)
    real_scores, fake_scores, norms = seen
    gap = jnp.mean(real_scores) - jnp.mean(fake_scores)
    cost = self._cost(norms, control.ratio)
    share = control.weight * self._scale(inputs.due) * cost
    violations = [penalty.one_sided(n, 1.0) for n in norms]
    metrics = {
      'gap': gap,
      'penalty': cost,
      'penalty_share': share / jnp.maximum(abs(gap), 1e-12),
      'slope': penalty.mean_norm(norms, self.penalty),
      'weight': control.weight,
      'ratio': control.ratio,
      **_score_metrics(real_scores, fake_scores, self.losses.middle),
    }
    measurement = Measurement(
      gap=gap,
      slope=metrics['slope'],
      sureness=2 * metrics['accuracy_real'] - 1,
      violation=jnp.mean(jnp.stack(violations)),
      distance=jnp.zeros((), jnp.float32),
    )
    return metrics, measurement

  def gen_loss(
    self, score: Score, real: Array, fake: Array, code: Score
  ) -> Array:
    """L_G: loss of the scores + the pull-away term.

    Args:
      score: the critic with its parameters and labels.
      real: [B, ...] float32, used by relativistic losses only.
      fake: [B, ...] float32, through which the gradient flows.
      code: examples -> [B, N], called for an autoencoding critic alone.

    Returns:
      A float32 scalar.
    """
    loss = jnp.zeros((), jnp.float32)
    if self.adversarial:
      loss = self.losses.gen(score(real), score(fake))
      if self.adversarial != 1:
        loss *= self.adversarial
    if self.pull_away:
      loss += self.pull_away * losses.pull_away(code(fake))
    return loss

  def _norms(
    self,
    score: Score,
    examples: tuple[Array, Array],
    scores: tuple[Array, Array],
    inputs: PenaltyInputs,
  ) -> tuple[Array, ...]:
    """Gradient norms [m], differentiable only where the penalty applies.

    Args:
      score: the critic of the penalized share of the batch.
      examples: real and fake [B, ...].
      scores: theirs [B].
      inputs: as for `critic_loss`.
    """
    config, ratio = self.penalty, inputs.control.ratio
    real, fake = map(self.choose, examples)
    at = self.points(inputs.key, real, fake, ratio, inputs.in_place)
    ends = points.ENDS.get(config.points)
    known = [self.choose(scores[i]) for i in ends] if ends else [None] * len(at)
    # Not the folds 1 and 2, of one law of the points and of consistency.
    key = jax.random.fold_in(inputs.key, 3)

    def measure() -> tuple[Array, ...]:
      if config.gradient == 'exact':
        return tuple(penalty.slopes(score, x) for x in at)
      directions = penalty.directions(key, at, inputs.in_place)
      return tuple(
        penalty.finite(score, *each, step=config.finite_step)
        for each in zip(at, directions, known, strict=True)
      )

    if not config.weight:
      return jax.lax.stop_gradient(measure())
    if inputs.due is None:
      return measure()
    norms: tuple[Array, ...] = jax.lax.cond(
      inputs.due, measure, lambda: jax.lax.stop_gradient(measure())
    )
    return norms

  def _cost(self, norms: tuple[Array, ...], ratio: Array) -> Array:
    """GP: the sum over the kinds of points."""
    return jnp.sum(jnp.stack([self.price(n, ratio) for n in norms]))

  def _scale(self, due: Array | None) -> Array | float:
    """Factor of a lazy penalty: `lazy` in the updates that apply it, else 0."""
    return 1.0 if due is None else jnp.where(due, self.regularizers.lazy, 0)


def build(config: Config) -> Objective:
  """Builds the objective of a configuration."""
  return Objective(
    losses.build(config.loss),
    config.loss.adversarial,
    config.loss.pull_away,
    points.build(config.penalty),
    penalty.build(config.penalty),
    config.penalty,
    config.regularisers,
  )


def _score_metrics(real: Array, fake: Array, middle: float | None) -> Metrics:
  """Mean scores, and the share of each side above or below the middle.

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
