"""The configuration of a run: its keys, their checks, its files.

Read `schema` first: every key with its type, default, allowed values and
documentation. Then `presets` (the gradient penalties by name), `parse` (nested
values -> `Config`), `validate` (checks between keys, with those of `penalties`,
`microbatches`, `tables` and `translation`), `files` (a name or a path ->
`Config`), `help_text` (the output of `--help_config`) and `renamed` (keys of
older versions).
"""

from jaxgan.config.files import load_config
from jaxgan.config.parse import (
  flatten,
  from_config_dict,
  pick,
  replace,
  to_dict,
  unknown_key,
)
from jaxgan.config.presets import PRESETS
from jaxgan.config.schema.data import Data
from jaxgan.config.schema.net import Net
from jaxgan.config.schema.objective import Loss, Penalty, Regularizers
from jaxgan.config.schema.run import (
  Checkpoint,
  Config,
  Eval,
  Guard,
  Log,
  Optim,
  Optimizer,
  Train,
)
from jaxgan.config.schema.translation import Translation

__all__ = [
  'PRESETS', 'Checkpoint', 'Config', 'Data', 'Eval', 'Guard', 'Log', 'Loss',
  'Net', 'Optim', 'Optimizer', 'Penalty', 'Regularizers', 'Train',
  'Translation', 'flatten', 'from_config_dict', 'load_config', 'pick',
  'replace', 'to_dict', 'unknown_key',
]  # fmt: skip
