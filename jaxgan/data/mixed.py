"""Columns of a table with categories: from texts to numbers and back.

A row is stored as one short vector of M numbers: for a column of categories the
number of its category; for a column of numbers alpha in [-1, 1] and the number
of its mode (`modes`), where the last mode stands for a missing cell. A constant
column takes no number. `nets.segments` makes one-hot vectors of these rows, one
batch at a time, so that a column of thousands of categories costs no memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data import cells as cells_lib
from jaxgan.data import kinds as kinds_lib
from jaxgan.data.cells import Cells
from jaxgan.data.modes import Modes

CHUNK = 2**16  # Rows that are encoded at once.


class Column(NamedTuple):
  """One column of a table.

  Attributes:
    name: of the column.
    kind: one of `kinds.KINDS` except drop.
    texts: its categories; of a column of numbers empty.
    counts: rows of each category, or of each mode and the missing cells.
    modes: of a column of numbers; empty otherwise.
    low, high: the smallest and the largest number.
    decimals: of its numbers; -1 for all digits.
    missing: the text of a missing cell; None if no cell is missing.
  """

  name: str
  kind: str
  texts: tuple[str, ...] = ()
  counts: tuple[int, ...] = ()
  modes: Modes = Modes((), (), ())
  low: float = 0.0
  high: float = 0.0
  decimals: int = 0
  missing: str | None = None

  @property
  def discrete(self) -> bool:
    """Whether it is encoded as a category."""
    return bool(self.texts)

  @property
  def choices(self) -> int:
    """Number of its categories, or of its modes with that of missing cells."""
    return len(self.counts)

  @property
  def width(self) -> int:
    """Numbers of the column in a row: 0, 1 or 2."""
    return (self.choices > 1) if self.discrete else 2

  def encode(self, cells: Cells, seed: int) -> np.ndarray:
    """Encodes texts as [N, width] float32.

    Raises:
      ValueError: a category that the column lacks, or a text of another kind.
    """
    if self.discrete:
      position = {text: i for i, text in enumerate(self.texts)}
      if unknown := [t for t in cells.texts if t not in position]:
        raise ValueError(
          f'Column {self.name} holds {unknown[0]!r:.60}, which the table of '
          f'the run lacks; it must be one of its {self.choices} categories.'
        )
      codes = np.array([position[text] for text in cells.texts], np.float32)
      return codes[cells.codes][:, None][:, : self.width]
    numbers = kinds_lib.parse(cells, self.kind)
    out = np.zeros((len(cells.codes), 2), np.float32)
    for start in range(0, len(out), CHUNK):
      part = slice(start, start + CHUNK)
      out[part] = self._encode(numbers[cells.codes[part]], (seed, start))
    return out

  def decode(self, row: np.ndarray) -> list[str]:
    """Inverts `encode`; rounds numbers and keeps them in their range."""
    if self.discrete:
      if not self.width:
        return [self.texts[0]] * len(row)
      codes = self.codes(row)
      return [self.texts[i] for i in codes.tolist()]
    numbers = self.numbers(row)
    return [
      self.missing or '' if value != value else self.text(value)
      for value in numbers.tolist()
    ]

  def codes(self, row: np.ndarray) -> np.ndarray:
    """The category or mode of each row [N, width]: [N] int64."""
    if not self.width:
      return np.zeros(len(row), np.int64)
    codes = np.rint(row[:, -1]).astype(np.int64)
    return np.clip(codes, 0, self.choices - 1)

  def numbers(self, row: np.ndarray) -> np.ndarray:
    """The numbers of rows [N, 2]: [N] float64, NaN if missing."""
    mode, last = self.codes(row), len(self.modes.means) - 1
    value = self.modes.decode(row[:, 0], np.minimum(mode, last))
    if self.decimals >= 0:
      value = np.round(value, self.decimals)
    return np.where(mode > last, np.nan, np.clip(value, self.low, self.high))

  def _encode(self, numbers: np.ndarray, key: tuple[int, int]) -> np.ndarray:
    gone = np.isnan(numbers)
    known = np.where(gone, self.low, numbers)
    bits = np.random.Philox(key=np.array(key, np.uint64))
    uniforms = (bits.random_raw(len(numbers)) >> np.uint64(11)) * 2.0**-53
    alpha, mode = self.modes.encode(known, uniforms)
    if gone.any() and self.missing is None:
      raise ValueError(
        f'Column {self.name} has a missing cell, which the table of the run '
        'lacks; every cell must be filled.'
      )
    missing = len(self.modes.means)
    return np.stack(
      [np.where(gone, 0, alpha), np.where(gone, missing, mode)], axis=1
    ).astype(np.float32)

  def text(self, value: float) -> str:
    """The text of a number of the column."""
    return kinds_lib.format_number(value, self.kind, self.decimals)


class Mixed(NamedTuple):
  """The columns of a table with categories.

  Attributes:
    columns: in the order of the header, without those declared drop.
    conditions: positions of the columns whose categories a generator can be
      conditioned on; empty for none.
  """

  columns: tuple[Column, ...]
  conditions: tuple[int, ...] = ()

  @property
  def names(self) -> tuple[str, ...]:
    """The column names."""
    return tuple(column.name for column in self.columns)

  @property
  def width(self) -> int:
    """M, the length of an encoded row."""
    return sum(column.width for column in self.columns)

  @property
  def sizes(self) -> tuple[int, ...]:
    """Of each number of a row: 0 for an alpha, or the number of choices."""
    sizes: list[int] = []
    for column in self.columns:
      own = [0, column.choices][-column.width :] if column.width else []
      sizes += own
    return tuple(sizes)

  @property
  def offsets(self) -> tuple[int, ...]:
    """Position of the first number of each column in a row."""
    ends = np.cumsum([column.width for column in self.columns])
    return (0, *ends[:-1].tolist())

  @property
  def labels(self) -> tuple[tuple[int, int], ...]:
    """(position in a row, category) of each label, by label."""
    return tuple(
      (self.offsets[i], code)
      for i in self.conditions
      for code in range(self.columns[i].choices)
    )

  def label(self, name: str, text: str) -> int:
    """The label of a category; -1 if no label stands for it."""
    label = 0
    for i in self.conditions:
      column = self.columns[i]
      if column.name == name and text in column.texts:
        return label + column.texts.index(text)
      label += column.choices
    return -1

  def parts(self, rows: np.ndarray) -> Iterator[tuple[Column, np.ndarray]]:
    """Yields each column with its numbers [N, width] of rows [N, M].

    Raises:
      ValueError: rows of another length.
    """
    self._check(rows)
    for column, start in zip(self.columns, self.offsets, strict=True):
      yield column, rows[:, start : start + column.width]

  def encode(self, table: Sequence[Cells]) -> np.ndarray:
    """Encodes columns of texts, in their order, as rows [N, M] float32.

    Raises:
      ValueError: other columns, an unknown category, or a text that is no
        number.
    """
    found = [cells for cells in table if cells.name in self.names]
    if tuple(cells.name for cells in found) != self.names:
      raise ValueError(
        f'The columns are {", ".join(c.name for c in table)}; they must be '
        f'{", ".join(self.names)}, as in the table of the run.'
      )
    parts = [
      column.encode(cells, seed)
      for seed, (column, cells) in enumerate(
        zip(self.columns, found, strict=True)
      )
    ]
    return np.concatenate(parts, axis=1)

  def decode(self, rows: np.ndarray) -> list[list[str]]:
    """The texts of rows [N, M], by column."""
    return [column.decode(part) for column, part in self.parts(rows)]

  def recode(self, rows: np.ndarray, target: 'Mixed') -> np.ndarray:
    """Encodes rows [N, M] as another table's columns do.

    Raises:
      ValueError: other columns, or a category that the other table lacks.
    """
    texts = zip(*self.decode(rows), strict=True)
    return target.encode(cells_lib.of_rows(self.names, texts, 'The samples'))

  def standardize(self, values: np.ndarray) -> np.ndarray:
    """Rows are encoded already: returns them, as `Columns.standardize`."""
    self._check(values)
    return values

  def unstandardize(self, values: np.ndarray) -> np.ndarray:
    """Returns encoded rows, which `decode` turns into texts."""
    self._check(values)
    return values

  def record(self) -> dict[str, Any]:
    """The columns as values for data.json."""
    return {
      'mixed': [c._asdict() | {'modes': list(c.modes)} for c in self.columns],
      'conditions': self.conditions,
    }

  def _check(self, rows: np.ndarray) -> None:
    if rows.ndim != 2 or rows.shape[1] != self.width:
      raise ValueError(
        f'Rows have the shape {list(rows.shape)}; encoded rows of this table '
        f'must have {self.width} numbers.'
      )


def from_record(record: Mapping[str, Any]) -> Mixed:
  """Inverts `Mixed.record`, after JSON."""
  columns = []
  for stored in record['mixed']:
    column = Column(**stored)
    modes = Modes(*map(tuple, column.modes))
    texts, counts = tuple(column.texts), tuple(column.counts)
    columns.append(column._replace(modes=modes, texts=texts, counts=counts))
  return Mixed(tuple(columns), tuple(record['conditions']))
