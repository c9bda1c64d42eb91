"""Reads a .csv or .tsv of any cells.

Each distinct text of a column is kept once, with one code per row. So a table
takes 4 bytes per cell, and each text is parsed once.
"""

import csv
import math
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from jaxgan.data import untrusted

_DELIMITERS = {'.csv': ',', '.tsv': '\t'}
SUFFIXES = tuple(x + end for x in _DELIMITERS for end in ('', '.gz'))

# Texts of a missing cell, in lower case.
_MISSING = ('', '?', 'na', 'n/a', 'nan', 'null')


class Cells(NamedTuple):
  """One column of a table as texts.

  Attributes:
    name: of the column.
    texts: its distinct texts, without spaces at both ends, in order of
      appearance.
    codes: [N] int32 positions in `texts`.
  """

  name: str
  texts: tuple[str, ...]
  codes: np.ndarray


def read(file: Path) -> list[Cells]:
  """Reads the columns of a table with a header.

  Args:
    file: a .csv or .tsv in UTF-8, or such a file with .gz.

  Raises:
    ValueError: another suffix, no header, an empty name or one that occurs
      twice, lines of different lengths, or fewer than two rows.
  """
  delimiter = _DELIMITERS.get(file.with_suffix('').suffix.lower())
  if file.suffix != '.gz':
    delimiter = _DELIMITERS.get(file.suffix.lower())
  if delimiter is None:
    raise ValueError(
      f'{file} must end in {", ".join(SUFFIXES)} to be read as a table with '
      'categories.'
    )
  try:
    lines = csv.reader(
      untrusted.lines(file), delimiter=delimiter, skipinitialspace=True
    )
    numbered = ((lines.line_num, cells) for cells in lines if cells)
    return _columns(file, numbered)
  except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
    raise ValueError(
      f'{file} cannot be read ({error}); it must be text in UTF-8.'
    ) from error


def of_rows(
  names: Sequence[str], rows: Iterable[Sequence[str]], source: str
) -> list[Cells]:
  """Makes columns of rows of texts.

  Args:
    names: of the columns.
    rows: each with one text per column.
    source: of the rows, for error messages.

  Raises:
    ValueError: as `read`.
  """
  numbered = enumerate([names, *rows], 1)
  return _columns(source, ((i, list(cells)) for i, cells in numbered))


def _columns(
  source: object, lines: Iterable[tuple[int, list[str]]]
) -> list[Cells]:
  lines = iter(lines)
  _, names = next(lines, (1, []))
  names = [name.strip() for name in names]
  _check_names(source, names)
  known: list[dict[str, int]] = [{} for _ in names]
  codes = [array('i') for _ in names]
  for number, cells in lines:
    if len(cells) != len(names):
      raise ValueError(
        f'Line {number} of {source} has {len(cells)} columns and the header '
        f'has {len(names)}; all lines must have the same number of columns.'
      )
    for texts, column, cell in zip(known, codes, cells, strict=True):
      column.append(texts.setdefault(cell.strip(), len(texts)))
  if len(codes[0]) < 2:
    raise ValueError(
      f'{source} holds {len(codes[0])} rows below its header; a table must '
      'have at least 2.'
    )
  return [
    Cells(name, tuple(texts), np.array(column, np.int32))
    for name, texts, column in zip(names, known, codes, strict=True)
  ]


def _check_names(source: object, names: list[str]) -> None:
  if not names or not all(names):
    raise ValueError(
      f'{source} has an empty name in its first line; the first line must be '
      'a header with one name per column.'
    )
  if twice := next((n for n in names if names.count(n) > 1), ''):
    raise ValueError(
      f'{source} has two columns {twice!r:.60}; each name in the header must '
      'occur once.'
    )
  if (
    number_like := next((n for n in names if number(n) is not None), '')
  ) and (all(number(n) is not None or n.lower() in _MISSING for n in names)):
    raise ValueError(
      f'{source} has the number {number_like!r:.60} in its first line; the '
      'first line must be a header with one name per column.'
    )


def is_missing(text: str) -> bool:
  """Whether a text stands for a missing cell: empty, ?, NA, NaN or null."""
  return text.lower() in _MISSING


def number(text: str) -> float | None:
  """Parses a finite number; None for other text and for 1_000."""
  try:
    value = None if '_' in text else float(text)
  except ValueError:
    return None
  return value if value is not None and math.isfinite(value) else None
