r"""Trains on few images: does augmentation for the critic help the generator?

  python -m jaxgan.study --config=configs/studies/small.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

The DCGAN of the zoo trains on 500 digits; FID uses the 1,297 others.
"""

from ml_collections import config_dict

from configs.studies import default
from configs.zoo import dcgan

_DIFF = ('translation', 'cutout')
_ADAPTS = {'augment_share': 0.0, 'augment_target': 0.6, 'augment_rate': 1e-3}
_ARMS: dict[str, dict] = {
  'plain': {},
  'translation': {'augment': ('translation',)},
  'translation, cutout': {'augment': _DIFF},
  'adaptive': {'augment': _DIFF, **_ADAPTS},
}


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = dcgan.get_config()
  base.data.split = 'train[:500]'
  base.eval.split = 'train[500:]'
  config = default.get_config(base)
  config.name = 'small'
  config.tasks = (
    {
      'name': 'digits',
      'metrics': ('fid1297_digits',),
      'metric': 'fid1297_digits',
      # About a twentieth of the value of an untrained generator.
      'target': 20.0,
    },
  )
  config.baseline = config.again = 'plain'
  config.tuning_seeds = ()
  config.seeds = (400, 401, 402)
  config.every_steps = 400
  config.block = 3
  config = default.finish(config, variant)
  arms = tuple(
    {'name': name, 'changes': {'regularisers': changes}}
    for name, changes in _ARMS.items()
  )
  config.arms = arms[:2] if variant else arms
  return config
