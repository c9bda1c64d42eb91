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

from ml_collections import config_dict

from configs import folder
from configs.studies import arms, default

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


def get_base() -> config_dict.ConfigDict:
  """Returns the run that the studies of photographs at 32x32 change."""
  base = folder.get_config()
  base.data.image_size = 32
  base.net.gen_widths = (128, 64, 32)
  base.net.critic_widths = (32, 64, 128)
  base.penalty.share = 1.0  # As in the papers of the arms.
  base.train.steps, base.train.schedule_steps = 2_000, 0
  return base


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = get_base()
  config = default.get_config(base)
  config.name = 'flowers'
  config.tasks = (
    {
      'name': 'flowers',
      'metrics': ('fid2k_classifier', 'kid2k_classifier', 'fid2k_pixels'),
      'metric': 'fid2k_classifier',
    },
  )
  chosen = _FAMILIES
  if variant:
    chosen = {config.baseline: _FAMILIES[config.baseline]}
    base.data.mock_examples = 256
  config.arms = tuple(
    arm for name in chosen for arm in arms.family(name, *_FAMILIES[name])
  )
  config.again = config.baseline
  config.tuning_seeds = (0,)
  config.seeds = tuple(range(100, 105))
  config.every_steps = 200
  config.block = 1
  return default.finish(config, variant)
