"""The penalty presets: by name, the keys that differ from `iterative`."""

from collections.abc import Mapping
from typing import Any

_CONSTANT = {'points': 'uniform', 'controller': 'constant'}

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
  'dragan': {**_CONSTANT, 'points': 'dragan'},
}
