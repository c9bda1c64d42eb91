"""The arms that every study compares: the method, its parts, its controls.

Each arm changes where the penalty's points lie, or how strong the penalty is,
or both; docs/method.md says why each is there. A weight that was tuned stands
in the study's file, task by task.
"""

from collections.abc import Mapping

GRID = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)

# AGP's published end of lambda, as a share of its start (10 to 21.29).
_PI_END = 2.13


def tuning() -> list[dict]:
  """The grids of constant weights, for WGAN-GP and for the method alike."""
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


def paper(weights: Mapping[str, float], own: Mapping[str, float]) -> list[dict]:
  """The arms of the test.

  Args:
    weights: task -> the baseline's tuned weight, which every arm starts from.
    own: task -> the weight that was tuned for the method itself.
  """
  both = {'points': 'warp', 'controller': 'iterative'}
  arms = [
    ('wgan_gp', {'preset': 'wgan_gp'}),
    ('wgan_gp again', {'preset': 'wgan_gp'}),
    ('iterative', both),
    ('literal', {'preset': 'literal'}),
    ('weight only', {'points': 'uniform', 'controller': 'iterative'}),
    ('points only', {'points': 'warp', 'controller': 'constant'}),
    ('near real', {'points': 'near_real', 'controller': 'constant'}),
    ('both ends', {'points': 'both_ends', 'controller': 'constant'}),
    ('one-sided', {'preset': 'wgan_lp'}),
    ('r1', {'preset': 'r1'}),
    ('pi', {'points': 'uniform', 'controller': 'pi'}),
    ('cosine', {'points': 'uniform', 'controller': 'cosine'}),
    ('annealed target', {**both, 'sides': 'one', 'target_law': 'ratio'}),
  ]
  found = [_arm(name, penalty, weights) for name, penalty in arms]
  # 2.13 times the baseline's weight: what pi ends at, without its feedback.
  ends = {task: _PI_END * weight for task, weight in weights.items()}
  found.append(_arm('pi end', {'preset': 'wgan_gp'}, ends))
  found.append(_arm('iterative, own weight', both, own))
  yoked = _arm('yoked', {'points': 'warp'}, weights)
  found.append({**yoked, 'replays': 'iterative'})
  return found


def _arm(name: str, penalty: dict, weights: Mapping[str, float]) -> dict:
  return {
    'name': name,
    'tunes': False,
    'changes': {'penalty': penalty},
    'by_task': {
      task: {'penalty': {'weight': weight}} for task, weight in weights.items()
    },
  }
