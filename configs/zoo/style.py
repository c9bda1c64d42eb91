r"""Style transfer by one net (Johnson et al., 2016), for one style.

  python -m jaxgan.main --config=configs/zoo/style.py --workdir=runs/style \
    --config.data.path=FOLDER --config.loss.style_image=painting.jpg \
    --config.loss.features_net=net.npz

net.npz is a classifier of images of 64 pixels, by jaxgan.classify. The net gets
a photograph and is trained to keep its feature maps and to have the Gram
matrices of the style image. There is no critic in its loss; a small one is
trained beside it and has no effect. The weights of the two losses depend on the
feature net and were not searched (docs/image_to_image.md).
"""

from ml_collections import config_dict

from configs import default
from configs.zoo import base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = base.translation('', 'noise')
  config.translation.noise = 0.0  # The photograph itself.
  config.net.name = 'encoder_decoder'
  config.net.blocks = 5
  config.net.gen_norm = 'instance'
  config.net.critic_input = False
  config.net.critic_widths = (8,)
  config.loss.l1, config.loss.adversarial = 0.0, 0.0
  config.loss.features, config.loss.style = 1.0, 10.0
  config.loss.features_net = 'net.npz'
  config.loss.style_image = 'style.png'
  config.optim.gen.lr, config.optim.gen.b1 = 1e-3, 0.9
  config.train.batch_size = 16
  config.guard.action = 'off'
  if variant:  # Digits in the style of each of them, to try the losses.
    config.data.name, config.data.split = 'digits', 'train'
    config.data.image_size, config.data.flip = 0, False
    config.eval.split = ''
    config.loss.features_net, config.loss.style_image = 'digits', ''
  return default.finish(config, variant)
