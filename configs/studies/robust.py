r"""Where a fixed weight fails: does a rule that adapts it fail less often?

  python -m jaxgan.study --config=configs/studies/robust.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

On the digits: the rules that made a difference on a toy (robust_toy.py and
robust_parts.py), with the critic steps with which there was one.
"""

from ml_collections import config_dict

from configs.studies import digits, families

# What the tuned baseline of digits.py reached after 500 of its 1,000 steps was
# 3.04; this is the same distance with a margin of two hundredths.
_TARGETS = {'digits': 3.1}

_RULES = ('wgan_gp', 'iterative', 'one-sided', 'following')
_CRITIC_STEPS = (5,)


def get_config(variant: str = '') -> config_dict.ConfigDict:
  config = digits.get_config(variant)
  config.name = 'robust'
  rules = {**families.ADAPTING, **families.PARTS}
  chosen = {name: rules[name] for name in _RULES}
  return families.spread(
    config, chosen, _TARGETS, variant, critic_steps=_CRITIC_STEPS
  )
