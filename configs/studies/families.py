"""Defines families of arms: one penalty under many settings, to count failures.

A family combines its penalty with every weight, learning rate and number of
critic steps. A run fails if it never stays at the target of its task.
"""

import itertools

from ml_collections import config_dict

from configs.studies import beyond

WEIGHTS = (0.1, 1.0, 10.0, 100.0)
RATES = (1e-3, 4e-3)
CRITIC_STEPS = (1, 5)

ADAPTING: dict[str, dict] = {
  'wgan_gp': {'preset': 'wgan_gp'},
  'iterative': {'preset': 'iterative'},
  'pi': {'points': 'uniform', 'controller': 'pi'},
  'points and pi': {'points': 'warp', 'controller': 'pi'},
  'following': beyond.FOLLOWING,
}

# The parts of `following`: a one-sided target, an annealed one, a target of 0.
PARTS: dict[str, dict] = {
  'wgan_gp': {'preset': 'wgan_gp'},
  'following': beyond.FOLLOWING,
  'one-sided': {'preset': 'wgan_lp'},
  'annealed target': {
    'points': 'warp',
    'sides': 'one',
    'target_law': 'ratio',
  },
  'r1': {'preset': 'r1'},
}


def spread(
  config: config_dict.ConfigDict,
  families: dict[str, dict],
  targets: dict,
  variant: str,
  critic_steps: tuple[int, ...] = CRITIC_STEPS,
) -> config_dict.ConfigDict:
  """Replaces the arms of a study by families.

  Args:
    config: study whose base and tasks are kept.
    families: changed keys of `penalty` by family; the baseline comes first.
    targets: target value by task; other tasks are dropped.
    variant: variant of the config file.
    critic_steps: values of `train.critic_steps`.
  """
  config.tasks = tuple(
    {
      **task,
      'metrics': (task['metric'],),
      'target': targets[task['name']],
    }
    for task in config.tasks
    if task['name'] in targets
  )
  settings = itertools.product(WEIGHTS, RATES, critic_steps)
  arms = [
    _arm(family, penalty, *setting)
    for setting in settings
    for family, penalty in families.items()
  ]
  config.arms = tuple(arms[:2] if variant else arms)
  config.baseline = config.again = arms[0]['name']
  config.tuning_seeds = ()
  config.seeds = (100, 101) if variant else (200, 201, 202, 203)
  config.block = 4
  return config


def _arm(
  family: str, penalty: dict, weight: float, rate: float, critic_steps: int
) -> dict:
  return {
    'name': f'{family}, {weight:g}, {rate:g}, {critic_steps}',
    'family': family,
    'changes': {
      'penalty': {**penalty, 'weight': weight},
      'optim': {'gen': {'lr': rate}, 'critic': {'lr': rate}},
      'train': {'critic_steps': critic_steps},
    },
  }
