r"""Counts failed runs on 25 Gaussians in the plane; see robust.py.

  python -m jaxgan.study --config=configs/studies/robust_toy.py --workdir=W \
    --jobs=2
  python -m jaxgan.study summarise --workdir=W

On this toy alone nearly all runs of the tuned baseline stayed at the target.
"""

from ml_collections import config_dict

from configs.studies import families, toy

# The tuned baseline of toy.py reached .2877 after 400 of its 800 steps. The
# margin is 2 %.
_TARGETS = {'gaussians25': 0.294}


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = toy.get_config(variant)
  config.name = 'robust_toy'
  return families.spread(config, families.ADAPTING, targets(variant), variant)


def targets(variant: str) -> dict[str, float]:
  """Returns the target value by task."""
  # The tiny variant has only the first task of toy.py.
  return {'gaussians8': 1.0} if variant else _TARGETS
