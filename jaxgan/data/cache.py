"""Caches decoded arrays on disk: one file of images and one of labels.

Each file is written under a temporary name and then renamed. A reader never
sees an incomplete file, and two processes may write the same arrays at once.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from jaxgan.storage.atomic import replacing

_LOG = logging.getLogger(__name__)

Arrays = tuple[np.ndarray, np.ndarray]  # Images [N, ...] and labels [N].
Shape = tuple[int | None, ...]  # Of one example.
Fill = Callable[[np.ndarray, np.ndarray], None]

# Larger arrays stay on disk and are memory-mapped.
MEMORY_BYTES = 256 * 2**20

_IMAGES, _LABELS = 'images.npy', 'labels.npy'


def read(folder: Path, shape: Shape) -> Arrays | None:
  """Reads the arrays of a folder, or returns None if they are not usable.

  Args:
    folder: the folder that `write` filled.
    shape: (H, W, C) of an image, with None for any length; or (D,).

  Returns:
    Images [N, H, W, C] uint8 or vectors [N, D] float32, read-only and
    memory-mapped if they are large; and labels [N] int32. None if the files
    are missing or damaged, or hold arrays of another shape or type.
  """
  if not (folder / _IMAGES).exists():
    return None
  try:
    images, labels = _load(folder)
  except (OSError, ValueError, EOFError) as error:
    _LOG.warning('Decoding again: %s is damaged (%s).', folder, error)
    return None
  lengths = zip(images.shape[1:], shape, strict=False)
  if (
    images.dtype == dtype_of(shape)
    and images.ndim == 1 + len(shape)
    and all(n in (length, None) for length, n in lengths)
    and labels.dtype == np.int32
    and labels.shape == images.shape[:1]
  ):
    return images, labels
  _LOG.warning('Decoding again: %s holds other arrays.', folder)
  return None


def write(
  folder: Path | None, shape: tuple[int, ...], num: int, fill: Fill
) -> Arrays:
  """Creates and fills the arrays of a data set, on disk if possible.

  Args:
    folder: created if it is missing; None keeps the arrays in memory.
    shape: (H, W, C) or (D,) of one example.
    num: N, the number of examples.
    fill: writes into images [N, ...] and labels [N].

  Returns:
    The same as `read`.
  """
  labels = np.zeros(num, np.int32)
  if folder is None or not _make(folder):
    images = np.zeros((num, *shape), dtype_of(shape))
    fill(images, labels)
    return images, labels
  with replacing(folder / _IMAGES) as temporary:
    # Memory-mapped, so that the arrays need not fit into memory.
    images = np.lib.format.open_memmap(
      temporary, mode='w+', dtype=dtype_of(shape), shape=(num, *shape)
    )
    fill(images, labels)
    images.flush()
    # Labels are renamed first, so a file of images implies one of labels.
    with replacing(folder / _LABELS) as path, path.open('wb') as file:
      np.save(file, labels, allow_pickle=False)
  return _load(folder)


def dtype_of(shape: Shape) -> type[np.generic]:
  """Returns uint8 for images (H, W, C) and float32 for vectors (D,)."""
  return np.uint8 if len(shape) == 3 else np.float32


def _load(folder: Path) -> Arrays:
  images = np.load(folder / _IMAGES, mmap_mode='r', allow_pickle=False)
  labels = np.load(folder / _LABELS, allow_pickle=False)
  if images.nbytes <= MEMORY_BYTES:
    images = np.array(images)
  return images, labels


def _make(folder: Path) -> bool:
  try:
    folder.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    _LOG.warning('The decoded arrays are not cached: %s.', error)
    return False
  return True
