"""1,797 real handwritten digits, 8x8: the first run.

Command: python -m jaxgan.main --config=configs/digits.py --workdir=runs/digits
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'digits'
  config.net.name = 'mlp'
  config.net.latent_size = 64
  config.net.gen_widths = (256, 256, 256)
  config.net.critic_widths = (256, 256, 256)
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr = 1e-3
  config.train.steps = 4_000
  config.eval.every_steps = 500
  config.checkpoint.every_steps = 500
  return default.finish(config, variant)
