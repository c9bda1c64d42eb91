r"""A search space for the digits; docs/search.md has the results.

  python -m jaxgan.search --config=configs/digits.py --metric=fid1797_digits \
    --space=configs/search/digits.py --workdir=runs/search

A grid takes `num` values of a range, and every integer of the last range.
"""


def get_space() -> dict[str, dict[str, float | bool]]:
  return {
    'optim.gen.lr': {'low': 1e-5, 'high': 1e-1, 'log': True, 'num': 5},
    'optim.critic.lr': {'low': 1e-5, 'high': 1e-1, 'log': True, 'num': 5},
    'penalty.weight': {'low': 0.1, 'high': 100.0, 'log': True, 'num': 4},
    'train.critic_steps': {'low': 1, 'high': 5, 'int': True},
  }
