"""Files of numbers in rows and columns: .npy, .npz, .csv and .tsv."""

import csv
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

_DELIMITERS = {'.csv': ',', '.tsv': '\t'}
SUFFIXES = ('.npy', '.npz', *_DELIMITERS)

_Line = tuple[int, list[str]]  # The number of a line, from 1, and its cells.


class Table(NamedTuple):
  """What a file holds.

  Attributes:
    values: [N, D] float32, finite; N >= 2, D >= 1.
    names: of the D columns, from a header; empty for none.
  """

  values: np.ndarray
  names: tuple[str, ...]


def read(file: Path) -> Table:
  """Reads a table whole, and never runs what is in it.

  A first line of a .csv or .tsv without any number is its header. Integers,
  truth values and wider floats are rounded to float32, to about 7 digits.

  Args:
    file: a .npy, a .npz of one array, a .csv or a .tsv (UTF-8).

  Raises:
    ValueError: another ending, a damaged file, several arrays, no [N, D] of
      real numbers, a cell that is no finite number, lines of unlike length,
      or fewer than two rows.
  """
  suffix = file.suffix.lower()
  if suffix in _DELIMITERS:
    return _parse(file, _lines(file, _DELIMITERS[suffix]))
  if suffix in SUFFIXES:
    return _of_array(file, _only(file, _arrays(file)))
  raise ValueError(
    f'{file} must end in {", ".join(SUFFIXES)} to be read as a table.'
  )


def _arrays(file: Path) -> dict[str, np.ndarray]:
  """The array of a .npy, or those of a .npz by their names."""
  try:
    # Opened here, since numpy leaves the file of a damaged archive open.
    with file.open('rb') as opened:
      found = np.load(opened, allow_pickle=False)
      if isinstance(found, np.ndarray):
        return {'': found}
      return {name: np.asarray(found[name]) for name in found.files}
  except (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    zipfile.BadZipFile,
    zlib.error,
  ) as error:
    raise ValueError(
      f'{file} is damaged or holds other things than numbers; it must be what '
      'numpy.save or numpy.savez wrote of an array of numbers.'
    ) from error


def _only(file: Path, arrays: dict[str, np.ndarray]) -> np.ndarray:
  if len(arrays) != 1:
    raise ValueError(
      f'{file} holds {len(arrays)} arrays ({", ".join(sorted(arrays))}); it '
      'must hold one, so save the table alone.'
    )
  return next(iter(arrays.values()))


def _of_array(file: Path, array: np.ndarray) -> Table:
  """A table of real numbers, or a sentence about what it is instead."""
  fits = array.ndim == 2 and array.dtype.kind in 'biuf'
  if not fits or len(array) < 2 or not array.shape[1]:
    raise ValueError(
      f'{file} holds {array.dtype} of shape {list(array.shape)}; it must be '
      'real numbers [N, D], at least two rows of at least one column.'
    )
  values = _float32(array)
  if not np.isfinite(values).all():
    row, column = np.argwhere(~np.isfinite(values))[0].tolist()
    raise ValueError(
      f'{file} holds {array[row, column]} at [{row}, {column}], counted from '
      '0; every number must be finite, as float32 too.'
    )
  return Table(values, ())


def _lines(file: Path, delimiter: str) -> list[_Line]:
  """The cells of every line that is not blank."""
  try:
    # Spreadsheets put a mark before the first cell; -sig takes it away.
    with file.open(encoding='utf-8-sig', newline='') as text:
      reader = csv.reader(text, delimiter=delimiter)
      return [(reader.line_num, cells) for cells in reader if cells]
  except (OSError, UnicodeDecodeError, csv.Error) as error:
    raise ValueError(
      f'{file} cannot be read ({error}); it must be text in UTF-8.'
    ) from error


def _parse(file: Path, lines: list[_Line]) -> Table:
  names: tuple[str, ...] = ()
  if lines and all(_number(cell) is None for cell in lines[0][1]):
    names = tuple(cell.strip() for cell in lines[0][1])
  rows = lines[bool(names) :]
  if len(rows) < 2:
    raise ValueError(
      f'{file} holds {len(rows)} rows of numbers; a table has at least 2.'
    )
  first, width = lines[0][0], len(lines[0][1])
  values = np.empty((len(rows), width))
  for row, (line, cells) in enumerate(rows):
    if len(cells) != width:
      raise ValueError(
        f'Line {line} of {file} has {len(cells)} columns and line {first} has '
        f'{width}; all lines must have equally many.'
      )
    numbers = [_number(cell) for cell in cells]
    if None in numbers:
      raise _bad_cell(file, line, cells, numbers.index(None), names)
    values[row] = numbers
  narrow = _float32(values)
  if not np.isfinite(narrow).all():
    row, column = np.argwhere(~np.isfinite(narrow))[0].tolist()
    line, cells = rows[row]
    raise _bad_cell(file, line, cells, column, names)
  return Table(narrow, names)


def _number(cell: str) -> float | None:
  """The number in a cell; Python's own 1_000 is none, it may be a code."""
  try:
    return None if '_' in cell else float(cell)
  except ValueError:
    return None


def _bad_cell(
  file: Path, line: int, cells: list[str], column: int, names: tuple[str, ...]
) -> ValueError:
  name = f' ({names[column]})' if names else ''
  return ValueError(
    f'Line {line} of {file} holds {cells[column]!r} in column {column + 1}'
    f'{name}; below an optional header of names every cell must be a finite '
    'number, as float32 too.'
  )


def _float32(values: np.ndarray) -> np.ndarray:
  with np.errstate(over='ignore'):  # What is too large is told as infinite.
    return values.astype(np.float32)
