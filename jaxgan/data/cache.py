"""Caches decoded arrays on disk: images, labels, and the checksums of both.

Each file is written under a temporary name and then renamed, so a reader never
sees an incomplete file. The checksums are compared at each opening, because a
damaged array would be trained on without any sign of it.
"""

import io
import json
import logging
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from jaxgan.storage import atomic

_LOG = logging.getLogger(__name__)

Arrays = tuple[np.ndarray, np.ndarray]  # Images [N, ...] and labels [N].
Shape = tuple[int | None, ...]  # Of one example.

# Larger arrays stay on disk and are memory-mapped.
MEMORY_BYTES = 256 * 2**20

_IMAGES, _LABELS, _CHECKSUMS = 'images.npy', 'labels.npy', 'checksums.json'


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
    _check(folder)
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
  folder: Path | None,
  shape: tuple[int, ...],
  num: int,
  chunks: Iterable[Arrays],
) -> Arrays:
  """Stores the arrays of a data set, on disk if possible.

  Args:
    folder: created if it is missing; None keeps the arrays in memory.
    shape: (H, W, C) or (D,) of one example.
    num: N, the number of examples.
    chunks: images [n, ...] and labels [n] int32 of the examples in their
      order, N in all.

  Returns:
    The same as `read`.

  Raises:
    DiskError: the disk of the folder is full.
  """
  if folder is None or not make(folder):
    images = np.empty((num, *shape), dtype_of(shape))
    labels = np.empty(num, np.int32)
    start = 0
    for some, their_labels in chunks:
      images[start : start + len(some)] = some
      labels[start : start + len(some)] = their_labels
      start += len(some)
    return images, labels
  for name in (_IMAGES, _LABELS, _CHECKSUMS):
    atomic.remove_leftovers(folder / name)
  parts: list[np.ndarray] = []

  def images_alone() -> Iterator[np.ndarray]:
    for some, their_labels in chunks:
      parts.append(their_labels)
      yield some

  # Chunks of a file, and not a memory-mapped array, which a full disk would
  # end without an error message (SIGBUS).
  with atomic.replacing(folder / _IMAGES) as temporary:
    dtype = dtype_of(shape)
    sums = {_IMAGES: _write(temporary, (num, *shape), dtype, images_alone())}
    # Images are renamed last, so a file of images implies the other two.
    with atomic.replacing(folder / _LABELS) as path:
      sums[_LABELS] = _write(path, (num,), np.int32, parts)
    atomic.write_text(folder / _CHECKSUMS, json.dumps(sums) + '\n')
  return _load(folder)


def dtype_of(shape: Shape) -> type[np.generic]:
  """Returns uint8 for images (H, W, C) and float32 for vectors (D,)."""
  return np.uint8 if len(shape) == 3 else np.float32


def _write(
  path: Path,
  shape: tuple[int, ...],
  dtype: type[np.generic],
  parts: Iterable[np.ndarray],
) -> int:
  """Writes a .npy file whose array is given in parts; returns its CRC-32."""
  header = io.BytesIO()
  facts = {'descr': np.dtype(dtype).str, 'fortran_order': False, 'shape': shape}
  np.lib.format.write_array_header_1_0(header, facts)
  checksum = zlib.crc32(header.getvalue())
  with path.open('wb') as file:
    file.write(header.getvalue())
    for part in parts:
      data = np.ascontiguousarray(part, dtype).data
      checksum = zlib.crc32(data, checksum)
      file.write(data)
  return checksum


def _check(folder: Path) -> None:
  """Raises a ValueError if a file does not match its checksum."""
  if not (folder / _CHECKSUMS).exists():
    raise ValueError('it has no checksums')
  sums = json.loads((folder / _CHECKSUMS).read_text())
  for name in (_IMAGES, _LABELS):
    checksum = 0
    with (folder / name).open('rb') as file:
      while data := file.read(2**20):
        checksum = zlib.crc32(data, checksum)
    if not isinstance(sums, dict) or sums.get(name) != checksum:
      raise ValueError(f'{name} does not match its checksum')


def _load(folder: Path) -> Arrays:
  images = np.load(folder / _IMAGES, mmap_mode='r', allow_pickle=False)
  labels = np.load(folder / _LABELS, allow_pickle=False)
  if images.nbytes <= MEMORY_BYTES:
    images = np.array(images)
  return images, labels


def make(folder: Path) -> bool:
  """Creates a folder of the cache; returns False if that is impossible."""
  try:
    folder.mkdir(parents=True, exist_ok=True)
  except OSError as error:
    _LOG.warning('The decoded arrays are not cached: %s.', error)
    return False
  return True
