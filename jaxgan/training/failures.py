"""Three ways in which a run fails, seen in the metrics that it logs anyway.

A pure fold over the rows of metrics.jsonl: a resumed run folds the old rows
again. To watch for another failure, write a function of a row and name it in
SIGNS.
"""

import math
import pathlib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from jaxgan import config as schema
from jaxgan.storage.writers import read_metrics

Row = Mapping[str, float]


class Failure(NamedTuple):
  """What went wrong, and when.

  Attributes:
    healthy: the last logged step that showed no sign of it; 0 if each did.
    sentence: what was seen, where, and what usually helps.
  """

  healthy: int
  sentence: str


class RunFailed(Exception):
  """The guard ends the run."""


class WentWrong(Exception):
  """The guard wants the run to go back.

  Attributes:
    failure: why.
  """

  def __init__(self, failure: Failure) -> None:
    super().__init__(failure.sentence)
    self.failure = failure


def collapse(row: Row, config: schema.Guard) -> str:
  """Fakes are alike: the generator has one answer for all latents, or few."""
  if row['diversity'] < config.diversity:
    return (
      f'mode collapse: diversity {row["diversity"]:.2g} is below '
      f'guard.diversity {config.diversity:g}; a smaller optim.gen.lr or '
      'loss.name=relativistic may help'
    )
  return ''


def critic_won(row: Row, config: schema.Guard) -> str:
  """Every example is told apart, and nothing flows back to the generator."""
  sure = min(row['accuracy_real'], row['accuracy_fake']) == 1
  if sure and row['grad_norm_gen'] < config.gradient:
    return (
      'the critic has won: both accuracies are 1 and grad_norm_gen '
      f'{row["grad_norm_gen"]:.2g} is below guard.gradient '
      f'{config.gradient:g}; a penalty, regularisers.noise or '
      'loss.name=nonsaturating may help'
    )
  return ''


def explosion(row: Row, config: schema.Guard) -> str:
  """The critic is too steep for its slopes to be a direction."""
  if row['slope'] > config.slope:
    return (
      f'exploding slopes: slope {row["slope"]:.2g} is above guard.slope '
      f'{config.slope:g}; a penalty, net.critic_norm=spectral or a smaller '
      'optim.critic.lr may help'
    )
  return ''


SIGNS: Mapping[str, Callable[[Row, schema.Guard], str]] = {
  'collapse': collapse,
  'critic_won': critic_won,
  'explosion': explosion,
}


def of_run(config: schema.Guard, folder: pathlib.Path, step: int) -> 'Guard':
  """The guard of a run that goes on after a step, as if it never stopped."""
  guard = Guard(config)
  path = folder / 'metrics.jsonl'
  for row in read_metrics(path) if path.exists() else ():
    if row['step'] <= step:
      guard.feed(row['step'], row)
  return guard


class Guard:
  """Watches the rows of one run, in their order."""

  def __init__(self, config: schema.Guard) -> None:
    """Begins with a run that has no rows yet."""
    self._config = config
    # For each sign: how many rows in a row have shown it, and the step of the
    # last that did not.
    self._shown = dict.fromkeys(SIGNS, 0)
    self._healthy = dict.fromkeys(SIGNS, 0)

  @property
  def suspects(self) -> bool:
    """Whether the newest row showed any sign."""
    return any(self._shown.values())

  def feed(self, step: int, row: Mapping[str, float | None]) -> Failure | None:
    """Looks at one more row.

    Args:
      step: of the row.
      row: of metrics.jsonl. One of other metrics is passed over, and None
        stands for what is not finite, which shows no sign here.

    Returns:
      What has failed, once for as long as the sign lasts, in the row in which
      `patience` is over; else None.
    """
    if self._config.action == 'off' or 'diversity' not in row:
      return None
    values = {k: math.nan if v is None else v for k, v in row.items()}
    found = None
    for name, sign in SIGNS.items():
      evidence = sign(values, self._config)
      self._shown[name] = self._shown[name] + 1 if evidence else 0
      if not evidence:
        self._healthy[name] = step
      elif self._shown[name] == self._config.patience:
        found = Failure(
          self._healthy[name],
          f'{evidence[0].upper()}{evidence[1:]} (step {step}, and '
          f'{self._shown[name]} logged steps in a row).',
        )
    return found
