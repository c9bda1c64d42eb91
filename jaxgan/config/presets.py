"""The penalty presets: by name, the keys that differ from `iterative`."""

from collections.abc import Mapping
from typing import Any

_CONSTANT = {'points': 'uniform', 'controller': 'constant'}
_R3GAN = {'points': 'real_and_fake', 'target': 0.0, 'weight': 1.0, 'floor': 0.1}

PRESETS: Mapping[str, Mapping[str, Any]] = {
  'iterative': {},
  # The least sensitive to a badly chosen weight (docs/results.md).
  'following': {'sides': 'one', 'target_law': 'ratio', 'decay': 0.998},
  'literal': {
    'points': 'ratio',
    'controller': 'literal',
    'distance': 'gap',
    'smoothing': 0.0,
    'warmup_steps': 1,
    'rate': 1.0,
  },
  'wgan': {**_CONSTANT, 'weight': 0.0, 'clip': 0.01},
  'wgan_gp': _CONSTANT,
  'none': {**_CONSTANT, 'weight': 0.0},
  'wgan_lp': {**_CONSTANT, 'sides': 'one'},
  'r1': {**_CONSTANT, 'points': 'real', 'target': 0.0, 'weight': 5.0},
  # gamma 2 -> .2 on R1 and R2, as for FFHQ at 64x64 (Huang et al., 2024).
  'r3gan': {**_R3GAN, 'controller': 'cosine'},
  # The same gamma, which follows the estimated distance instead of a clock.
  'r3gan_iterative': {**_R3GAN, 'controller': 'iterative'},
  'dragan': {**_CONSTANT, 'points': 'dragan'},
}
