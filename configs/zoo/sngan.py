r"""SNGAN: residual blocks, spectral norm and the hinge (Miyato et al., 2018).

python -m jaxgan.main --config=configs/zoo/sngan.py --workdir=runs/sngan
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'resnet')
  config.loss.name = 'hinge'
  config.net.gen_norm = 'batch'
  config.net.critic_norm = 'spectral'
  config.train.critic_steps = 5
  config.train.steps = 1_000
  return base.finish(config, variant)
