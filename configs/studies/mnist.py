r"""Compares the iterated penalty with WGAN-GP on MNIST, with narrow nets.

  python -m jaxgan.study --config=configs/studies/mnist.py --workdir=W \
    --jobs=2 --config.base.data.path=FOLDER_OF_THE_FOUR_IDX_FILES
  python -m jaxgan.study summarise --workdir=W

The nets have an eighth of the width of configs/mnist.py; 400 steps are only the
beginning of its training and take an hour on two cores. FID and KID compare
2,500 samples with the test split, on the features of the packaged MNIST
classifier. The arms are only the method, its parts and its controls.
"""

from ml_collections import config_dict

from configs import mnist
from configs.studies import arms, default

_TEST = (
  'wgan_gp', 'wgan_gp again', 'wgan_gp nudged', 'iterative', 'weight only',
  'points only', 'yoked', 'near real',
)  # fmt: skip


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = mnist.get_config()
  base.net.latent_size = 64
  base.net.gen_widths = (32, 16, 8)
  base.net.critic_widths = (8, 16, 32)
  for optimizer in (base.optim.gen, base.optim.critic):
    optimizer.lr = 1e-3
  base.penalty.warmup_steps = 50
  base.penalty.smoothing = 0.9
  base.train.batch_size = 32
  base.train.steps = 400
  base.eval.split = 'test'
  base.eval.floor_split = 'train[:10000]'
  config = default.get_config(base)
  config.name = 'mnist'
  config.tasks = (
    {
      'name': 'mnist',
      'metrics': ('fid2500_mnist', 'kid2500_mnist'),
      'metric': 'fid2500_mnist',
    },
  )
  test = (arm for arm in arms.paper() if arm['name'] in _TEST)
  config.arms = (*arms.tuning(), *test)
  config.tuning_seeds = (0, 1)
  config.seeds = tuple(range(100, 105))
  config.block = 5
  if variant:
    base.data.mock_examples = 256
  return default.finish(config, variant)
