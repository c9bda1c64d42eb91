r"""Colorization of photographs, by pix2pix (Isola et al., 2017).

  python -m jaxgan.main --config=configs/zoo/colorize.py \
    --workdir=runs/colorize --config.data.path=FOLDER

The input is the luminance of an image. The held-out tenth of the images is
shown and measured (docs/image_to_image.md).
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  return base.translation(variant, 'gray')
