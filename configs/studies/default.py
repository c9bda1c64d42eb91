"""Settings shared by the studies: seeds, measurements, baseline, variants."""

from ml_collections import config_dict

from configs import default

_TINY_ARMS = (
  'wgan_gp 1', 'wgan_gp 10', 'wgan_gp', 'wgan_gp again', 'iterative', 'yoked',
  'plain 0.2', 'plain', 'adaptive 0.2', 'adaptive',
)  # fmt: skip


def get_config(base: config_dict.ConfigDict) -> config_dict.ConfigDict:
  """Returns a study without tasks and arms, whose runs start from `base`."""
  config = config_dict.ConfigDict()
  config.name = ''
  config.base = base
  config.tasks = ()
  config.arms = ()
  config.baseline = 'wgan_gp'
  config.again = 'wgan_gp again'
  config.tuning_seeds = (0, 1, 2, 3, 4)
  config.seeds = ()
  config.every_steps = 100
  config.stay = 3
  config.block = 10
  return config


def finish(
  config: config_dict.ConfigDict, variant: str
) -> config_dict.ConfigDict:
  """Applies a variant; every get_config of a study ends with this.

  Raises:
    ValueError: the variant is neither empty nor 'tiny'.
  """
  if variant not in ('', 'tiny'):
    raise ValueError(f'A study has no variant {variant!r}; it has :tiny.')
  if variant:
    _shrink(config)
  return config


def _shrink(config: config_dict.ConfigDict) -> None:
  """Reduces every size of a study that costs time, for a dry run."""
  default.finish(config.base, 'tiny')
  config.tasks = tuple(
    {**task, 'metrics': (metric,), 'metric': metric, 'real': 100}
    for task in config.tasks[:1]
    for metric in ['w1_100_pixels']
  )
  config.arms = tuple(arm for arm in config.arms if arm['name'] in _TINY_ARMS)
  config.tuning_seeds = (0, 1)
  config.seeds = (100, 101)
  config.every_steps = 2
  config.stay = 1
