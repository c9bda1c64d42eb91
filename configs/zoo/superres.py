r"""Super-resolution of photographs by 4, by dense blocks (ESRGAN).

  python -m jaxgan.main --config=configs/zoo/superres.py \
    --workdir=runs/superres --config.data.path=FOLDER

The input is an image of a quarter of the sides, enlarged by bicubic
interpolation; translation.factor sets another factor. The held-out tenth of the
images is shown and measured (docs/image_to_image.md).

The generator is that of ESRGAN (Wang et al., 2018), small enough for a CPU:
it works at a quarter of the sides, with 4 blocks of 32 features. The authors'
size is --config.net.scale=2 --config.net.blocks=23.
"""

from ml_collections import config_dict

from configs import default
from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.translation('', 'low_resolution')
  config.net.name = 'rrdb'
  config.net.gen_widths = (32, 32, 32)
  config.net.blocks = 4
  config.net.gen_up = 'subpixel'
  if variant:
    config.data.mock_examples = 64
    config.data.image_size = 32
  return default.finish(config, variant)
