r"""Compares augmentation of the critic on few photographs, at 32x32.

  python -m jaxgan.study --config=configs/studies/few_images.py --workdir=W \
    --jobs=2 --config.base.data.path=FOLDER \
    --config.base.eval.classifier=flowers32.npz
  python -m jaxgan.study summarise --workdir=W

It trains on 500 photographs of FOLDER and measures against the others. The
variant :faces trains on all photographs of FOLDER, and measures against the
same: 400 gray faces of the Olivetti Research Laboratory, a sub-folder for each
person. It needs a classifier of them. Arms: no augmentation, all images
augmented (DiffAugment), and an adaptive share (ADA). Each gets the same budget
and the same tuning: three weights of the penalty, one seed. Recall stands
beside FID, and so does the distance to the nearest training images, relative to
that of other real images (`memorising`, 1 for no memorization; not for :faces).
Not run yet.
"""

from ml_collections import config_dict

from configs.studies import arms, default, flowers

_AUGMENT = {'augment': ('colour', 'translation', 'cutout')}
_FAMILIES = {
  'plain': {},
  'diffaugment': _AUGMENT,
  'adaptive': {**_AUGMENT, 'augment_share': 0.0, 'augment_target': 0.6},
}
_WEIGHTS = (0.05, 0.2, 0.8)


def get_config(variant: str = '') -> config_dict.ConfigDict:
  base = flowers.get_base()
  metrics: tuple[str, ...] = ('fid2k_classifier', 'recall400_classifier')
  if variant == 'faces':
    base.data.channels = 1
  else:
    base.data.split, base.eval.split = 'train[:500]', 'train[500:]'
    metrics = (*metrics, 'memorising500_pixels')
  config = default.get_config(base)
  config.name = 'few_images'
  config.tasks = (
    {
      'name': variant or 'flowers',
      'metrics': metrics,
      'metric': 'fid2k_classifier',
    },
  )
  config.arms = tuple(
    arm
    for name, changes in _FAMILIES.items()
    for arm in arms.family(
      name, {'preset': 'r3gan'}, {'regularisers': changes}, _WEIGHTS
    )
  )
  config.baseline = config.again = 'plain'
  config.tuning_seeds = (0,)
  config.seeds = (100, 101, 102)
  config.every_steps = 200
  config.block = 1
  if variant == 'tiny':
    base.data.split = base.eval.split = 'train'
    base.data.mock_examples = 256
  return default.finish(config, '' if variant == 'faces' else variant)
