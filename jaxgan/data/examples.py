"""Sets of examples that a user has as files: images, or rows of numbers."""

import pathlib
import tempfile
import zipfile

import numpy as np

from jaxgan.config import Data
from jaxgan.data import sources, table_files
from jaxgan.data.columns import Columns

# A .npz says by the name of its array what it holds.
_TABLES = tuple(x for x in table_files.SUFFIXES if x != '.npz')


def load(
  path: pathlib.Path, flag: str, columns: Columns | None = None
) -> np.ndarray:
  """Reads all examples.

  Args:
    path: a folder of images of one shape, a .npz with an array `images` or
      `vectors`, as `jaxgan.sample` writes them, or a table (.csv, .tsv, .npy).
    flag: that named it, for the sentence.
    columns: of a table in whose units the file is, which standardise it; None
      to take the numbers as they are.

  Returns:
    [N, H, W, C] uint8 or [N, D] float32.

  Raises:
    ValueError: nothing there, no image in it, images of several shapes, an
      array of another type or shape, or other columns than the table's.
  """
  found = _load(path, flag, columns.names if columns else ())
  return columns.standardise(found) if columns else found


def _load(path: pathlib.Path, flag: str, names: tuple[str, ...]) -> np.ndarray:
  if path.is_dir():
    with tempfile.TemporaryDirectory() as place:
      data = Data(name='folder', path=str(path), dir=place)
      return np.array(sources.load(data).images)
  if not path.is_file():
    raise ValueError(
      f'{flag} is {str(path)!r}, where nothing is; it must be a folder of '
      'images, a .npz or a table.'
    )
  if path.suffix.lower() in _TABLES:
    return _of_table(path, flag, names)
  return _checked(_read(path, flag), path, flag)


def _of_table(
  path: pathlib.Path, flag: str, names: tuple[str, ...]
) -> np.ndarray:
  found = table_files.read(path)
  # Either may lack a header; another count is told of by its shape.
  pairs = zip(found.names, names, strict=False)
  for number, (here, there) in enumerate(pairs, 1):
    if here != there:
      raise ValueError(
        f'Column {number} of {flag} {str(path)!r} is {here} and that of the '
        f'table {there}; both must have the same columns in the same order.'
      )
  return found.values


def _read(path: pathlib.Path, flag: str) -> np.ndarray:
  try:
    with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
      for name in ('images', 'vectors'):
        if name in archive:
          return archive[name]
  except (
    OSError,
    ValueError,
    EOFError,
    TypeError,
    zipfile.BadZipFile,
  ) as error:
    raise ValueError(
      f'{flag} is {str(path)!r}, which is damaged or no archive; it must be a '
      'folder of images, a .npz or a table.'
    ) from error
  raise ValueError(
    f'{flag} is {str(path)!r}, which holds neither images nor vectors; one of '
    'them must be there.'
  )


def _checked(array: np.ndarray, path: pathlib.Path, flag: str) -> np.ndarray:
  images = array.ndim == 4 and array.dtype == np.uint8
  vectors = array.ndim == 2 and array.dtype == np.float32
  if not (images or vectors) or not len(array):
    raise ValueError(
      f'{flag} is {str(path)!r}, which holds {array.dtype} of shape '
      f'{list(array.shape)}; it must be uint8 [N, H, W, C] in [0, 255] or '
      'float32 [N, D].'
    )
  return array
