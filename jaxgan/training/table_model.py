"""A generator of rows in Python: from a table in memory to rows in memory."""

import csv
import importlib
import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from jaxgan.config import load_config
from jaxgan.evaluation import run
from jaxgan.evaluation.run import Run
from jaxgan.storage import atomic, workdir
from jaxgan.training import train

_GONE = ('nan', 'NaT', '<NA>')  # Missing values of numpy and pandas.


class TableModel(NamedTuple):
  """A trained generator of rows.

  Attributes:
    run: its run, which can be evaluated.
    as_frame: whether rows are returned as a pandas DataFrame.
  """

  run: Run
  as_frame: bool = False

  def sample(
    self, num: int, seed: int = 0, where: Mapping[str, str] | None = None
  ) -> Any:
    """Draws rows with the columns and types of the table.

    Args:
      num: number of rows.
      seed: equal seeds give equal rows.
      where: column -> the category that all rows must have.

    Returns:
      A DataFrame if the table was one; otherwise a dict, name -> values, which
      are int, float, bool, str, or None if missing.

    Raises:
      ValueError: an unknown column or category.
    """
    values = self.run.rows(num, seed, where)
    if self.as_frame:
      return importlib.import_module('pandas').DataFrame(values)
    return values


def fit(
  data: Any,
  folder: str | pathlib.Path,
  kinds: Mapping[str, str],
  changes: Mapping[str, Any],
) -> TableModel:
  """Trains a generator of rows; the arguments are those of `jaxgan.fit_table`.

  Raises:
    ValueError: a table or a configuration that cannot be used.
  """
  folder = workdir.local(folder)
  is_path = isinstance(data, str | pathlib.Path)
  path = pathlib.Path(data) if is_path else _beside(folder, '.csv')
  if not is_path:
    _write(path, data)
  changes = {'data.path': str(path), **changes}
  if kinds:
    declared = _beside(folder, '.kinds.json')
    atomic.write_text(declared, json.dumps(dict(kinds), indent=2) + '\n')
    changes['data.columns'] = str(declared)
  train.train_and_evaluate(load_config('mixed_table', changes), folder)
  return TableModel(run.load(folder), hasattr(data, 'iloc'))


def _beside(folder: pathlib.Path, end: str) -> pathlib.Path:
  workdir.make(folder.parent)
  return folder.with_name(folder.name + end)


def _write(path: pathlib.Path, data: Any) -> None:
  """Writes a frame or a dict of columns as a .csv."""
  if not (hasattr(data, 'keys') and hasattr(data, '__getitem__')):
    raise ValueError(
      f'The table is a {type(data).__name__}; it must be a path, a '
      'DataFrame or a dict of columns.'
    )
  names = [*data.keys()]
  columns: list[Sequence[Any]] = [list(data[name]) for name in names]
  if len({len(column) for column in columns}) > 1:
    raise ValueError(
      'The columns of the table differ in length; all must have the same '
      'number of values.'
    )
  with (
    atomic.replacing(path) as temporary,
    temporary.open('w', newline='', encoding='utf-8') as file,
  ):
    lines = csv.writer(file, lineterminator='\n')
    lines.writerow(names)
    cells = ([_text(value) for value in column] for column in columns)
    lines.writerows(zip(*cells, strict=True))


def _text(value: Any) -> str:
  text = '' if value is None else str(value)
  return '' if text in _GONE else text
