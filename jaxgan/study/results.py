"""The results of a study: one line of JSON for each measurement of each run.

Nothing is averaged before it is stored. Several processes may add lines to one
file; a line that a crash cut short is dropped when the file is read.
"""

import fcntl
import gzip
import json
import math
import pathlib
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple


class Row(NamedTuple):
  """One generator at one step.

  Attributes:
    task, arm, seed: which run.
    step: generator steps that are over.
    metrics: name -> value of the raw weights; NaN where there is none, since
      the run diverged. At the last step also `ema/` names, of averaged weights.
    trace: name -> value: `types.METRICS` of that step and, from a probe,
      mean slopes `slope_real`, `slope_fake`, `slope_between`; empty at step 0.
  """

  task: str
  arm: str
  seed: int
  step: int
  metrics: dict[str, float]
  trace: dict[str, float]


def append(path: pathlib.Path, rows: Iterable[Row]) -> None:
  """Adds lines; several processes may do so at once.

  Args:
    path: results.jsonl.
    rows: numbers are kept to six digits, which is more than seeds agree on.
  """
  text = ''.join(json.dumps(_plain(row)) + '\n' for row in rows)
  with path.open('ab+') as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    _drop_cut_line(file)
    file.write(text.encode())


def load(path: pathlib.Path) -> list[Row]:
  """Reads all whole lines; of a run that was begun twice, the later ones.

  Args:
    path: a results.jsonl, or the same packed by gzip.

  Raises:
    ValueError: no such file, or a line within it that is no result.
  """
  try:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == '.gz' else data
    lines = text.decode().split('\n')[:-1]  # The last one is empty, or cut.
    rows = [_row(json.loads(line)) for line in lines]
  except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
    raise ValueError(
      f'{path} cannot be read as results of a study ({error}).'
    ) from error
  return list({(r.task, r.arm, r.seed, r.step): r for r in rows}.values())


def _plain(row: Row) -> dict:
  numbers = {
    field: {k: _short(v) for k, v in getattr(row, field).items()}
    for field in ('metrics', 'trace')
  }
  return {**row._asdict(), **numbers}


def _short(value: float) -> float | None:
  """Six digits; JSON has no NaN."""
  return float(f'{value:.6g}') if math.isfinite(value) else None


def _row(values: dict) -> Row:
  for field in ('metrics', 'trace'):
    values[field] = {
      k: math.nan if v is None else float(v) for k, v in values[field].items()
    }
  return Row(**values)


def _drop_cut_line(file: BinaryIO) -> None:
  """Ends the file behind its last whole line."""
  end = file.seek(0, 2)
  file.seek(0)
  whole = file.read().rfind(b'\n') + 1
  if whole < end:
    file.truncate(whole)
