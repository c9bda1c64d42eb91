r"""The iterated penalty against WGAN-GP on three toys of the plane.

  python -m jaxgan.study --config=configs/studies/toy.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

Smaller nets than the authors' and a larger learning rate, so that twenty seeds
of each arm are within reach of a laptop. Variants: :tuning runs the grids of
weights alone, :tiny everything in miniature.
"""

from ml_collections import config_dict

from configs import toy
from configs.studies import arms, default

# The weights at which the area under the log metric was least on the tuning
# seeds, and the targets: what the tuned baseline reached there after half of
# its steps, in the median.
WEIGHTS = {'gaussians8': 1.0, 'gaussians25': 1.0, 'swiss_roll': 1.0}
OWN_WEIGHTS = {'gaussians8': 1.0, 'gaussians25': 1.0, 'swiss_roll': 1.0}
TARGETS = {'gaussians8': 0.2, 'gaussians25': 0.2, 'swiss_roll': 0.2}


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = toy.get_config()
  base.net.gen_widths = (64, 64, 64)
  base.net.critic_widths = (64, 64, 64)
  for optimizer in (base.optim.gen, base.optim.critic):
    optimizer.lr = 1e-3
  base.penalty.smoothing = 0.9
  base.penalty.warmup_steps = 100
  base.train.batch_size = 128
  base.train.steps = 1_500
  config = default.get_config(base)
  config.name = 'toy'
  config.tasks = tuple(
    {
      'name': name,
      'metrics': ('w1_1k_pixels',),
      'metric': 'w1_1k_pixels',
      'target': target,
      'real': 1_000,
      'changes': {'data': {'name': name}},
    }
    for name, target in TARGETS.items()
  )
  config.arms = (*arms.tuning(), *arms.paper(WEIGHTS, OWN_WEIGHTS))
  config.seeds = tuple(range(100, 120))
  return default.finish(config, variant)
