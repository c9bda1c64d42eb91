r"""MNIST with the nets of WGAN-GP's authors.

Command: python -m jaxgan.main --config=configs/mnist.py --workdir=runs/mnist \
           --config.data.path=FOLDER_OF_THE_FOUR_IDX_FILES
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'mnist'
  config.net.gen_widths = (256, 128, 64)
  config.net.critic_widths = (64, 128, 256)
  config.train.batch_size = 50
  config.train.steps = 20_000
  if variant == 'tiny':
    config.data.mock_examples = 64
  return default.finish(config, variant)
