"""The configuration of a run: its keys, their checks, its files.

Read `schema` first: every key with its type, default, range and meaning. Then
`presets` (the penalties by name), `parse` (a mapping of keys -> `Config`),
`validate` (all checks of the configuration alone) and `files` (a name or a path
-> `Config`).
"""

from jaxgan.config.parse import flatten, from_config_dict, pick, to_dict
from jaxgan.config.schema import (
  PRESETS,
  Checkpoint,
  Config,
  Data,
  Eval,
  Guard,
  Log,
  Loss,
  Net,
  Optim,
  Optimizer,
  Penalty,
  Regularisers,
  Train,
)

__all__ = [
  'PRESETS',
  'Checkpoint',
  'Config',
  'Data',
  'Eval',
  'Guard',
  'Log',
  'Loss',
  'Net',
  'Optim',
  'Optimizer',
  'Penalty',
  'Regularisers',
  'Train',
  'flatten',
  'from_config_dict',
  'pick',
  'to_dict',
]
