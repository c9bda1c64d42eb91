"""Projection critic for class labels (Miyato & Koyama, 2018).

  python -m jaxgan.main --config=configs/zoo/projection.py --workdir=runs/proj

FID of 1,797 fake digits (seed 0): 260 untrained, 3.4 after 4,000 steps,
which took 77 s on 2 busy CPU cores.
The digit classifier predicts the requested label for 96.2% of 1,000
samples.
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'dcgan')
  config.loss.name = 'hinge'
  config.net.classes = 10
  config.net.gen_label = 'norm'
  config.net.gen_norm = 'batch'
  config.net.critic_label = 'projection'
  config.net.critic_norm = 'spectral'
  config.optim.critic.lr = 8e-4
  return base.finish(config, variant)
