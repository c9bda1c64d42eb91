"""Columns of a table: standardised inside, in their own units outside.

A critic sees all columns at once, so one in thousands would drown one in
fractions. Training and metrics take them with mean 0 and deviation 1; files,
those of the user as those of samples, are in the units that the table has.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Columns(NamedTuple):
  """How the D columns of a table are standardised.

  Attributes:
    names: of the D columns; empty where the file names none.
    location: what is subtracted from each, its mean.
    scale: what each is then divided by, its deviation; 1 of a constant.
  """

  names: tuple[str, ...]
  location: tuple[float, ...]
  scale: tuple[float, ...]

  def standardise(self, values: np.ndarray) -> np.ndarray:
    """[N, D] in the table's units -> [N, D] float32, deviations from the mean.

    Raises:
      ValueError: the values are no rows of D numbers.
    """
    self._check(values)
    centred = values.astype(np.float64) - self.location
    return (centred / self.scale).astype(np.float32)

  def restore(self, values: np.ndarray) -> np.ndarray:
    """The inverse of `standardise`, but for the rounding of float32.

    Raises:
      ValueError: the values are no rows of D numbers.
    """
    self._check(values)
    scaled = values.astype(np.float64) * self.scale
    return (scaled + self.location).astype(np.float32)

  def _check(self, values: np.ndarray) -> None:
    if values.shape[1:] != (len(self.scale),):
      raise ValueError(
        f'The samples are of shape {list(values.shape[1:])} and the table has '
        f'{len(self.scale)} columns; each sample must be a row of as many '
        'numbers.'
      )


def measure(values: np.ndarray, names: Sequence[str]) -> Columns:
  """The columns of a table.

  Args:
    values: [N, D] float32, finite.
    names: of the columns, or none.

  Returns:
    Means and deviations (over N, not N - 1). A constant column has itself as
    its location and 1 as its scale, so it becomes 0.
  """
  # In float64 a constant of float32 adds up exactly: its deviation is 0.
  location = values.mean(axis=0, dtype=np.float64)
  scale = values.std(axis=0, dtype=np.float64)
  scale = np.where(scale > 0, scale, 1.0)
  return Columns(tuple(names), tuple(location.tolist()), tuple(scale.tolist()))


def of_facts(facts: Mapping[str, Any]) -> Columns | None:
  """The columns that a run's data.json holds; None where it is of no table."""
  found = facts.get('columns')
  if found is None:
    return None
  return Columns(*(tuple(found[name]) for name in Columns._fields))


def convert(
  values: np.ndarray, source: Columns | None, target: Columns | None
) -> np.ndarray:
  """Values of one table in the units of another.

  Args:
    values: [N, D] float32, standardised by `source`; or of no table.
    source: None where the values are in their own units.
    target: None where they shall be in their own units.

  Returns:
    The values, untouched where the two are equal.

  Raises:
    ValueError: the two have unlike numbers of columns.
  """
  if source == target:
    return values
  if source is not None:
    values = source.restore(values)
  return values if target is None else target.standardise(values)
