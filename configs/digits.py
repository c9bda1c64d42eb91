"""Handwritten digits, 8x8, with MLPs: the first run.

  python -m jaxgan.main --config=configs/digits.py --workdir=runs/digits

Data: 1,797 images inside scikit-learn; no files. 4,000 steps took 65 s
(69 steps/s) on 2 CPU cores, from start to end, once the data were prepared.
`make digits` trains it again and lets a support vector classifier of the real
digits classify 1,000 samples (seed 0). It predicts all ten classes, the rarest
87 times, with a mean top-1 probability of .95.
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
