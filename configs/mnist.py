r"""MNIST, 28x28, with the convolutional nets of WGAN-GP's authors.

  python -m jaxgan.main --config=configs/mnist.py --workdir=runs/mnist \
    --config.data.path=FOLDER_OF_THE_FOUR_IDX_FILES

The authors trained 200,000 steps, this file trains 20,000. The full run was not
measured yet; it needs a GPU. Speed: 1.1 to 1.5 steps/s on 2 CPU cores of a
shared host (python -m jaxgan.benchmark --net=mnist --batch=50 --steps=6).

A smaller net draws digit-like images after 300 steps on these cores
(3.9 steps/s, 107 s in all; docs/images/mnist_300.png):

    --config.net.gen_widths='(128,64,32)' \
    --config.net.critic_widths='(32,64,128)' --config.train.steps=300 \
    --config.optim.gen.lr=5e-4 --config.optim.critic.lr=5e-4 \
    --config.penalty.warmup_steps=100
"""

from ml_collections import config_dict

from configs import default


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = default.get_config()
  config.data.name = 'mnist'
  config.net.gen_widths = (256, 128, 64)
  config.net.critic_widths = (64, 128, 256)
  config.train.batch_size = 50
  config.train.steps = 20_000
  if variant == 'tiny':
    config.data.mock_examples = 64
  return default.finish(config, variant)
