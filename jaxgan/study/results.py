"""Stores the results of a study: one line of JSON per measurement of a run.

Nothing is averaged before it is stored. Several processes may append to one
file. Reading and appending drop a last line that a crash cut short.
"""

import json
import math
import pathlib
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from jaxgan.data import untrusted
from jaxgan.storage import workdir


class Row(NamedTuple):
  """Measurement of one generator at one step.

  Attributes:
    task, arm, seed: of the run.
    step: number of finished generator steps.
    metrics: name -> value for the raw weights; NaN once the run has diverged.
      At the last step also `ema/NAME`, for the averaged weights.
    trace: name -> value of `types.METRICS` at that step and of the probe's
      mean gradient norms `slope_real`, `slope_fake` and `slope_between`; empty
      at step 0.
    updates: number of finished critic updates; None in rows of older versions.
    seconds: of training until then, without measurements and without the first
      step, which compiles; an equal share for each run of a program. NaN if not
      recorded.
  """

  task: str
  arm: str
  seed: int
  step: int
  metrics: dict[str, float]
  trace: dict[str, float]
  updates: int | None = None
  seconds: float = math.nan


def append(path: pathlib.Path, rows: Iterable[Row]) -> None:
  """Appends rows, with six significant digits, to the results file `path`.

  Several processes may call it at the same time.
  """
  text = ''.join(json.dumps(_to_json(row)) + '\n' for row in rows)
  lock = workdir.lock(path.parent, '.results.lock', wait=True)
  with lock, path.open('ab+') as file:
    _drop_cut_line(file)
    file.write(text.encode())


def load(path: pathlib.Path) -> list[Row]:
  """Reads a .jsonl or .jsonl.gz file; of repeated rows it keeps the last.

  Raises:
    ValueError: the file is missing or damaged, or a line is not a row.
  """
  try:
    text = untrusted.read_file(path).decode()
    lines = text.split('\n')[:-1]  # The last one is empty, or cut.
    rows = [_from_json(json.loads(line)) for line in lines]
  except (*untrusted.DAMAGE, KeyError) as error:
    raise ValueError(
      f'{path} cannot be read as results of a study ({error}).'
    ) from error
  return list({(r.task, r.arm, r.seed, r.step): r for r in rows}.values())


def _to_json(row: Row) -> dict:
  numbers = {
    field: {k: _round(v) for k, v in getattr(row, field).items()}
    for field in ('metrics', 'trace')
  }
  return {**row._asdict(), **numbers, 'seconds': _round(row.seconds)}


def _round(value: float) -> float | None:
  """Rounds to six significant digits; None for NaN, which JSON lacks."""
  return float(f'{value:.6g}') if math.isfinite(value) else None


def _from_json(values: dict) -> Row:
  for field in ('metrics', 'trace'):
    values[field] = {
      k: math.nan if v is None else float(v) for k, v in values[field].items()
    }
  if values.get('seconds') is None:
    values['seconds'] = math.nan
  return Row(**values)


def _drop_cut_line(file: BinaryIO) -> None:
  """Truncates the file after its last complete line."""
  end = file.seek(0, 2)
  file.seek(0)
  complete = file.read().rfind(b'\n') + 1
  if complete < end:
    file.truncate(complete)
