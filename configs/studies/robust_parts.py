r"""Tests which part of `following` makes it robust on 25 Gaussians.

  python -m jaxgan.study --config=configs/studies/robust_parts.py --workdir=W \
    --jobs=2
  python -m jaxgan.study summarise --workdir=W

Settings, seeds and target are the same as in robust_toy.py.
"""

from ml_collections import config_dict

from configs.studies import families, robust_toy, toy


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = toy.get_config(variant)
  config.name = 'robust_parts'
  targets = robust_toy.targets(variant)
  return families.spread(config, families.PARTS, targets, variant)
