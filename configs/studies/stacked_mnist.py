r"""Counts the modes of Stacked MNIST that four penalties reach.

  python -m jaxgan.study --config=configs/studies/stacked_mnist.py \
    --workdir=W --jobs=2 --config.base.data.path=FOLDER_OF_THE_FOUR_IDX_FILES
  python -m jaxgan.study summarise --workdir=W

Three digits are the color channels of an image, so there are 1,000 modes (Metz
et al., 2017). The digit classifier counts them on 25,600 samples, and measures
the KL divergence from the class counts of the training data. All arms have the
same nets, a quarter of the width of configs/mnist.py, and take as many
generator steps; the first two take five critic steps for each. No arm is tuned.
"""

from typing import Any

from ml_collections import config_dict

from configs import mnist
from configs.studies import default

_PAIRS = {'loss': {'name': 'relativistic'}, 'train': {'critic_steps': 1}}


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = mnist.get_config()
  base.data.name = 'stacked_mnist'
  base.net.gen_widths = (64, 32, 16)
  base.net.critic_widths = (16, 32, 64)
  for optimizer in (base.optim.gen, base.optim.critic):
    optimizer.lr = 5e-4
    optimizer.b1 = 0.0
  base.train.batch_size = 64
  base.train.steps = 1_500
  config = default.get_config(base)
  config.name = 'stacked_mnist'
  config.tasks = (
    {
      'name': 'stacked_mnist',
      'metrics': ('labelkl25600_stacked', 'classes25600_stacked'),
      'metric': 'labelkl25600_stacked',
      'target': 1.0,
    },
  )
  config.arms = (
    _arm('wgan_gp', {}),
    _arm('iterative', {}),
    _arm('r3gan', _PAIRS),
    _arm('r3gan_iterative', _PAIRS),
  )
  config.again = 'wgan_gp'
  config.tuning_seeds = ()
  config.seeds = (100, 101, 102)
  config.every_steps = 500
  config.block = 1
  if variant:
    base.data.mock_examples = 256
  return default.finish(config, variant)


def _arm(preset: str, changes: dict[str, Any]) -> dict[str, Any]:
  changes = {'penalty': {'preset': preset}, **changes}
  return {'name': preset, 'changes': changes}
