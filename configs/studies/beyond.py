r"""Compares three rules of ours with WGAN-GP on the digits, on new seeds.

  python -m jaxgan.study --config=configs/studies/beyond.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

The rules follow from the results of digits.py. Points near the real data and an
annealed target each helped a little. The ratio soon stopped falling, since its
reference is the largest distance so far. Tuning and test use different seeds;
the test seeds do not occur in digits.py.
"""

from ml_collections import config_dict

from configs.studies import default, digits

GRID = (0.3, 1.0, 3.0, 10.0)

_ANNEALED = {'controller': 'constant', 'sides': 'one', 'target_law': 'ratio'}
# The method with an annealed target and a reference that decays.
FOLLOWING: dict = {
  'points': 'warp',
  'sides': 'one',
  'target_law': 'ratio',
  'decay': 0.998,
}
_RULES: dict[str, dict] = {
  'wgan_gp': {'preset': 'wgan_gp'},
  # Both changes that helped.
  'near real, annealed': {**_ANNEALED, 'points': 'near_real'},
  # A Lipschitz bound that becomes R1.
  'real, annealed': {**_ANNEALED, 'points': 'real'},
  'following': FOLLOWING,
}


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = digits.get_config()
  config.name = 'beyond'
  tuning = [
    {
      'name': f'{name} {weight:g}',
      'family': name,
      'tunes': True,
      'changes': {'penalty': {**rule, 'weight': weight}},
    }
    for name, rule in _RULES.items()
    for weight in GRID
  ]
  test = [
    {'name': name, 'tuned': name, 'changes': {'penalty': rule}}
    for name, rule in _RULES.items()
  ]
  again = {**test[0], 'name': 'wgan_gp again'}
  config.arms = (*tuning, *test, again)
  config.seeds = tuple(range(300, 316))
  return default.finish(config, variant)
