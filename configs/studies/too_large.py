r"""Compares the iterated penalty with WGAN-GP where lambda is too large.

  python -m jaxgan.study --config=configs/studies/too_large.py --workdir=W
  python -m jaxgan.study summarise --workdir=W

The best lambda of the toys is 0.3 (toy.py). Each toy with each larger lambda is
a task, so that each has a ratio with an interval, and Holm's correction counts
all nine. The seeds occur in no other study.
"""

from ml_collections import config_dict

from configs.studies import default, toy

WEIGHTS = (10.0, 30.0, 100.0)
# What the tuned baseline of toy.py reached after half of its steps.
_TARGETS = {'gaussians8': 0.2173, 'gaussians25': 0.2877, 'swiss_roll': 0.2005}


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = toy.get_config()
  config.name = 'too_large'
  config.tasks = tuple(
    {
      **task,
      'name': f'{task["name"]}_lambda{weight:g}',
      'metrics': (task['metric'],),
      'target': _TARGETS[task['name']],
      'changes': {**task['changes'], 'penalty': {'weight': weight}},
    }
    for task in config.tasks
    for weight in WEIGHTS
  )
  config.arms = tuple(
    {'name': preset, 'changes': {'penalty': {'preset': preset}}}
    for preset in ('wgan_gp', 'iterative')
  )
  config.again = config.baseline
  config.tuning_seeds = ()
  config.seeds = tuple(range(500, 510))
  return default.finish(config, variant)
