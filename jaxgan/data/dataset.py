"""A data set in memory: examples, labels, and the columns of a table."""

import dataclasses
import functools

import numpy as np

from jaxgan.data import conditions
from jaxgan.data.columns import AnyColumns
from jaxgan.data.conditions import Conditions
from jaxgan.data.mixed import Mixed


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
  """All examples of one split.

  Attributes:
    images: [N, H, W, C] uint8, or [N, D] float32 vectors; the columns of a
      table are standardized. May be a read-only memory-mapped file, or a
      `stream.Stream`, which reads them from disk when they are indexed.
    labels: [N] int32; zeros if there are no labels.
    num_classes: 0 if there are no labels.
    name: the name in `data.name`.
    columns: standardization of a table's columns; None for other data.
  """

  images: np.ndarray
  labels: np.ndarray
  num_classes: int
  name: str
  columns: AnyColumns | None = None

  @property
  def shape(self) -> tuple[int, ...]:
    """(H, W, C) of an image or (D,) of a vector."""
    return self.images.shape[1:]

  @property
  def in_memory(self) -> np.ndarray:
    """The images as an array; of a stream, a sample that represents them."""
    return getattr(self.images, 'sample', self.images)

  @functools.cached_property
  def conditions(self) -> Conditions | None:
    """The rows of each label of a table with categories; None for others."""
    if not isinstance(self.columns, Mixed):
      return None
    return conditions.build(self.columns, self.in_memory)

  @property
  def class_counts(self) -> tuple[int, ...]:
    """Number of examples of each class; empty without labels."""
    if self.conditions:
      return tuple(self.conditions.counts.tolist())
    if not self.num_classes:
      return ()
    return tuple(np.bincount(self.labels, minlength=self.num_classes).tolist())
