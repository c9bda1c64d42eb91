"""Sets of examples that a user has as files: a folder of images, or a .npz."""

import pathlib
import tempfile
import zipfile

import numpy as np

from jaxgan.data import sources
from jaxgan.schema import Data


def load(path: pathlib.Path, flag: str) -> np.ndarray:
  """Reads all examples.

  Args:
    path: a folder of images of one shape, or a .npz with an array `images` or
      `vectors`, as `jaxgan.sample` writes them.
    flag: that named it, for the sentence.

  Returns:
    [N, H, W, C] uint8 or [N, D] float32.

  Raises:
    ValueError: nothing there, no image in it, images of several shapes, or an
      array of another type or shape.
  """
  if path.is_dir():
    with tempfile.TemporaryDirectory() as place:
      data = Data(name='folder', path=str(path), dir=place)
      return np.array(sources.load(data).images)
  if not path.is_file():
    raise ValueError(
      f'{flag} is {str(path)!r}, where nothing is; it must be a folder of '
      'images or a .npz.'
    )
  return _checked(_read(path, flag), path, flag)


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
      'folder of images or a .npz.'
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
