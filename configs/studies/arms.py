"""Defines the arms of the studies: the method, its parts, its controls.

Each arm changes the points of the penalty, or its weight, or both;
docs/method.md gives the reason for each.
"""

from collections.abc import Sequence
from typing import Any

GRID = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

# Ratio of AGP's final to its initial lambda, as published. The pi controller
# must beat a constant weight of this size.
_PI_END = 2.13

# Runs with the same settings are bit-equal. A slightly larger weight shows how
# far two runs move apart by chance.
_NUDGE = 1 + 1e-4

# What the base of the studies gives the other arms, and `literal` refuses.
_SMOOTHED = {'smoothing': 0.9, 'warmup_steps': 100}


def tuning() -> list[dict]:
  """Returns the grid of weights, for WGAN-GP and for the method."""
  return [
    {
      'name': f'{preset} {weight:g}',
      'family': preset,
      'tunes': True,
      'changes': {'penalty': {'preset': preset, 'weight': weight}},
    }
    for preset in ('wgan_gp', 'iterative')
    for weight in GRID
  ]


def paper() -> list[dict]:
  """Returns the test arms; all but one have the tuned weight of WGAN-GP."""
  both = {'points': 'warp', 'controller': 'iterative'}
  return [
    _arm('wgan_gp', {'preset': 'wgan_gp'}),
    _arm('wgan_gp again', {'preset': 'wgan_gp'}),
    _arm('wgan_gp nudged', {'preset': 'wgan_gp'}, scale=_NUDGE),
    _arm('iterative', both),
    _arm('iterative, own weight', both, tuned='iterative'),
    _arm('literal', {'preset': 'literal'}),
    _arm('literal, smoothed', {'preset': 'literal', **_SMOOTHED}),
    _arm('weight only', {'points': 'uniform', 'controller': 'iterative'}),
    _arm('points only', {'points': 'warp', 'controller': 'constant'}),
    _arm('yoked', {'points': 'warp'}, replays='iterative'),
    _arm('near real', {'points': 'near_real', 'controller': 'constant'}),
    _arm('both ends', {'points': 'both_ends', 'controller': 'constant'}),
    _arm('one-sided', {'preset': 'wgan_lp'}),
    _arm('r1', {'preset': 'r1'}),
    _arm('pi', {'points': 'uniform', 'controller': 'pi'}),
    _arm('pi end', {'preset': 'wgan_gp'}, scale=_PI_END),
    _arm('annealed target', {**both, 'sides': 'one', 'target_law': 'ratio'}),
    _arm('cosine', {'points': 'uniform', 'controller': 'cosine'}),
  ]


def family(
  name: str, penalty: dict, changes: dict, weights: Sequence[float]
) -> list[dict]:
  """Returns the arms of a family: one per tuned weight, and that of the test.

  Args:
    name: of the family and of its test arm.
    penalty: values of its `penalty`, without the weight.
    changes: values of other sections.
    weights: tried on the tuning seeds.
  """
  tuning = [
    {
      'name': f'{name} {weight:g}',
      'family': name,
      'tunes': True,
      'changes': {**changes, 'penalty': {**penalty, 'weight': weight}},
    }
    for weight in weights
  ]
  test = {
    'name': name,
    'tuned': name,
    'changes': {**changes, 'penalty': penalty},
  }
  return [*tuning, test]


def _arm(
  name: str, penalty: dict, tuned: str = 'wgan_gp', **others: Any
) -> dict:
  return {
    'name': name,
    'tuned': tuned,
    'changes': {'penalty': penalty},
    **others,
  }
