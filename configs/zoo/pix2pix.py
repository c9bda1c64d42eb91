r"""Translation of pairs of images, by pix2pix (Isola et al., 2017).

  python -m jaxgan.main --config=configs/zoo/pix2pix.py \
    --workdir=runs/pix2pix --config.data.path=FOLDER

FOLDER has the folders input and target; images of equal names are a pair. The
held-out tenth of the pairs is shown and measured (docs/image_to_image.md).
"""

from ml_collections import config_dict

from configs import default
from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.translation('', 'pair')
  config.data.name = 'pairs'
  if variant:
    config.data.mock_examples = 64
    config.data.image_size = 0
  return default.finish(config, variant)
