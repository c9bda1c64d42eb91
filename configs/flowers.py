r"""Photographs of flowers at 64x64, by class.

  python -m jaxgan.classify --data=folder --path=FOLDER --image_size=64 \
    --out=flowers64.npz
  python -m jaxgan.main --config=configs/flowers.py --workdir=runs/flowers \
    --config.data.path=FOLDER --config.eval.classifier=flowers64.npz

FOLDER has a sub-folder of photographs for each of five classes: daisy,
dandelion, rose, sunflower, tulip. The first command trains the classifier whose
features FID and KID use. --config.net.classes=0 ignores the classes.
"""

from ml_collections import config_dict

from configs import default, folder


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = folder.get_config()
  config.net.classes = 5
  config.eval.metrics = (
    'fid4k_classifier', 'kid4k_classifier', 'asked1k_classifier',
  )  # fmt: skip
  if variant:
    config.eval.metrics = ()
    config.net.classes = 0  # Random images have none.
    config.data.mock_examples = 64
    config.data.image_size = 32
  return default.finish(config, variant)
