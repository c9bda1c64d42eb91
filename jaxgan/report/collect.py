"""Reads what a report shows from the workdir of a run."""

import math
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jaxgan.config import Config
from jaxgan.metrics import record
from jaxgan.metrics.record import Record
from jaxgan.storage import environment, workdir, writers
from jaxgan.training import failures

Row = Mapping[str, float]

# File of a folder that is no run -> the command that reports it.
_OTHERS = {
  'study.json': 'study summarise',
  'search.json': 'search report',
}


class Grid(NamedTuple):
  """A picture of samples in a workdir.

  Attributes:
    step: of the generator.
    path: of the PNG.
  """

  step: int
  path: pathlib.Path


class Run(NamedTuple):
  """A run as its workdir describes it.

  Attributes:
    folder: the workdir, as the user names it.
    name: what the report calls it.
    config: of the run.
    data: facts of the data set, as in data.json.
    rows: logged scalars, in the order of their steps; NaN where a value was
      not finite. Rows of evaluations are left out.
    records: of evaluation.jsonl, oldest first.
    grids: of samples, in the order of their steps.
    real: picture of real examples, or None.
    failures: sentences about failures, the first one first.
    environments: versions and devices of each start, see `environment.read`.
  """

  folder: pathlib.Path
  name: str
  config: Config
  data: Mapping[str, Any]
  rows: Sequence[Row]
  records: Sequence[Record]
  grids: Sequence[Grid]
  real: pathlib.Path | None
  failures: Sequence[str]
  environments: Sequence[Mapping[str, Any]]

  @property
  def step(self) -> int:
    """The last step that left a trace in the workdir."""
    logged = [int(row['step']) for row in self.rows[-1:]]
    return max([*logged, *(grid.step for grid in self.grids[-1:])], default=0)


def read(folder: pathlib.Path, name: str = '') -> Run:
  """Reads a workdir; a run that is still training can be read too.

  Args:
    folder: of the run.
    name: for the report; by default that of the folder.

  Raises:
    ValueError: the folder holds no run, or one of its files is damaged.
  """
  workdir.local(folder)
  for file, command in _OTHERS.items():
    if (folder / file).exists():
      raise ValueError(
        f'{folder} is no workdir of a run; python -m jaxgan.{command} '
        f'--workdir={folder} reports it.'
      )
  config = workdir.load_config(folder)
  rows = _rows(folder / 'metrics.jsonl')
  real = folder / 'samples' / 'real.png'
  return Run(
    folder=folder,
    name=name or folder.resolve().name,
    config=config,
    data=workdir.load_data(folder),
    rows=rows,
    records=record.load(folder / 'evaluation.jsonl'),
    grids=_grids(folder / 'samples'),
    real=real if real.exists() else None,
    failures=_failures(config, rows, workdir.rollbacks(folder)),
    environments=environment.read(folder),
  )


def _rows(path: pathlib.Path) -> list[Row]:
  rows = writers.read_metrics(path) if path.exists() else []
  return sorted(
    (_numbers(row) for row in rows if {'gap', 'step'} <= {*row}),
    key=lambda row: row['step'],
  )


def _numbers(row: Mapping[str, Any]) -> Row:
  """The numbers of a row, whose texts are facts; null is no finite number."""
  values = {k: math.nan if v is None else v for k, v in row.items()}
  return {k: v for k, v in values.items() if isinstance(v, int | float)}


def _grids(folder: pathlib.Path) -> list[Grid]:
  names = (
    (re.fullmatch(r'step_(\d+)\.png', p.name), p) for p in folder.glob('*')
  )
  return sorted(Grid(int(match[1]), path) for match, path in names if match)


def _failures(
  config: Config, rows: Sequence[Row], rollbacks: Sequence[Mapping[str, Any]]
) -> list[str]:
  """Sentences about rollbacks, and what the guard finds in the rows."""
  texts = [
    f'{each["because"]} The run was rolled back to step {each["to"]}.'
    for each in rollbacks
  ]
  guard = failures.Guard(config.guard)
  for row in rows:
    step = int(row['step'])
    if any(
      math.isnan(row.get(key, 0.0)) for key in ('critic_loss', 'gen_loss')
    ):
      texts.append(f'A loss was not finite at step {step}.')
      break
    if failure := guard.feed(step, row):
      texts.append(failure.message)
  return texts
