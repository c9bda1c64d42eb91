"""What is played: losses, penalties, regularisers."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from jaxgan.config.schema.fields import one_of, within


@dataclasses.dataclass(frozen=True)
class Loss:
  """What the players minimise.

  Attributes:
    name: of the pair of losses (docs/losses.md).
    smooth_real, smooth_fake: how far the labels 1 and 0 are moved towards each
      other; for the losses that have labels.
    margin: energy above which a fake counts for nothing (energy only).
    pull_away: weight of the term that keeps fakes apart (energy only).
    auxiliary: weight of the critic's guesses of labels, where it guesses.
    information: weight of its guesses of codes, where there are codes.
  """

  name: str = 'wasserstein'
  smooth_real: float = within(0.0, 0, 0.5)
  smooth_fake: float = within(0.0, 0, 0.5)
  margin: float = within(1.0, 0)
  pull_away: float = within(0.0, 0)
  auxiliary: float = within(1.0, 0)
  information: float = within(1.0, 0)


@dataclasses.dataclass(frozen=True)
class Penalty:
  """Where the critic is penalised, how strongly, and by which distance.

  Attributes:
    preset: gives every key below that the config leaves at None.
    points: law of the interpolates: where.
    controller: law of the weight: how strong.
    weight: weight0, lambda while ratio = 1.
    sides: slopes above the target only, or on both sides of it.
    target: slope that costs nothing; 0 for R1 and R2.
    target_law: target as given, or target times ratio (annealed).
    distance: what ratio is made of.
    smoothing: b, decay of the averages of gap and slope, per iteration.
    warmup_steps: iterations of plain WGAN-GP that set the reference.
    spread_min: least ratio that the warp sees, so that it keeps its support.
    floor: least weight, as a share of weight0.
    power: p of ratio^p; above 1 the slopes' overshoot would diverge.
    rate: largest change of ratio per iteration.
    decay: of the reference distance, per iteration.
    monotone: ratio never rises.
    static_ratio: the fixed ratio of near_real, near_fake and both_ends.
    noise: share of the images' deviation that dragan adds.
    decay_steps: length of the open-loop decays; 0 for the whole run.
    replay: metrics.jsonl of the run whose ratio and weight are replayed.
    pi_gain, pi_integral_gain: Kp and Ki of the pi controller.
    dual_rate, dual_tolerance: rho and tolerance of the dual controller.
    clip: largest absolute critic parameter; 0 for no clipping.
  """

  preset: str = 'iterative'
  points: str = 'warp'
  controller: str = 'iterative'
  weight: float = within(10.0, 0)
  sides: str = one_of('two', 'one')
  target: float = within(1.0, 0)
  target_law: str = one_of('constant', 'ratio')
  distance: str = 'gap_slope'
  smoothing: float = within(0.99, 0, 1 - 1e-6)
  warmup_steps: int = within(500, 0)
  spread_min: float = within(0.1, 1e-3, 1)
  floor: float = within(0.1, 0, 1)
  power: float = within(1.0, 0, 1)
  rate: float = within(0.02, 1e-6, 1)
  decay: float = within(1.0, 0, 1)
  monotone: bool = False
  static_ratio: float = within(0.25, 1e-3, 1)
  noise: float = within(0.5, 0)
  decay_steps: int = within(0, 0)
  replay: str = ''
  pi_gain: float = within(1.0, 0)
  pi_integral_gain: float = within(1e-3, 1e-9)
  dual_rate: float = within(0.1, 0)
  dual_tolerance: float = within(0.0, 0)
  clip: float = within(0.0, 0)


# What each preset changes about the iterative one.
_CONSTANT = {'points': 'uniform', 'controller': 'constant'}
PRESETS: Mapping[str, Mapping[str, Any]] = {
  'iterative': {},
  # Ours, and the most forgiving of a bad weight (docs/results.md).
  'following': {'sides': 'one', 'target_law': 'ratio', 'decay': 0.998},
  'literal': {
    'points': 'ratio',
    'controller': 'literal',
    'distance': 'gap',
    'smoothing': 0.0,
    'warmup_steps': 1,
    'rate': 1.0,
  },
  'wgan': {**_CONSTANT, 'weight': 0.0, 'clip': 0.01},
  'wgan_gp': _CONSTANT,
  'none': {**_CONSTANT, 'weight': 0.0},
  'wgan_lp': {**_CONSTANT, 'sides': 'one'},
  'r1': {**_CONSTANT, 'points': 'real', 'target': 0.0, 'weight': 5.0},
  'dragan': {**_CONSTANT, 'points': 'dragan'},
}


@dataclasses.dataclass(frozen=True)
class Regularisers:
  """What keeps the critic from being too sure, beside its penalty.

  Attributes:
    noise: deviation of the normal noise on all that the critic sees, at the
      start; it falls to 0 along a straight line.
    noise_steps: iterations until it is 0; 0 for the whole run.
    l1, l2: weights of sum |w| and of sum w^2 over the critic's kernels.
    orthogonal: weight of what the columns of the generator's kernels have in
      common.
    adversarial: length of the step by which the critic's examples are moved
      against it before it learns from them.
    consistency: weight of what augmenting an example may change of its score.
    augment: changes of every image that the critic sees: `colour`,
      `translation`, `cutout`.
    augment_share: of the images are augmented; at the start, if it adapts.
    augment_target: mean sign of real scores that the share is steered to; 0
      for a share that stays.
    augment_rate: change of an adaptive share per iteration.
    lazy: the penalty is taken in every so-manieth critic step, as many times
      stronger.
  """

  noise: float = within(0.0, 0)
  noise_steps: int = within(0, 0)
  l1: float = within(0.0, 0)
  l2: float = within(0.0, 0)
  orthogonal: float = within(0.0, 0)
  adversarial: float = within(0.0, 0)
  consistency: float = within(0.0, 0)
  augment: tuple[str, ...] = ()
  augment_share: float = within(1.0, 0, 1)
  augment_target: float = within(0.0, 0, 1)
  augment_rate: float = within(1e-3, 0, 1)
  lazy: int = within(1, 1)
