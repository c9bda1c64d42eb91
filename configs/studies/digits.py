r"""Compares the iterated penalty with WGAN-GP on the packaged digits.

  python -m jaxgan.study --config=configs/studies/digits.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

The exact W1 between 1,797 samples and the whole real set varies little between
seeds, so that paired seeds resolve small effects. The nets are half as wide as
in configs/digits.py.
"""

from ml_collections import config_dict

from configs import digits
from configs.studies import arms, default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = digits.get_config()
  base.net.gen_widths = (128, 128, 128)
  base.net.critic_widths = (128, 128, 128)
  base.penalty.warmup_steps = 100
  base.penalty.smoothing = 0.9
  base.train.steps = 1_000
  config = default.get_config(base)
  config.name = 'digits'
  config.tasks = (
    {
      'name': 'digits',
      'metrics': ('w1_1797_pixels', 'fid1797_digits'),
      'metric': 'w1_1797_pixels',
    },
  )
  config.arms = (*arms.tuning(), *arms.paper())
  config.seeds = tuple(range(100, 116))
  return default.finish(config, variant)
