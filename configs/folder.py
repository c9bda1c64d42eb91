r"""Your own images: a folder, with or without one sub-folder per class.

  python -m jaxgan.main --config=configs/folder.py --workdir=runs/mine \
    --config.data.path=FOLDER --config.data.image_size=64

Images are cropped to their central square and resized. data.image_width sets
another aspect ratio. data.image_size=0 keeps the images as they are; then all
must have one size. The net doubles four times and accepts any side above 8.
The time depends on the size: read steps/s in the progress bar, and use fewer
widths for small images. 50,000 steps at 64x64 were not measured.
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'folder'
  config.data.image_size = 64
  config.data.flip = True
  config.net.gen_widths = (512, 256, 128, 64)
  config.net.gen_norm = 'batch'
  config.net.critic_widths = (64, 128, 256, 512)
  config.net.critic_norm = 'layer'
  config.train.steps = 50_000
  if variant == 'tiny':
    config.data.mock_examples = 64
    config.data.image_size = 32
  return default.finish(config, variant)
