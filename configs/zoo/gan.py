r"""The first GAN (Goodfellow et al., 2014), not saturating.

python -m jaxgan.main --config=configs/zoo/gan.py --workdir=runs/gan
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'mlp')
  config.loss.name = 'nonsaturating'
  config.net.latent = 'uniform'
  config.net.critic_dropout = 0.3
  return base.finish(config, variant)
