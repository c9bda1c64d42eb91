"""Reads tables of numbers from .npy, .npz, .csv and .tsv files."""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxgan.data import untrusted

_DELIMITERS = {'.csv': ',', '.tsv': '\t'}
SUFFIXES = ('.npy', '.npz', *_DELIMITERS)

_Line = tuple[int, list[str]]  # The number of a line, from 1, and its cells.


class Table(NamedTuple):
  """A table of numbers.

  Attributes:
    values: [N, D] float32, finite; N >= 2, D >= 1.
    names: the D column names of the header; empty if there is no header.
  """

  values: np.ndarray
  names: tuple[str, ...]


def read(file: Path) -> Table:
  """Reads a table from a file, without unpickling objects.

  The first line of a .csv or .tsv is a header if no cell is a number.
  Integers, booleans and wider floats are rounded to float32 (about 7 digits).

  Args:
    file: a .npy, a .npz of one array, a .csv or a .tsv (UTF-8).

  Raises:
    ValueError: the suffix is another, the file is damaged or holds several
      arrays, the array is not real numbers [N, D], a cell is not a finite
      number, lines differ in length, or there are fewer than two rows.
  """
  suffix = file.suffix.lower()
  if suffix in _DELIMITERS:
    return _parse(file, _lines(file, _DELIMITERS[suffix]))
  if suffix in SUFFIXES:
    return _check_array(file, _only_array(file))
  raise ValueError(
    f'{file} must end in {", ".join(SUFFIXES)} to be read as a table.'
  )


def _only_array(file: Path) -> np.ndarray:
  try:
    arrays = untrusted.read_arrays(file)
  except untrusted.Refused:
    raise
  except untrusted.DAMAGE as error:
    raise ValueError(
      f'{file} is damaged or does not hold numbers only; it must be written by '
      'numpy.save or numpy.savez from an array of numbers.'
    ) from error
  if len(arrays) != 1:
    raise ValueError(
      f'{file} holds {len(arrays)} arrays ({", ".join(sorted(arrays))}); it '
      'must hold exactly one, the table.'
    )
  return next(iter(arrays.values()))


def _check_array(file: Path, array: np.ndarray) -> Table:
  """Converts real numbers [N, D] to a table; raises for other arrays."""
  is_table = array.ndim == 2 and array.dtype.kind in 'biuf'
  if not is_table or len(array) < 2 or not array.shape[1]:
    raise ValueError(
      f'{file} holds {array.dtype} of shape {list(array.shape)}; it must be '
      'real numbers [N, D], at least two rows of at least one column.'
    )
  values, bad = _float32(array)
  if bad:
    row, column = bad[0]
    raise ValueError(
      f'{file} holds {array[row, column]} at [{row}, {column}], counted from '
      '0; every number must be finite, also as float32.'
    )
  return Table(values, ())


def _lines(file: Path, delimiter: str) -> list[_Line]:
  """Reads the cells of every line that is not blank."""
  try:
    reader = csv.reader(untrusted.lines(file), delimiter=delimiter)
    return [(reader.line_num, cells) for cells in reader if cells]
  except (OSError, UnicodeDecodeError, csv.Error) as error:
    raise ValueError(
      f'{file} cannot be read ({error}); it must be text in UTF-8.'
    ) from error


def _parse(file: Path, lines: list[_Line]) -> Table:
  """Converts the lines of a text file to a table; raises if one is wrong."""
  names: tuple[str, ...] = ()
  if lines and all(_number(cell) is None for cell in lines[0][1]):
    names = tuple(cell.strip() for cell in lines[0][1])
  rows = lines[bool(names) :]
  if len(rows) < 2:
    raise ValueError(
      f'{file} holds {len(rows)} rows of numbers; a table must have at least 2.'
    )
  first, width = lines[0][0], len(lines[0][1])
  values = np.empty((len(rows), width))
  for row, (line, cells) in enumerate(rows):
    if len(cells) != width:
      raise ValueError(
        f'Line {line} of {file} has {len(cells)} columns and line {first} has '
        f'{width}; all lines must have the same number of columns.'
      )
    values[row] = [_number(cell) for cell in cells]  # None becomes nan.
  values, bad = _float32(values)
  if bad:
    row, column = bad[0]
    line, cells = rows[row]
    name = f' ({names[column]})' if names else ''
    raise ValueError(
      f'Line {line} of {file} holds {cells[column]!r:.60} in column '
      f'{column + 1}{name}; every cell below an optional header must be a '
      'finite number, also as float32.'
    )
  return Table(values, names)


def _number(cell: str) -> float | None:
  """Parses a number; None for other text and for 1_000, which may be a code."""
  try:
    return None if '_' in cell else float(cell)
  except ValueError:
    return None


def _float32(values: np.ndarray) -> tuple[np.ndarray, list[list[int]]]:
  """Converts to float32; also locates the first number that is not finite.

  Returns:
    The values, and [[row, column]], or [] if all are finite.
  """
  with np.errstate(over='ignore'):  # Too large values become infinite.
    narrow = values.astype(np.float32)
  return narrow, np.argwhere(~np.isfinite(narrow))[:1].tolist()
