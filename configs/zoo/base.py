r"""Shared by all files of the zoo: data, optimizer and metric.

Each file is a GAN that a paper made known, small enough for two CPU cores.
docs/zoo.md compares them. Every file has the variants :tiny and :mnist; :mnist
reads the four idx files in data.path:

  python -m jaxgan.main --config=configs/zoo/gan.py:mnist --workdir=runs/gan \
    --config.data.path=FOLDER
"""

from ml_collections import config_dict

from configs import default, digits, folder, mnist
from jaxgan.config import files


def start(variant: str, net: str, steps: int = 4_000) -> config_dict.ConfigDict:
  """Returns a config without penalty, with one critic step, Adam and a metric.

  Args:
    variant: of the file.
    net: a name of `net.name`.
    steps: on the digits; on MNIST all files train equally many.
  """
  config = _mnist(net) if variant == 'mnist' else _digits(net, steps)
  config.net.name = net
  config.penalty.preset = 'none'
  config.train.critic_steps = 1
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr = 2e-4
    optimizer.b1, optimizer.b2 = 0.5, 0.999
  return config


def translation(variant: str, inputs: str) -> config_dict.ConfigDict:
  """Returns a config of pix2pix on a folder of photographs.

  Args:
    variant: of the file; there is no :mnist.
    inputs: a name of `translation.input`.
  """
  config = folder.get_config()
  config.game = 'translation'
  config.translation.input = inputs
  config.net.name = 'unet'
  config.net.gen_widths = (128, 64, 32)
  config.net.critic_widths = (32, 64, 128)
  config.loss.name = 'nonsaturating'
  config.loss.l1 = 100.0
  config.penalty = files.default_config_dict().penalty
  config.penalty.preset = 'none'
  for optimizer in (config.optim.gen, config.optim.critic):
    optimizer.lr = 2e-4
    optimizer.b1, optimizer.b2 = 0.5, 0.999
  config.data.split, config.eval.split = 'train[:90%]', 'train[90%:]'
  config.train.schedule_steps = 0
  config.eval.num_images = 72
  if variant:
    config.data.mock_examples = 64
    config.data.image_size = 32
  return default.finish(config, variant)


def finish(
  config: config_dict.ConfigDict, variant: str
) -> config_dict.ConfigDict:
  """Adds the label metric and applies the variant; ends every get_config."""
  if config.net.classes:  # Share of samples of the requested class.
    asked = f'asked1k_{config.data.name}'
    config.eval.metrics = (*config.eval.metrics, asked)
  if variant == 'mnist':
    return config
  if variant:
    config.eval.metrics = ()  # They need more samples than :tiny draws.
  return default.finish(config, variant)


def _digits(net: str, steps: int) -> config_dict.ConfigDict:
  config = digits.get_config()
  config.train.steps = steps
  config.eval.metrics = ('fid1797_digits',)
  if net != 'mlp':
    config.net.gen_widths = (64, 32)
    config.net.critic_widths = (32, 64)
  return config


def _mnist(net: str) -> config_dict.ConfigDict:
  config = mnist.get_config()
  config.train.steps = 20_000
  config.eval.every_steps = config.checkpoint.every_steps = 5_000
  config.eval.metrics = ('fid10k_mnist',)
  config.net.gen_widths = (64, 32, 16)
  config.net.critic_widths = (16, 32, 64)
  if net == 'mlp':
    config.net.gen_widths = config.net.critic_widths = (512, 512, 512)
  return config
