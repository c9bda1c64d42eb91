r"""Where a fixed weight fails, on 25 Gaussians in the plane; see robust.py.

  python -m jaxgan.study --config=configs/studies/robust_toy.py --workdir=W \
    --jobs=2
  python -m jaxgan.study summarise --workdir=W

The one toy on which nearly all runs of toy.py's tuned baseline stayed at the
target.
"""

from ml_collections import config_dict

from configs.studies import families, toy

# What the tuned baseline of toy.py reached after 400 of its 800 steps, .2877,
# with a margin of two hundredths.
_TARGETS = {'gaussians25': 0.294}


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = toy.get_config(variant)
  config.name = 'robust_toy'
  return families.spread(config, families.ADAPTING, targets(variant), variant)


def targets(variant: str) -> dict[str, float]:
  """Task -> what a run has to reach."""
  # The tiny variant has another task, its only one.
  return {'gaussians8': 1.0} if variant else _TARGETS
