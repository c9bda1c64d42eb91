"""What a run is made of: every key, its type, its default and its range.

`configs/default.py` lists the same keys and defaults for reading and changing;
`config.from_config_dict` checks and freezes what a user made of them. The two
are held together by a test.
"""

import dataclasses

from jaxgan.config.schema.data import Data
from jaxgan.config.schema.fields import within
from jaxgan.config.schema.net import Net
from jaxgan.config.schema.objective import PRESETS, Loss, Penalty, Regularisers
from jaxgan.config.schema.run import (
  Checkpoint,
  Eval,
  Guard,
  Log,
  Optim,
  Optimizer,
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
]


@dataclasses.dataclass(frozen=True)
class Config:
  """A whole run."""

  seed: int = within(0, 0, 2**31 - 1)
  game: str = 'gan'
  data: Data = Data()
  net: Net = Net()
  loss: Loss = Loss()
  penalty: Penalty = Penalty()
  regularisers: Regularisers = Regularisers()
  optim: Optim = Optim()
  train: Train = Train()
  eval: Eval = Eval()
  log: Log = Log()
  guard: Guard = Guard()
  checkpoint: Checkpoint = Checkpoint()
