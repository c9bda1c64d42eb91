r"""Points in the plane, with the nets and recipe of WGAN-GP's authors.

  python -m jaxgan.main --config=configs/toy.py --workdir=runs/toy

data.name is gaussians8, gaussians25 or swiss_roll; no files. About 10 steps/s
on 2 busy CPU cores (measured over 200 of the 10,000 steps). The grids are
scatter plots.
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'gaussians8'
  config.net.name = 'mlp'
  config.net.latent_size = 2
  config.net.gen_widths = (512, 512, 512)
  config.net.critic_widths = (512, 512, 512)
  config.penalty.weight = 0.1
  config.penalty.smoothing = 0.9
  config.penalty.warmup_steps = 100
  config.train.batch_size = 256
  config.train.steps = 10_000
  config.eval.num_images = 2_048
  return default.finish(config, variant)
