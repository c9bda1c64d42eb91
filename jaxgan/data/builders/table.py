"""Vectors from the user's own table: a .npy, .npz, .csv or .tsv of numbers."""

import functools
import hashlib
from collections.abc import Iterator

import numpy as np

from jaxgan.config import Data
from jaxgan.data import columns, table_files
from jaxgan.data.builders.recipe import Example, Recipe, existing

NEEDS = f'a file of numbers that ends in {", ".join(table_files.SUFFIXES)}'


def recipe(config: Data) -> Recipe:
  """The split `train`: every row of `data.path`, its columns standardised.

  By the means and deviations of the whole file, so that all slices of the
  split are in one unit.

  Args:
    config: reads path.

  Raises:
    FileNotFoundError: nothing is there.
    ValueError: it is a folder, or no table as `tables.read` wants it.
  """
  file = existing(config, NEEDS)
  if file.is_dir():
    raise ValueError(
      f'data.path is {config.path!r}, a folder; it must be {NEEDS}.'
    )
  values, names = table_files.read(file)
  units = columns.measure(values, names)
  inside = units.standardise(values)
  # The file is read in any case, so that its copy may be known by content.
  version = hashlib.sha256(inside.tobytes()).hexdigest()[:16]
  examples = functools.partial(_examples, inside)
  shape = inside.shape[1:]
  return Recipe('table', shape, 0, {'train': examples}, version, units)


def _examples(values: np.ndarray) -> Iterator[Example]:
  for row in values:
    yield row, 0
