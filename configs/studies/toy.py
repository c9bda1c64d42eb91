r"""Compares the iterated penalty with WGAN-GP on three two-dimensional toys.

  python -m jaxgan.study --config=configs/studies/toy.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

The nets are smaller than those of the authors and the learning rate is larger,
so that a laptop can train twenty seeds of each arm.
"""

from ml_collections import config_dict

from configs import toy
from configs.studies import arms, default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = toy.get_config()
  base.net.gen_widths = (64, 64, 64)
  base.net.critic_widths = (64, 64, 64)
  for optimizer in (base.optim.gen, base.optim.critic):
    optimizer.lr = 1e-3
  base.penalty.smoothing = 0.9
  base.penalty.warmup_steps = 100
  base.train.batch_size = 128
  base.train.steps = 800
  config = default.get_config(base)
  config.name = 'toy'
  modes = ('modes1k_pixels', 'quality1k_pixels')
  config.tasks = tuple(
    {
      'name': name,
      'metrics': ('w1_1k_pixels', *(() if name == 'swiss_roll' else modes)),
      'metric': 'w1_1k_pixels',
      'real': 1_000,
      'changes': {'data': {'name': name}},
    }
    for name in ('gaussians8', 'gaussians25', 'swiss_roll')
  )
  config.arms = (*arms.tuning(), *arms.paper())
  config.seeds = tuple(range(100, 120))
  return default.finish(config, variant)
