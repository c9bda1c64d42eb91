r"""The first WGAN: clipped weights and RMSProp (Arjovsky et al., 2017).

python -m jaxgan.main --config=configs/zoo/wgan.py --workdir=runs/wgan
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'mlp')
  config.penalty.preset = 'wgan'
  config.train.critic_steps = 5
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.name = 'rmsprop'
  return base.finish(config, variant)
