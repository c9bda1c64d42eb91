r"""CIFAR-10, 32x32, with the residual nets and recipe of WGAN-GP's authors.

  python -m jaxgan.main --config=configs/cifar10.py --workdir=runs/cifar10 \
    --config.data.path=FOLDER_OR_cifar-10-binary.tar.gz

Not measured yet; 100,000 steps need a GPU. For orientation: the library mimicry
reports an FID of 22.29 for WGAN-GP on CIFAR-10.
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'cifar10'
  config.net.name = 'resnet'
  config.net.gen_widths = (128, 128, 128, 128)
  config.net.gen_norm = 'batch'
  config.net.critic_widths = (128, 128)
  config.net.critic_stem = 'optimised'
  config.net.critic_plain_blocks = 2
  config.net.critic_pool = 'mean'
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr = 2e-4
    optimizer.b1 = 0.0
    optimizer.schedule = 'linear'
  config.data.flip = True
  config.train.gen_batch_size = 128
  config.train.steps = 100_000
  if variant == 'tiny':
    config.data.mock_examples = 64
  return default.finish(config, variant)
