r"""Where a fixed weight fails: does a rule that adapts it fail less often?

  python -m jaxgan.study --config=configs/studies/robust.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

Each family is one way of training under all settings of weight, learning rate
and critic steps; a run fails if it never reaches the target of the digits.
"""

import itertools

from ml_collections import config_dict

from configs.studies import beyond, digits

WEIGHTS = (0.1, 1.0, 10.0, 100.0)
RATES = (1e-3, 4e-3)
CRITIC_STEPS = (1, 5)

_FAMILIES = {
  'wgan_gp': {'preset': 'wgan_gp'},
  'iterative': {'preset': 'iterative'},
  'pi': {'points': 'uniform', 'controller': 'pi'},
  'points and pi': {'points': 'warp', 'controller': 'pi'},
  'following': beyond.FOLLOWING,
}

# What the tuned baseline of digits.py reached after 500 of its 1,000 steps was
# 3.04; this is the same distance with a margin of two hundredths.
TARGET = 3.1


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = digits.get_config(variant)
  config.name = 'robust'
  task = config.tasks[0]
  metric = task['metric']
  config.tasks = (
    {**task, 'metrics': (metric,), 'metric': metric, 'target': TARGET},
  )
  settings = itertools.product(WEIGHTS, RATES, CRITIC_STEPS)
  arms = [
    _arm(family, *setting) for setting in settings for family in _FAMILIES
  ]
  config.arms = tuple(arms[:2] if variant else arms)
  config.baseline = config.again = arms[0]['name']
  config.tuning_seeds = ()
  config.seeds = (100, 101) if variant else (200, 201, 202, 203)
  config.block = 4
  return config


def _arm(family: str, weight: float, rate: float, critic_steps: int) -> dict:
  return {
    'name': f'{family}, {weight:g}, {rate:g}, {critic_steps}',
    'family': family,
    'changes': {
      'penalty': {**_FAMILIES[family], 'weight': weight},
      'optim': {'gen': {'lr': rate}, 'critic': {'lr': rate}},
      'train': {'critic_steps': critic_steps},
    },
  }
