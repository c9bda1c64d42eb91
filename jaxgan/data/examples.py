"""Reads images or vectors without labels from a user's files."""

import pathlib
import tempfile
from collections.abc import Mapping

import numpy as np

from jaxgan.config import Data
from jaxgan.data import cells, sources, table_files, untrusted
from jaxgan.data.columns import AnyColumns
from jaxgan.data.mixed import Mixed

# A .npz is no table here: its array may hold images.
_TABLES = tuple(x for x in table_files.SUFFIXES if x != '.npz')
_EXPECTED = 'a folder of images, a .npz or a table'

# Part of an error message about a config -> that of a command without a config.
_ADVICE: Mapping[str, str] = {
  'with data.image_size 0 all images must have one size, so set '
  'data.image_size': 'all images must have one size',
  ', or set data.on_bad_image to skip': '',
}


def load(
  path: pathlib.Path, flag: str, columns: AnyColumns | None = None
) -> np.ndarray:
  """Reads all examples of a folder, a .npz or a table.

  Args:
    path: a folder of images of one shape, a .npz with an array `images` or
      `vectors`, as `jaxgan.sample` writes it, or a table (.csv, .tsv, .npy).
    flag: the command's flag whose value is the path, for error messages.
    columns: standardizes vectors in the units of that table; None keeps them.

  Returns:
    [N, H, W, C] uint8 or [N, D] float32.

  Raises:
    ValueError: the path does not exist or has no images, images differ in
      shape, an array has another type or shape, or columns do not match.
  """
  if isinstance(columns, Mixed):
    if not path.is_file():
      raise ValueError(f'{flag} is {str(path)!r}, which is no file.')
    return columns.encode(cells.read(path))
  values = _load(path, flag, columns.names if columns else ())
  return columns.standardize(values) if columns else values


def in_flags(error: Exception, flags: Mapping[str, str]) -> ValueError:
  """Rewrites an error of `sources.load` for a command without a config.

  Args:
    error: its message may name config keys.
    flags: config key -> flag of the command.
  """
  text = str(error)
  for part, other in {**_ADVICE, **flags}.items():
    text = text.replace(part, other)
  return ValueError(text)


def _load(path: pathlib.Path, flag: str, names: tuple[str, ...]) -> np.ndarray:
  if path.is_dir():
    with tempfile.TemporaryDirectory() as directory:
      data = Data(name='folder', path=str(path), dir=directory)
      try:
        return np.array(sources.load(data).images)
      except (ValueError, FileNotFoundError) as error:
        raise in_flags(error, {'data.path': flag}) from error
  if not path.exists():
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
  # Both may lack a header; `standardize` checks the number of columns.
  pairs = zip(table.names, names, strict=False)
  for number, (name, expected) in enumerate(pairs, 1):
    if name != expected:
      raise ValueError(
        f'Column {number} of {flag} {str(path)!r} is {name} and must be '
        f'{expected}, as in the table of the training data.'
      )
  return table.values


def _read_archive(path: pathlib.Path, flag: str) -> np.ndarray:
  try:
    arrays = untrusted.read_arrays(path, ('images', 'vectors'))
  except untrusted.Refused:
    raise
  except untrusted.DAMAGE as error:
    raise ValueError(
      f'{flag} is {str(path)!r}, which is damaged or not a .npz; it must be '
      f'{_EXPECTED}.'
    ) from error
  array = arrays.get('images', arrays.get('vectors'))
  if array is None:
    raise ValueError(
      f'{flag} is {str(path)!r}, which holds neither images nor vectors; it '
      'must hold an array of one of these names.'
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
