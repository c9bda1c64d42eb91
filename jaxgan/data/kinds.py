"""Kinds of columns of cells: inferred, declared, parsed and written."""

import csv
import datetime
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from jaxgan.data import untrusted
from jaxgan.data.cells import Cells, is_missing, number

KINDS = ('integer', 'number', 'date', 'datetime', 'boolean', 'category', 'drop')

_BOOLEANS = ({'true', 'false'}, {'yes', 'no'}, {'t', 'f'}, {'y', 'n'})
_DATE = re.compile(r'\d{4}-\d\d-\d\d')
_DATETIME = re.compile(r'\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?')
_EPOCH = datetime.datetime(1970, 1, 1)
_MAX_CATEGORIES = 20_000  # Each is an output of the generator.


def infer(texts: Sequence[str]) -> str:
  """The kind of a column: the first of KINDS that all its texts are of.

  Args:
    texts: distinct texts; missing ones do not count.
  """
  texts = [text for text in texts if not is_missing(text)]
  if not texts:
    return 'category'
  for kind, parse in _PARSERS.items():
    if all(parse(text) is not None for text in texts):
      return kind
  if {text.lower() for text in texts} in _BOOLEANS:
    return 'boolean'
  return 'category'


def parse(cells: Cells, kind: str) -> np.ndarray:
  """Parses the distinct texts of a column as numbers: float64, NaN if missing.

  Dates are days, and datetimes seconds.

  Raises:
    ValueError: a text that is not of the kind.
  """
  numbers = np.full(len(cells.texts), np.nan)
  for i, text in enumerate(cells.texts):
    if is_missing(text):
      continue
    value = _PARSERS[kind](text)
    if value is None:
      raise ValueError(
        f'Column {cells.name} holds {text!r:.60} and is declared {kind}; every '
        f'cell must be empty or of that kind, or the column a category.'
      )
    numbers[i] = value
  return numbers


def decimals(texts: Iterable[str]) -> int:
  """The largest number of decimals; -1 for exponents and more than 9."""
  longest = 0
  for text in texts:
    if is_missing(text):
      continue
    if 'e' in text.lower():
      return -1
    longest = max(longest, len(text.partition('.')[2]))
  return longest if longest < 10 else -1


def format_number(value: float, kind: str, places: int) -> str:
  """The text of a number of a kind, the inverse of `parse`."""
  if kind == 'date':
    return datetime.date.fromordinal(round(value)).isoformat()
  if kind == 'datetime':
    moment = _EPOCH + datetime.timedelta(seconds=round(value))
    return moment.isoformat(' ')
  if kind == 'integer':
    return str(round(value))
  return repr(float(value)) if places < 0 else f'{value:.{places}f}'


def read(file: Path, names: Sequence[str]) -> dict[str, str]:
  """Reads declared kinds: a JSON object, or lines `column,kind` (.csv).

  Args:
    file: its path; the columns that it omits are inferred.
    names: of all columns.

  Raises:
    ValueError: it cannot be read, or names an unknown column or kind.
    FileNotFoundError: it does not exist.
  """
  if not file.exists():
    raise FileNotFoundError(
      f'data.columns is {str(file)!r}, which does not exist; it must be a '
      '.json or .csv of kinds of columns.'
    )
  try:
    text = ''.join(untrusted.lines(file))
    if file.suffix.lower() == '.json':
      kinds = json.loads(text)
    else:
      kinds = {k.strip(): v.strip() for k, v in csv.reader(text.splitlines())}
  except (OSError, ValueError) as error:
    raise ValueError(
      f'{file} cannot be read ({error}); it must be a JSON object of kinds by '
      'name, or lines such as age,integer.'
    ) from error
  if not isinstance(kinds, dict):
    raise ValueError(f'{file} holds no JSON object of kinds by name.')
  for name, kind in kinds.items():
    if name not in names:
      raise ValueError(
        f'{file} declares {name!r:.60}, which is no column; it must be one of '
        f'{", ".join(names)}.'
      )
    if kind not in KINDS:
      raise ValueError(
        f'{file} declares {name} as {kind!r:.60}; it must be one of '
        f'{", ".join(KINDS)}.'
      )
  return kinds


def check_categories(cells: Cells, declared: bool) -> None:
  """Checks that a column of categories can be learned.

  Args:
    cells: the column.
    declared: whether the user named its kind.

  Raises:
    ValueError: too many categories, or nearly as many as rows.
  """
  num, rows = len(cells.texts), len(cells.codes)
  if num > _MAX_CATEGORIES:
    raise ValueError(
      f'Column {cells.name} has {num} categories; it must have at most '
      f'{_MAX_CATEGORIES}, or be declared drop in data.columns.'
    )
  if not declared and num > max(100, rows // 2):
    raise ValueError(
      f'Column {cells.name} has {num} different texts in {rows} rows and looks '
      'like a key or free text, which cannot be learned; declare it drop, or '
      'category, in data.columns.'
    )


def _integer(text: str) -> float | None:
  value = number(text)
  whole = re.fullmatch(r'[+-]?\d{1,15}', text)
  return value if whole else None


def _date(text: str) -> float | None:
  try:
    day = datetime.date.fromisoformat(text) if _DATE.fullmatch(text) else None
  except ValueError:
    return None
  return float(day.toordinal()) if day else None


def _datetime(text: str) -> float | None:
  if not (_DATE.fullmatch(text) or _DATETIME.fullmatch(text)):
    return None
  try:
    return (datetime.datetime.fromisoformat(text) - _EPOCH).total_seconds()
  except ValueError:
    return None


# A later kind also takes the texts of the kind before it.
_PARSERS: Mapping[str, Callable[[str], float | None]] = {
  'integer': _integer,
  'number': number,
  'date': _date,
  'datetime': _datetime,
}
