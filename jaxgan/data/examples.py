"""Reads images or vectors without labels from the user's files."""

import pathlib
import tempfile

import numpy as np

from jaxgan.config import Data
from jaxgan.data import sources, table_files
from jaxgan.data.columns import Columns

# In a .npz the name of the array says whether it holds images or vectors.
_TABLES = tuple(x for x in table_files.SUFFIXES if x != '.npz')
_EXPECTED = 'a folder of images, a .npz or a table'


def load(
  path: pathlib.Path, flag: str, columns: Columns | None = None
) -> np.ndarray:
  """Reads all examples of a folder, an archive or a table.

  Args:
    path: a folder of images of one shape, a .npz with an array `images` or
      `vectors`, as `jaxgan.sample` writes it, or a table (.csv, .tsv, .npy).
    flag: the flag that gave the path, for error messages.
    columns: standardizes a file that is in the units of that table; None to
      keep the numbers.

  Returns:
    [N, H, W, C] uint8 or [N, D] float32.

  Raises:
    ValueError: the path does not exist, it has no images, images differ in
      shape, an array has another type or shape, or columns do not match.
  """
  values = _load(path, flag, columns.names if columns else ())
  return columns.standardize(values) if columns else values


def _load(path: pathlib.Path, flag: str, names: tuple[str, ...]) -> np.ndarray:
  if path.is_dir():
    with tempfile.TemporaryDirectory() as directory:
      data = Data(name='folder', path=str(path), dir=directory)
      return np.array(sources.load(data).images)
  if not path.is_file():
    raise ValueError(
      f'{flag} is {str(path)!r}, which does not exist; it must be {_EXPECTED}.'
    )
  if path.suffix.lower() in _TABLES:
    return _read_table(path, flag, names)
  return _read_archive(path, flag)


def _read_table(
  path: pathlib.Path, flag: str, names: tuple[str, ...]
) -> np.ndarray:
  table = table_files.read(path)
  # Either may lack a header; `standardize` checks the number of columns.
  pairs = zip(table.names, names, strict=False)
  for number, (name, expected) in enumerate(pairs, 1):
    if name != expected:
      raise ValueError(
        f'Column {number} of {flag} {str(path)!r} is {name} and that of the '
        f'table is {expected}; both must have the same columns in the same '
        'order.'
      )
  return table.values


def _read_archive(path: pathlib.Path, flag: str) -> np.ndarray:
  names = ('images', 'vectors')
  try:
    arrays = table_files.load_arrays(path, names)
  except table_files.DAMAGE as error:
    raise ValueError(
      f'{flag} is {str(path)!r}, which is damaged or not an archive; it must '
      f'be {_EXPECTED}.'
    ) from error
  array = next((arrays[name] for name in names if name in arrays), None)
  if array is None:
    raise ValueError(
      f'{flag} is {str(path)!r}, which holds neither images nor vectors; it '
      'must hold one of them.'
    )
  is_images = array.ndim == 4 and array.dtype == np.uint8
  is_vectors = array.ndim == 2 and array.dtype == np.float32
  if not (is_images or is_vectors) or not len(array):
    raise ValueError(
      f'{flag} is {str(path)!r}, which holds {array.dtype} of shape '
      f'{list(array.shape)}; it must be uint8 [N, H, W, C] in [0, 255] or '
      'float32 [N, D].'
    )
  return array
