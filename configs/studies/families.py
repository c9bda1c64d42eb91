"""Ways of training under many settings: which of them fails less often?

Each family is one way of training under all settings of weight, learning rate
and critic steps; a run fails if it never stays at its task's target.
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

# What of `following` does it: a bound instead of a target, a bound that
# shrinks, or one that is 0 from the start.
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
  """A study with its tasks kept and its arms replaced by families.

  Args:
    config: of the study whose tasks and base are taken.
    families: name -> what it changes about the penalty; the baseline first.
    targets: task -> value that a run has to reach; other tasks are left out.
    variant: of the config file.
    critic_steps: of the settings.
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
