"""Learns the columns of a table with categories: kinds, categories, modes."""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxgan.data import cells as cells_lib
from jaxgan.data import kinds as kinds_lib
from jaxgan.data import modes as modes_lib
from jaxgan.data.cells import Cells
from jaxgan.data.mixed import CHUNK, Column, Mixed

_FEW = 10  # So many different numbers or fewer are categories.


def fit(
  table: Sequence[Cells], kinds: Mapping[str, str], condition: str = ''
) -> Mixed:
  """Learns the columns of a table.

  Args:
    table: its columns.
    kinds: declared kinds by name, as `kinds.read`; the others are
      inferred, and at most ten different numbers are categories.
    condition: of a generator: empty, `all` columns of categories, or the name
      of one.

  Raises:
    ValueError: a cell that is not of the declared kind, too many categories,
      no column that varies, or a condition that is no column of categories.
  """
  columns = tuple(
    _column(cells, kinds.get(cells.name, ''))
    for cells in table
    if kinds.get(cells.name) != 'drop'
  )
  mixed = Mixed(columns)
  if not mixed.width:
    raise ValueError(
      'All columns of the table are constant or dropped; one must vary.'
    )
  choices = [i for i, c in enumerate(columns) if c.discrete and c.width]
  if condition and condition != 'all':
    choices = [i for i in choices if columns[i].name == condition]
  if condition and not choices:
    discrete = [c.name for c in columns if c.discrete and c.width]
    raise ValueError(
      f'data.condition is {condition!r:.60}; it must be empty, all, or a '
      f'column of categories ({", ".join(discrete) or "there is none"}).'
    )
  return mixed._replace(conditions=tuple(choices) if condition else ())


def _column(cells: Cells, declared: str) -> Column:
  kind = declared or kinds_lib.infer(cells.texts)
  present = sum(not cells_lib.is_missing(text) for text in cells.texts)
  if kind in ('boolean', 'category') or present < 2:
    return _discrete(cells, kind, bool(declared))
  numbers = kinds_lib.parse(cells, kind)
  if not declared and present <= _FEW:
    return _discrete(cells, kind, declared=True)
  values = numbers[cells.codes]
  gone = np.isnan(values)
  known = values[~gone]
  blank = cells.texts[cells.codes[gone.argmax()]] if gone.any() else None
  places = kinds_lib.decimals(cells.texts) if kind == 'number' else 0
  column = Column(
    cells.name,
    kind,
    modes=modes_lib.fit(known),
    low=float(known.min()),
    high=float(known.max()),
    decimals=places,
    missing=blank,
  )
  num = len(column.modes.means)
  mode = column.modes.encode(known[:CHUNK], np.full(len(known[:CHUNK]), 0.5))
  counts = np.bincount(mode[1], minlength=num).tolist()
  return column._replace(
    counts=(*counts, *([int(gone.sum())] if gone.any() else []))
  )


def _discrete(cells: Cells, kind: str, declared: bool) -> Column:
  kinds_lib.check_categories(cells, declared)
  counts = np.bincount(cells.codes, minlength=len(cells.texts))
  order = sorted(range(len(counts)), key=lambda i: (-counts[i], cells.texts[i]))
  return Column(
    cells.name,
    kind,
    texts=tuple(cells.texts[i] for i in order),
    counts=tuple(int(counts[i]) for i in order),
  )
