r"""Real and fake in pairs, with R1 (Jolicoeur-Martineau, 2019).

python -m jaxgan.main --config=configs/zoo/relativistic.py --workdir=runs/rel
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'mlp')
  config.loss.name = 'relativistic'
  config.penalty.preset = 'r1'
  return base.finish(config, variant)
