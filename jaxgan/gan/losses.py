"""Losses of generator and critic, as functions of the critic's scores.

A score D(x) is any real number, larger for examples that look real. Where a
paper has a probability, it is sigmoid(D(x)); its logarithms are computed as
softplus, so that none is infinite. All losses are means over a batch. To add
one, write a function of the configuration and name it in LOSSES.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxgan.config import Loss, pick
from jaxgan.types import Array

# (scores of real examples [B], scores of fakes [B]) -> float32 scalar.
ScoreLoss = Callable[[Array, Array], Array]


class Losses(NamedTuple):
  """The losses of both players.

  Attributes:
    critic: minimized by the critic.
    gen: minimized by the generator.
    middle: the decision threshold of the scores; None where only differences
      of scores mean anything: then it is the middle of the two means.
  """

  critic: ScoreLoss
  gen: ScoreLoss
  middle: float | None = None


def wasserstein(config: Loss) -> Losses:
  """L_D = -g with the gap g, L_G = -mean D(x~) (Arjovsky et al., 2017).

  Example:
    >>> pair = losses.wasserstein(Loss())
    >>> float(pair.critic(jnp.array([3.0, 1.0]), jnp.array([0.0, 1.0])))
    -1.5
  """
  del config
  return Losses(
    critic=lambda real, fake: -(jnp.mean(real) - jnp.mean(fake)),
    gen=_negative_mean,
  )


def minimax(config: Loss) -> Losses:
  """L_D = -log p(x) - log(1 - p(x~)), L_G = log(1 - p(x~)).

  Goodfellow et al., 2014, equation 1, with p = sigmoid(D). The generator's
  gradient vanishes where the critic is sure.

  Example:
    >>> pair = losses.minimax(Loss())
    >>> round(float(pair.critic(jnp.zeros(4), jnp.zeros(4))), 3)  # 2 log 2
    1.386
  """
  return Losses(
    critic=_cross_entropy(config),
    gen=lambda real, fake: -jnp.mean(jax.nn.softplus(fake)),
    middle=0.0,
  )


def nonsaturating(config: Loss) -> Losses:
  """L_D as `minimax`, L_G = -log p(x~) (Goodfellow et al., 2014, section 3).

  Example:
    >>> pair = losses.nonsaturating(Loss())
    >>> round(float(pair.gen(jnp.zeros(4), jnp.zeros(4))), 3)  # log 2
    0.693
  """
  return Losses(
    critic=_cross_entropy(config),
    gen=lambda real, fake: jnp.mean(jax.nn.softplus(-fake)),
    middle=0.0,
  )


def least_squares(config: Loss) -> Losses:
  """L_D = (D(x) - 1)^2 / 2 + D(x~)^2 / 2, L_G = (D(x~) - 1)^2 / 2.

  Mao et al., 2017, equation 9: labels 1, 0 and, for the generator, 1.

  Example:
    >>> pair = losses.least_squares(Loss())
    >>> float(pair.critic(jnp.ones(4), jnp.ones(4)))
    0.5
  """
  one, zero = 1 - config.smooth_real, config.smooth_fake
  return Losses(
    critic=lambda real, fake: _square(real - one) + _square(fake - zero),
    gen=lambda real, fake: _square(fake - 1),
    middle=0.5,
  )


def hinge(config: Loss) -> Losses:
  """L_D = max(0, 1 - D(x)) + max(0, 1 + D(x~)), L_G = -D(x~).

  Lim & Ye, 2017; Miyato et al., 2018, equations 16 and 17.

  Example:
    >>> pair = losses.hinge(Loss())
    >>> float(pair.critic(jnp.array([2.0]), jnp.array([-0.5])))
    0.5
  """
  del config
  return Losses(
    critic=lambda real, fake: _hinge(1 - real) + _hinge(1 + fake),
    gen=_negative_mean,
    middle=0.0,
  )


def relativistic(config: Loss) -> Losses:
  """L_D = softplus(D(x~) - D(x)), L_G = softplus(D(x) - D(x~)), in pairs.

  Jolicoeur-Martineau, 2019, equations 4 and 5; example i of the real batch is
  compared with example i of the fakes.

  Example:
    >>> pair = losses.relativistic(Loss())
    >>> round(float(pair.critic(jnp.ones(4), jnp.ones(4))), 3)  # log 2
    0.693
  """
  del config
  return Losses(
    critic=lambda real, fake: jnp.mean(jax.nn.softplus(fake - real)),
    gen=lambda real, fake: jnp.mean(jax.nn.softplus(real - fake)),
  )


def energy(config: Loss) -> Losses:
  """L_D = E(x) + max(0, m - E(x~)), L_G = E(x~), with the energy E = -D.

  Zhao et al., 2017, equations 1 and 2; m is `margin`.

  Example:
    >>> pair = losses.energy(Loss(margin=2.0))
    >>> float(pair.critic(jnp.array([-0.5]), jnp.array([-1.5])))
    1.0
  """
  return Losses(
    critic=lambda real, fake: -jnp.mean(real) + _hinge(config.margin + fake),
    gen=_negative_mean,
  )


LOSSES: Mapping[str, Callable[[Loss], Losses]] = {
  'wasserstein': wasserstein,
  'minimax': minimax,
  'nonsaturating': nonsaturating,
  'least_squares': least_squares,
  'hinge': hinge,
  'relativistic': relativistic,
  'energy': energy,
}


def build(config: Loss) -> Losses:
  """Builds the losses of a configuration.

  Raises:
    ValueError: unknown `loss.name`.

  Example:
    >>> pair = losses.build(Loss(name='hinge'))
    >>> float(pair.gen(jnp.zeros(2), jnp.array([1.0, 2.0])))
    -1.5
  """
  return pick('loss.name', config.name, LOSSES)(config)


def pull_away(codes: Array) -> Array:
  """Mean squared cosine of all pairs of codes (Zhao et al., 2017, equation 4).

  Args:
    codes: [B, N] float32, of the fakes, B at least 2.

  Returns:
    A float32 scalar in [0, 1]: 0 where all are orthogonal, 1 where all point
    the same way.

  Example:
    >>> float(losses.pull_away(jnp.eye(3)))
    0.0
  """
  squares = jnp.sum(jnp.square(codes), axis=1, keepdims=True)
  # Inside the root, as the derivative of a root at 0 is infinite.
  cosines = codes / jnp.sqrt(squares + 1e-12)
  num = len(codes)
  pairs = jnp.sum(jnp.square(cosines @ cosines.T)) - num
  return pairs / (num * (num - 1))


def _negative_mean(real: Array, fake: Array) -> Array:
  """-mean D(x~), the loss of the Wasserstein generator."""
  del real
  return -jnp.mean(fake)


def _cross_entropy(config: Loss) -> ScoreLoss:
  """Cross-entropy of the logits D with smoothed labels 1 and 0."""
  softplus = jax.nn.softplus
  one, zero = 1 - config.smooth_real, config.smooth_fake

  def critic(real: Array, fake: Array) -> Array:
    # -t log p - (1 - t) log(1 - p) = softplus(D) - t D.
    return jnp.mean(softplus(real) - one * real) + jnp.mean(
      softplus(fake) - zero * fake
    )

  return critic


def _square(x: Array) -> Array:
  return jnp.mean(jnp.square(x)) / 2


def _hinge(x: Array) -> Array:
  return jnp.mean(jnp.maximum(x, 0.0))
