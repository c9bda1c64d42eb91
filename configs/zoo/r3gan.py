"""R3GAN, small: relativistic pairs, R1 and R2, all on cosine schedules.

  python -m jaxgan.main --config=configs/zoo/r3gan.py --workdir=runs/r3gan

Source: Huang et al., 2024. gamma falls from .2 to .02; with
--config.penalty.preset=r3gan_iterative --config.penalty.weight=.1 it follows
the estimated distance instead. FID of 1,797 fake digits (seed 0): 152
untrained, 11.8 after 3,000 steps, which took 404 s on one of 2 busy CPU cores.
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.start(variant, 'r3gan', steps=3_000)
  config.net.latent_size = 64
  if variant != 'mnist':  # Its blocks cost several times those of dcgan.
    config.net.gen_widths, config.net.critic_widths = (32, 16), (16, 32)
  config.loss.name = 'relativistic'
  config.penalty.preset = 'r3gan'
  config.penalty.weight = 0.1  # gamma / 2
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr, optimizer.lr_end, optimizer.schedule = 5e-4, 0.25, 'cosine'
    optimizer.b1, optimizer.b2, optimizer.b2_end = 0.0, 0.9, 0.99
  # A twelfth of all images.
  images = config.train.steps * config.train.batch_size
  config.train.ema_images = images // 12
  return base.finish(config, variant)
