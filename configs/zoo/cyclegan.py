r"""Unpaired translation of photographs, by CycleGAN (Zhu et al., 2017).

  python -m jaxgan.main --config=configs/zoo/cyclegan.py \
    --workdir=runs/cyclegan --config.data.path=FOLDER

FOLDER has the folders input and target, such as photographs of daisies and of
dandelions. The grids show input, translation, and another image of the target.

As in the paper: residual blocks (six, as for images below 256 pixels), instance
norm, least squares, a pool of 50 images, and the weights 10 and 5. A batch has
eight images of each domain, where the paper has one.
"""

from ml_collections import config_dict

from configs import default
from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.translation('', 'unpaired')
  config.data.name = 'unpaired'
  config.translation.pool = 50
  config.train.batch_size = 8
  config.net.name = 'encoder_decoder'
  config.net.blocks = 6
  config.net.gen_norm = config.net.critic_norm = 'instance'
  config.net.critic_input = False
  config.loss.name = 'least_squares'
  config.loss.l1, config.loss.cycle, config.loss.identity = 0.0, 10.0, 5.0
  if variant:
    config.data.mock_examples = 64
    config.data.image_size = 0
  return default.finish(config, variant)
