"""Decoded arrays on disk: one file of images and one of labels.

Each is written under a name of its own and then renamed, so a reader never
sees half of one and two writers never meet; what they write is the same.
"""

import contextlib
import logging
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

_LOG = logging.getLogger(__name__)

Arrays = tuple[np.ndarray, np.ndarray]  # Images [N, ...] and labels [N].
Shape = tuple[int | None, ...]
Fill = Callable[[np.ndarray, np.ndarray], None]

# Larger arrays stay on disk and are mapped into memory.
MEMORY_BYTES = 256 * 2**20

_IMAGES, _LABELS = 'images.npy', 'labels.npy'


def read(folder: Path, shape: Shape) -> Arrays | None:
  """The arrays in a folder, if they are whole and as expected.

  Args:
    folder: where `write` put them.
    shape: of one image, None where any length will do, or (D,) of a vector.

  Returns:
    Images [N, H, W, C] uint8 or [N, D] float32, read-only and mapped where
    they are large, and labels [N] int32; or None.
  """
  if not (folder / _IMAGES).exists():
    return None
  try:
    images, labels = _load(folder)
  except (OSError, ValueError, EOFError) as error:
    _LOG.warning('Decoding anew: %s is damaged (%s).', folder, error)
    return None
  if not _as_expected(images, labels, shape):
    _LOG.warning('Decoding anew: %s holds other arrays.', folder)
    return None
  return images, labels


def write(
  folder: Path | None, shape: tuple[int, ...], num: int, fill: Fill
) -> Arrays:
  """Fills the arrays of a data set, on disk where it can.

  Args:
    folder: made if it is missing; None to stay in memory.
    shape: of one image.
    num: N, the number of examples.
    fill: writes into images [N, ...] and labels [N].

  Returns:
    As `read`.
  """
  labels = np.zeros(num, np.int32)
  if folder is None or not _make(folder):
    images = np.zeros((num, *shape), dtype_of(shape))
    fill(images, labels)
    return images, labels
  with _replacing(folder / _IMAGES) as temporary:
    # A map of the file, so that memory does not grow with the data set.
    images = np.lib.format.open_memmap(
      temporary, mode='w+', dtype=dtype_of(shape), shape=(num, *shape)
    )
    fill(images, labels)
    images.flush()
    # Labels first: where there are images, there are labels too.
    with _replacing(folder / _LABELS) as beside, beside.open('wb') as file:
      np.save(file, labels, allow_pickle=False)
  return _load(folder)


def dtype_of(shape: Shape) -> type[np.generic]:
  """uint8 for images (H, W, C), float32 for vectors (D,)."""
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
    _LOG.warning('Arrays are not kept for the next time: %s.', error)
    return False
  return True


def _as_expected(images: np.ndarray, labels: np.ndarray, shape: Shape) -> bool:
  return (
    images.dtype == dtype_of(shape)
    and labels.dtype == np.int32
    and labels.shape == images.shape[:1]
    and images.ndim == 1 + len(shape)
    and all(
      n in (None, m) for n, m in zip(shape, images.shape[1:], strict=True)
    )
  )


@contextlib.contextmanager
def _replacing(file: Path) -> Iterator[Path]:
  """A file to write, which takes its place once the block has succeeded."""
  # Process numbers repeat over the hosts of a shared disk, hence the rest.
  unique = f'{os.getpid()}-{uuid.uuid4().hex[:8]}'
  temporary = file.with_name(f'{file.name}.{unique}.tmp')
  try:
    yield temporary
    temporary.replace(file)
  finally:
    temporary.unlink(missing_ok=True)
