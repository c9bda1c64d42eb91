"""Every key of a configuration with its default, made from the schema.

Other files here change a few keys of this one. To print all keys with their
types, allowed values and meaning:

  python -m jaxgan.main --config=configs/digits.py --help_config

To change a key on the command line:

  --config=configs/digits.py --config.optim.gen.lr=2e-4

Keys under `penalty` are None: the value of `penalty.preset`. Every file has a
variant :tiny (--config=configs/digits.py:tiny) that runs in seconds, without a
network.
"""

from ml_collections import config_dict

from jaxgan.config import files


def get_config(variant: str = '') -> config_dict.ConfigDict:
  return finish(files.default_config_dict(), variant)


def finish(
  config: config_dict.ConfigDict, variant: str
) -> config_dict.ConfigDict:
  """Applies a variant; every get_config ends with this.

  Raises:
    ValueError: the variant is neither empty nor 'tiny'.
  """
  if variant not in ('', 'tiny'):
    raise ValueError(f'A config has no variant {variant!r}; it has :tiny.')
  if variant:
    _shrink(config)
  return config


def _shrink(config: config_dict.ConfigDict) -> None:
  """Makes a run small in every size that costs time."""
  net, train = config.net, config.train
  net.gen_widths = (8,) * len(net.gen_widths)
  net.critic_widths = (8,) * len(net.critic_widths)
  net.latent_size = 8
  net.blocks = 1
  config.penalty.warmup_steps = 2
  train.steps = 6
  train.batch_size = 16
  train.gen_batch_size = 0
  train.critic_steps = 2
  config.eval.every_steps = 3
  config.eval.num_images = 16
  config.log.every_steps = 1
  config.log.report = False
  config.checkpoint.every_steps = 3
