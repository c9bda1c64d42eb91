r"""The hinge, with spectral norm in the critic (Lim & Ye, 2017).

python -m jaxgan.main --config=configs/zoo/hinge.py --workdir=runs/hinge
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'dcgan')
  config.loss.name = 'hinge'
  config.net.gen_norm = 'batch'
  config.net.critic_norm = 'spectral'
  config.optim.critic.lr = 8e-4
  return base.finish(config, variant)
