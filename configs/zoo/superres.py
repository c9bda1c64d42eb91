r"""Super-resolution of photographs by 4, by pix2pix (Isola et al., 2017).

  python -m jaxgan.main --config=configs/zoo/superres.py \
    --workdir=runs/superres --config.data.path=FOLDER

The input is an image of a quarter of the sides, enlarged by bicubic
interpolation; translation.factor sets another factor. The held-out tenth of the
images is shown and measured (docs/image_to_image.md).
"""

from ml_collections import config_dict

from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  return base.translation(variant, 'low_resolution')
