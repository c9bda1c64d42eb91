r"""A search space whose trials can be trained in one program (--together).

  python -m jaxgan.search --config=configs/digits.py --metric=w1_500_pixels \
    --space=configs/search/rates.py --together=4 --workdir=runs/search

docs/search.md says how much time that saves. A grid takes `num` values of a
range.
"""


def get_space() -> dict[str, dict[str, float | bool]]:
  return {
    'optim.gen.lr': {'low': 1e-5, 'high': 1e-1, 'log': True, 'num': 5},
    'optim.critic.lr': {'low': 1e-5, 'high': 1e-1, 'log': True, 'num': 5},
    'penalty.weight': {'low': 0.1, 'high': 100.0, 'log': True, 'num': 4},
  }
