"""A user's table of numbers (.npy, .npz, .csv or .tsv) as vectors."""

import functools
import hashlib
from collections.abc import Iterator

import numpy as np

from jaxgan.config import Data
from jaxgan.data import columns, table_files
from jaxgan.data.builders.recipe import Example, Recipe, require_path

EXPECTED = f'a file of numbers that ends in {", ".join(table_files.SUFFIXES)}'


def recipe(config: Data) -> Recipe:
  """Describes the rows of a table, with standardized columns: split `train`.

  Means and deviations are those of the whole file, so all slices of the split
  are standardized alike.

  Args:
    config: reads path.

  Raises:
    FileNotFoundError: the path does not exist.
    ValueError: it is a folder, or `table_files.read` refuses the file.
  """
  file = require_path(config, EXPECTED)
  if file.is_dir():
    raise ValueError(
      f'data.path is {config.path!r}, a folder; it must be {EXPECTED}.'
    )
  values, names = table_files.read(file)
  fitted = columns.from_values(values, names)
  rows = fitted.standardize(values)
  # A hash of the content, because the file has been read anyway.
  version = hashlib.sha256(rows.tobytes()).hexdigest()[:16]
  examples = functools.partial(_examples, rows)
  return Recipe(
    'table', rows.shape[1:], 0, {'train': examples}, version, fitted
  )


def _examples(rows: np.ndarray) -> Iterator[Example]:
  for row in rows:
    yield row, 0
