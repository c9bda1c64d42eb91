"""Detects failing runs in their logged metrics: three signs of failure.

A pure fold over the rows of metrics.jsonl: a resumed run folds the old rows
again. To detect another failure, write a function of a row and name it in
SIGNS.
"""

import math
import pathlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from jaxgan import config as config_lib
from jaxgan.storage.writers import read_metrics
from jaxgan.training import processes

Row = Mapping[str, float]


class Failure(NamedTuple):
  """A detected failure.

  Attributes:
    healthy: the last logged step without a sign of it; 0 if there is none.
    message: what was observed, at which step, and what usually helps.
  """

  healthy: int
  message: str


class RunFailed(Exception):
  """The run has failed and is stopped."""


class RollbackNeeded(Exception):
  """The run has failed and must return to an earlier checkpoint.

  Attributes:
    failure: the reason.
  """

  def __init__(self, failure: Failure) -> None:
    super().__init__(failure.message)
    self.failure = failure


def not_finite(step: int) -> str:
  """The error message for `GANState.diverged_step`."""
  return f'A loss, gradient or parameter was not finite at step {step}.'


def collapse(row: Row, config: config_lib.Guard) -> str:
  """Mode collapse: fakes are much closer to each other than real examples."""
  if row['diversity'] < config.diversity:
    return (
      f'mode collapse: diversity {row["diversity"]:.2g} is below '
      f'guard.diversity {config.diversity:g}; a smaller optim.gen.lr or '
      'loss.name=relativistic may help'
    )
  return ''


def critic_won(row: Row, config: config_lib.Guard) -> str:
  """The critic is always right, and the generator's gradient vanishes."""
  sure = min(row['accuracy_real'], row['accuracy_fake']) == 1
  if sure and row['grad_norm_gen'] < config.gradient:
    return (
      'the critic has won: both accuracies are 1 and grad_norm_gen '
      f'{row["grad_norm_gen"]:.2g} is below guard.gradient '
      f'{config.gradient:g}; a penalty, regularisers.noise or '
      'loss.name=nonsaturating may help'
    )
  return ''


def explosion(row: Row, config: config_lib.Guard) -> str:
  """The critic's gradient norms explode."""
  if row['slope'] > config.slope:
    return (
      f'exploding slopes: slope {row["slope"]:.2g} is above guard.slope '
      f'{config.slope:g}; a penalty, net.critic_norm=spectral or a smaller '
      'optim.critic.lr may help'
    )
  return ''


SIGNS: Mapping[str, Callable[[Row, config_lib.Guard], str]] = {
  'collapse': collapse,
  'critic_won': critic_won,
  'explosion': explosion,
}


def resume_guard(
  config: config_lib.Guard, folder: pathlib.Path, step: int
) -> 'Guard':
  """The guard of a run that resumes after `step`, as if never interrupted."""
  guard = Guard(config)
  path = folder / 'metrics.jsonl'

  def rows() -> list[dict]:
    return read_metrics(path) if path.exists() else []

  # Of process 0, which writes them: another host may see older ones.
  for row in processes.from_first(rows):
    if row['step'] <= step:
      guard.feed(row['step'], row)
  return guard


class Guard:
  """Watches the logged rows of one run, in their order."""

  def __init__(self, config: config_lib.Guard) -> None:
    """Starts without rows."""
    self._config = config
    # For each sign: the number of consecutive rows that show it, and the step
    # of the last row that does not.
    self._count = dict.fromkeys(SIGNS, 0)
    self._healthy = dict.fromkeys(SIGNS, 0)

  @property
  def suspects(self) -> bool:
    """Whether the newest row shows any sign."""
    return any(self._count.values())

  def feed(self, step: int, row: Mapping[str, float | None]) -> Failure | None:
    """Reads one more row.

    Args:
      step: of the row.
      row: of metrics.jsonl. Rows of evaluations are ignored; None stands for
        a non-finite value, which is no sign here.

    Returns:
      The failure, once per failure, in the row in which `patience` is
      exceeded; else None.
    """
    if self._config.action == 'off' or 'diversity' not in row:
      return None
    values = {k: math.nan if v is None else v for k, v in row.items()}
    failure = None
    for name, sign in SIGNS.items():
      evidence = sign(values, self._config)
      self._count[name] = self._count[name] + 1 if evidence else 0
      if not evidence:
        self._healthy[name] = step
      elif self._count[name] == self._config.patience:
        failure = Failure(
          self._healthy[name],
          f'{evidence[0].upper()}{evidence[1:]} (step {step}, and '
          f'{self._count[name]} logged steps in a row).',
        )
    return failure
