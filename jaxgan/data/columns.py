"""Standardizes the columns of a table, and converts back to its units.

The critic sees all columns at once: without standardization, columns of large
values would dominate. Nets and metrics use mean 0 and standard deviation 1;
the user's files and the exported samples are in the units of the table.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data import mixed
from jaxgan.data.mixed import Mixed


class Columns(NamedTuple):
  """Mean and scale that standardize the D columns of a table.

  Both methods raise a ValueError for rows that do not have D numbers.

  Attributes:
    names: the D column names; empty if the file has no header.
    location: the mean of each column; `standardize` subtracts it.
    scale: the standard deviation of each column, or 1 for a constant column;
      `standardize` divides by it.
  """

  names: tuple[str, ...]
  location: tuple[float, ...]
  scale: tuple[float, ...]

  @property
  def sizes(self) -> tuple[int, ...]:
    """Of a table with categories (`Mixed.sizes`); numbers have none."""
    return ()

  @property
  def labels(self) -> tuple[tuple[int, int], ...]:
    """Of a table with categories (`Mixed.labels`); numbers have none."""
    return ()

  def standardize(self, values: np.ndarray) -> np.ndarray:
    """Converts [N, D] in the table's units to standardized [N, D] float32."""
    self._check(values)
    centered = values.astype(np.float64) - self.location
    return (centered / self.scale).astype(np.float32)

  def unstandardize(self, values: np.ndarray) -> np.ndarray:
    """Inverts `standardize`, up to the rounding of float32."""
    self._check(values)
    scaled = values.astype(np.float64) * self.scale
    return (scaled + self.location).astype(np.float32)

  def record(self) -> dict[str, Any]:
    """The columns as values for data.json."""
    return self._asdict()

  def _check(self, values: np.ndarray) -> None:
    if values.shape[1:] != (len(self.scale),):
      raise ValueError(
        f'A sample has the shape {list(values.shape[1:])} and the table has '
        f'{len(self.scale)} columns; a sample must have one number per column.'
      )


# The columns of a table of numbers, or of a table with categories.
AnyColumns = Columns | Mixed


def from_values(values: np.ndarray, names: Sequence[str]) -> Columns:
  """Computes the mean and the scale of each column of a table.

  Args:
    values: [N, D] float32, finite.
    names: the D column names, or none.

  Returns:
    Means and standard deviations (normalized by N, not N - 1). A constant
    column has its value as location and 1 as scale, so it becomes 0.
  """
  # The float64 sum of a constant float32 column is exact: its deviation is 0.
  location = values.mean(axis=0, dtype=np.float64)
  scale = values.std(axis=0, dtype=np.float64)
  scale = np.where(scale > 0, scale, 1.0)
  return Columns(tuple(names), tuple(location.tolist()), tuple(scale.tolist()))


def from_record(record: Mapping[str, Any]) -> AnyColumns | None:
  """Reads the columns from the dict in a run's data.json; None without."""
  if not (stored := record.get('columns')):
    return None
  if 'mixed' in stored:
    return mixed.from_record(stored)
  return Columns(*(tuple(stored[name]) for name in Columns._fields))


def convert(
  values: np.ndarray, source: AnyColumns | None, target: AnyColumns | None
) -> np.ndarray:
  """Converts values from the standardization `source` to `target`.

  Args:
    values: [N, D] float32; or any data if `source` and `target` are None.
    source: None if the values are not standardized.
    target: None for a result that is not standardized.

  Returns:
    The converted values; `values` itself if source and target are equal.

  Raises:
    ValueError: the numbers of columns differ, or one table has categories.
  """
  if source == target:
    return values
  if isinstance(source, Mixed) and isinstance(target, Mixed):
    return source.recode(values, target)
  if source is not None:
    values = source.unstandardize(values)
  if isinstance(source, Mixed) != isinstance(target, Mixed):
    raise ValueError(
      'One of the two tables has categories and the other one is read as '
      'numbers; both must be of one kind.'
    )
  return values if target is None else target.standardize(values)
