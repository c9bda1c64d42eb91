r"""Compares the penalties that other studies leave out with WGAN-GP.

  python -m jaxgan.study --config=configs/studies/controls.py --workdir=W \
    --jobs=2
  python -m jaxgan.study summarise --workdir=W

The data are the digits and 25 Gaussians, with the nets and steps of digits.py
and toy.py. Each family gets the same tuning: four values of its strength, on
the same five seeds. The strength is the weight of the penalty; clipping has its
bound instead, and spectral normalization the critic's learning rate. The test
seeds occur in no other study. 752 runs; not run yet.
"""

from typing import Any

from ml_collections import config_dict

from configs.studies import default, digits, toy

_KEYS = {'clipping': 'penalty.clip', 'spectral norm': 'optim.critic.lr'}
_WEIGHTS = (0.1, 0.5, 2.0, 10.0)
_VALUES = {
  'clipping': (0.003, 0.01, 0.03, 0.1),
  'spectral norm': (2.5e-4, 5e-4, 1e-3, 2e-3),
}
_CONSTANT = {'controller': 'constant'}
_FAMILIES: dict[str, dict[str, Any]] = {
  'wgan_gp': {'penalty': {'preset': 'wgan_gp'}},
  'iterative': {'penalty': {'preset': 'iterative'}},
  'near fake': {'penalty': {'points': 'near_fake', **_CONSTANT}},
  'midpoint': {'penalty': {'points': 'midpoint', **_CONSTANT}},
  'r2': {'penalty': {'points': 'fake', 'target': 0.0, **_CONSTANT}},
  'dragan': {'penalty': {'preset': 'dragan'}},
  'linear': {'penalty': {'points': 'uniform', 'controller': 'linear'}},
  'dual': {'penalty': {'points': 'uniform', 'controller': 'dual'}},
  'clipping': {'penalty': {'preset': 'wgan'}},
  'spectral norm': {
    'penalty': {'preset': 'none'},
    'net': {'critic_norm': 'spectral'},
  },
}
_TINY = ('wgan_gp', 'clipping')


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = digits.get_config()
  config.name = 'controls'
  config.tasks = (*config.tasks, _toy())
  config.seeds = tuple(range(600, 616))
  config = default.finish(config, variant)
  families = _TINY if variant else tuple(_FAMILIES)
  arms = [
    arm for name in families for arm in _family(name, 2 if variant else 4)
  ]
  (test,) = (arm for arm in arms if arm['name'] == config.baseline)
  config.arms = (*arms, {**test, 'name': config.again})
  return config


def _toy() -> dict[str, Any]:
  """Returns the task of 25 Gaussians, with nets and steps as in toy.py."""
  study = toy.get_config()
  (task,) = (x for x in study.tasks if x['name'] == 'gaussians25')
  changes = {
    'data': study.base.data,
    'net': study.base.net,
    'train': study.base.train,
  }
  changes = {key: value.to_dict() for key, value in changes.items()}
  changes['data'] |= task['changes']['data']
  return {**task, 'changes': changes}


def _family(name: str, num: int) -> list[dict[str, Any]]:
  """Returns `num` tuning arms of a family, and its arm of the test."""
  changes = _FAMILIES[name]
  key = _KEYS.get(name, 'penalty.weight')
  section, _, rest = key.partition('.')
  tuning = [
    {
      'name': f'{name} {value:g}',
      'family': name,
      'tunes': True,
      'changes': {
        **changes, section: {**changes.get(section, {}), rest: value},
      },
    }
    for value in _VALUES.get(name, _WEIGHTS)[:num]
  ]  # fmt: skip
  return [*tuning, {'name': name, 'tuned': name, 'changes': changes}]
