"""1,797 real handwritten digits, 8x8: the first run.

Command: python -m jaxgan.main --config=configs/digits.py --workdir=runs/digits
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'digits'
  config.net.latent_size = 64
  config.net.gen_widths = (64, 32)
  config.net.critic_widths = (32, 64)
  config.optim.gen.lr = 2e-4
  config.optim.critic.lr = 2e-4
  config.train.steps = 3_000
  config.eval.every_steps = 500
  config.checkpoint.every_steps = 500
  return default.finish(config, variant)
