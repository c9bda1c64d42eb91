r"""Your own photographs: a folder, with or without one sub-folder per class.

  python -m jaxgan.main --config=configs/folder.py --workdir=runs/mine \
    --config.data.path=FOLDER

Images are cropped to their central square and resized to 64x64
(data.image_size; data.image_width sets another aspect ratio). The nets are
small enough for a CPU: 7,000 steps took 80 minutes on one of two busy cores
(docs/photographs.md). For a GPU, scale them up by one key:
--config.net.scale=4. With one sub-folder per class,
--config.net.classes=NUMBER trains a conditional GAN.

The loss is relativistic with a zero-centered penalty on real and generated
images, as in R3GAN, with one critic step. A quarter of each batch is penalized,
which is cheaper and nearly as exact (docs/photographs.md).
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'folder'
  config.data.image_size = 64
  config.data.flip = True
  config.net.gen_widths = (128, 64, 32, 16)
  config.net.critic_widths = (16, 32, 64, 128)
  config.net.gen_up = 'nearest'
  config.net.latent_size = 64
  config.net.critic_label = 'projection'
  config.loss.name = 'relativistic'
  config.penalty.preset = 'r3gan'
  config.penalty.weight = 1.0
  config.penalty.share = 0.25
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr = 5e-4
    optimizer.b1, optimizer.b2 = 0.0, 0.99
  config.train.critic_steps = 1
  # The weight falls as in 10,000 steps; after 7,000 FID became worse.
  config.train.steps, config.train.schedule_steps = 7_000, 10_000
  config.train.ema_decay = 0.998
  if variant == 'tiny':
    config.data.mock_examples = 64
    config.data.image_size = 32
  return default.finish(config, variant)
