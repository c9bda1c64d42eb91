r"""LSGAN: least squares instead of cross-entropy (Mao et al., 2017).

python -m jaxgan.main --config=configs/zoo/lsgan.py --workdir=runs/lsgan
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'dcgan')
  config.loss.name = 'least_squares'
  config.net.gen_norm = config.net.critic_norm = 'batch'
  return base.finish(config, variant)
