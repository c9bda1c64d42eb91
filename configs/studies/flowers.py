r"""Compares five penalties on photographs of flowers at 32x32.

  python -m jaxgan.classify --data=folder --path=FOLDER --image_size=32 \
    --out=flowers32.npz
  python -m jaxgan.study --config=configs/studies/flowers.py --workdir=W \
    --jobs=2 --config.base.data.path=FOLDER \
    --config.base.eval.classifier=flowers32.npz
  python -m jaxgan.study summarise --workdir=W

FOLDER has a sub-folder of photographs for each class. Each family gets the same
tuning: three weights, one seed. The Wasserstein arms take five critic steps per
generator step, the relativistic ones take one, as their authors do; time to the
target counts generator steps. The question: does gamma that follows the
estimated distance (`r3gan_iterative`) do as well as gamma on a clock (`r3gan`),
or constant?
"""

from typing import Any

from ml_collections import config_dict

from configs import folder
from configs.studies import default

_WASSERSTEIN = {'loss': {'name': 'wasserstein'}, 'train': {'critic_steps': 5}}
_PAIRS = {'loss': {'name': 'relativistic'}, 'train': {'critic_steps': 1}}
# Arm -> penalty, other changes, weights of its tuning.
_FAMILIES = {
  'wgan_gp': ({'preset': 'wgan_gp'}, _WASSERSTEIN, (1.0, 10.0, 100.0)),
  'iterative': ({'preset': 'iterative'}, _WASSERSTEIN, (1.0, 10.0, 100.0)),
  'r3gan': ({'preset': 'r3gan'}, _PAIRS, (0.02, 0.1, 0.5)),
  'r3gan constant': (
    {'preset': 'r3gan', 'controller': 'constant'}, _PAIRS, (0.02, 0.1, 0.5),
  ),
  'r3gan_iterative': (
    {'preset': 'r3gan_iterative'}, _PAIRS, (0.02, 0.1, 0.5),
  ),
}  # fmt: skip


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = folder.get_config()
  base.data.image_size = 32
  base.net.gen_widths = (128, 64, 32)
  base.net.critic_widths = (32, 64, 128)
  base.net.gen_norm = base.net.critic_norm = 'none'
  base.net.latent_size = 64
  for optimizer in (base.optim.gen, base.optim.critic):
    optimizer.lr = 5e-4
    optimizer.b1, optimizer.b2 = 0.0, 0.99
  base.train.batch_size = 64
  base.train.steps = 2_000
  config = default.get_config(base)
  config.name = 'flowers'
  config.tasks = (
    {
      'name': 'flowers',
      'metrics': ('fid2k_classifier', 'kid2k_classifier', 'fid2k_pixels'),
      'metric': 'fid2k_classifier',
    },
  )
  config.arms = tuple(arm for name in _FAMILIES for arm in _arms(name))
  config.again = config.baseline
  config.tuning_seeds = (0,)
  config.seeds = tuple(range(100, 105))
  config.every_steps = 200
  config.block = 1
  if variant:
    config.arms = tuple(_arms(config.baseline))
    base.data.mock_examples = 256
  return default.finish(config, variant)


def _arms(family: str) -> list[dict[str, Any]]:
  """The arms of a family: one for each weight, and that of the test."""
  penalty, changes, weights = _FAMILIES[family]
  tuning = [
    {
      'name': f'{family} {weight:g}',
      'family': family,
      'tunes': True,
      'changes': {**changes, 'penalty': {**penalty, 'weight': weight}},
    }
    for weight in weights
  ]
  test = {
    'name': family,
    'tuned': family,
    'changes': {**changes, 'penalty': penalty},
  }
  return [*tuning, test]
