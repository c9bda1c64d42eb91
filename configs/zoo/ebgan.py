r"""EBGAN: an autoencoder as the critic, with pull-away (Zhao et al., 2017).

python -m jaxgan.main --config=configs/zoo/ebgan.py --workdir=runs/ebgan
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'mlp')
  config.loss.name = 'energy'
  config.loss.margin = 0.05
  config.loss.pull_away = 0.1
  config.net.gen_norm = 'batch'
  config.net.critic_head = 'autoencoder'
  config.optim.critic.lr = 1e-3
  return base.finish(config, variant)
