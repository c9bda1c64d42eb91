r"""CelebA, 64x64, with the residual nets of WGAN-GP's authors.

  python -m jaxgan.main --config=configs/celeba.py --workdir=runs/celeba \
    --config.data.path=FOLDER

FOLDER holds img_align_celeba (a folder or .zip) and list_eval_partition.txt.
The variant :attributes trains a conditional GAN on two attributes and also
reads list_attr_celeba.txt. Its labels are 0 for neither, 1 for Smiling, 2 for
Male and 3 for both (docs/conditioning.md). Not measured yet; 200,000 steps need
a GPU or a TPU.
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'celeba'
  config.data.image_size = 64
  config.data.flip = True
  config.net.name = 'resnet'
  config.net.gen_widths = (512, 512, 256, 128, 64)
  config.net.gen_norm = 'batch'
  config.net.critic_widths = (64, 128, 256, 512, 512)
  config.net.critic_norm = 'layer'
  config.optim.gen.b1 = 0.0
  config.optim.critic.b1 = 0.0
  config.train.steps = 200_000
  if variant == 'attributes':
    config.data.attributes = ('Male', 'Smiling')
    config.net.classes = 4
    config.net.gen_label = 'norm'
    config.net.critic_label = 'projection'
    return config
  if variant == 'tiny':
    config.data.mock_examples = 64
    config.data.image_size = 32
    config.net.gen_widths = config.net.gen_widths[1:]
    config.net.critic_widths = config.net.critic_widths[:-1]
  return default.finish(config, variant)
