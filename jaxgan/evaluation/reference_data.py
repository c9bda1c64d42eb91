"""The real data of an evaluation, and what of it was trained on."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxgan.config import Config, Data
from jaxgan.data import columns as columns_lib
from jaxgan.data import examples as examples_lib
from jaxgan.data import sources
from jaxgan.data.builders import toys
from jaxgan.data.builders.toys import Mixture
from jaxgan.data.columns import Columns
from jaxgan.data.sources import Dataset

Load = Callable[[Data], Dataset]


class Reference(NamedTuple):
  """The real data of an evaluation.

  Attributes:
    name: of the data set, or of a file.
    split: as tfds writes splits; empty for files.
    examples: [N, H, W, C] uint8 or [N, D] float32, standardised where there
      are columns; so are all other examples here.
    others: real examples that are not among them, for the floor; or None.
    train: what the generator was trained on; None where unknown.
    heldout: `examples` or `others`, whichever was not trained on; None where
      neither is known to be.
    mixture: the Gaussians that the data are drawn from, or None.
    columns: of the table that gives the unit; None for numbers as they are.
  """

  name: str
  split: str
  examples: np.ndarray
  others: np.ndarray | None
  train: np.ndarray | None = None
  heldout: np.ndarray | None = None
  mixture: Mixture | None = None
  columns: Columns | None = None


def of_run(config: Config, dataset: Dataset) -> Reference:
  """The real data that a run's `eval` names; its own where it names none.

  Args:
    config: the run.
    dataset: what it trains on.

  Raises:
    ValueError: a split that does not exist.
  """

  def load(data: Data) -> Dataset:
    return dataset if data == config.data else sources.load(data)

  split = config.eval.split or config.data.split
  data = dataclasses.replace(config.data, split=split)
  return _of(data, config.eval.floor_split, config.data, load)


def of_data(
  data: Data, *, floor_split: str = '', train: Data | None = None
) -> Reference:
  """Real data by the name of a data set.

  Args:
    data: what is compared with.
    floor_split: other real data of the same name; empty for none.
    train: what the generator was trained on; None where unknown.

  Raises:
    ValueError: a name or a split that does not exist.
  """
  return _of(data, floor_split, train, functools.cache(sources.load))


def of_file(
  path: pathlib.Path,
  train: np.ndarray | None = None,
  *,
  seen: bool = False,
  columns: Columns | None = None,
) -> Reference:
  """Real data as a folder of images, a .npz or a table.

  Args:
    path: of what is compared with.
    train: what the generator was trained on, in units of `columns`; None
      where unknown.
    seen: whether `path` holds the very examples that were trained on.
    columns: of the table that a run learnt from; None for no table.

  Raises:
    ValueError: no such examples there.
  """
  real = examples_lib.load(path, '--reference', columns)
  heldout = None if train is None or seen else real
  return Reference(path.name, '', real, None, train, heldout, columns=columns)


def in_units(dataset: Dataset, columns: Columns | None) -> np.ndarray:
  """The examples of a data set in the unit of a reference.

  Args:
    dataset: perhaps of another table than the reference.
    columns: of the reference; None for numbers as they are.

  Raises:
    ValueError: another number of columns.
  """
  return columns_lib.convert(dataset.images, dataset.columns, columns)


def _of(
  data: Data, floor_split: str, train: Data | None, load: Load
) -> Reference:
  found, others = load(data), None
  real, columns = found.images, found.columns
  if floor_split:
    others = load(dataclasses.replace(data, split=floor_split)).images
  seen = None if train is None else in_units(load(train), columns)
  heldout = None
  if train is not None:
    heldout = others if data == train else real
  known = data.name in toys.MIXTURES
  mixture = toys.mixture(data.name) if known else None
  return Reference(
    data.name, data.split, real, others, seen, heldout, mixture, columns
  )
