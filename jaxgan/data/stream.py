"""Reads images from disk when a batch needs them, for data larger than memory.

A `Stream` stands in for the array `Dataset.images` (`data.placement=stream`).
`pipeline` determines which examples a batch has, as for an array in memory, so
batches, processes' shares and resumed runs are bitwise equal to those.

Threads decode, not worker processes as in grain: PIL decodes and resizes in C
code, batches need no copies between processes, and memory does not grow with
the number of workers; docs/performance.md compares both. And grain's sampler
would be a second source of order, with a state to save.
"""

import functools
import io
import logging
import math
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data import cache, decode, threads
from jaxgan.progress import Progress
from jaxgan.storage import atomic

_LOG = logging.getLogger(__name__)

_CHUNK = 16  # Images that a thread decodes at once.
_SAMPLE_EXAMPLES = 50_000
_SAMPLE_BYTES = 512 * 2**20
_QUIET = 5_000  # A progress bar is shown for more labels than this.

# A damaged .npz; its zip file holds a checksum of the array.
_DAMAGE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class Stream:
  """Images on disk that are read like an array [N, H, W, C] uint8.

  No decoded image is kept, except those of `sample`.

  Attributes:
    shape: (N, H, W, C).
    dtype: uint8.
    nbytes: size of all images, decoded.
  """

  def __init__(
    self,
    records: decode.Records,
    num: int,
    shape: tuple[int, ...],
    config: Data,
  ) -> None:
    self.shape = (num, *shape)
    self.dtype = np.dtype(np.uint8)
    self.nbytes = math.prod(self.shape)
    self._records = records
    self._config = config
    self._pool = ThreadPoolExecutor(threads.cores(), 'decode')

  def __len__(self) -> int:
    return self.shape[0]

  def __getitem__(self, indices: np.ndarray) -> np.ndarray:
    """Reads and decodes images.

    Args:
      indices: [...] int, each from 0 to N - 1.

    Returns:
      A new array [..., H, W, C].

    Raises:
      ValueError: a record is damaged or cannot be decoded.
    """
    flat = np.ravel(indices)
    images = np.empty((len(flat), *self.shape[1:]), self.dtype)

    def fill(start: int) -> None:
      keys = flat[start : start + _CHUNK].tolist()
      for row, key in enumerate(keys, start):
        (record,) = self._records([key])
        shape = self.shape[1:]
        images[row] = decode.pixels(record, key, self._config, shape)

    for _ in self._pool.map(fill, range(0, len(flat), _CHUNK)):
      pass  # Raises the error of a thread.
    return images.reshape(*np.shape(indices), *self.shape[1:])

  @functools.cached_property
  def sample(self) -> np.ndarray:
    """Images that represent all of them in an evaluation, kept in memory.

    All images if they are few and small; else 50,000, or as many as fit into
    512 MiB, at equal distances. They are the same in all runs.
    """
    fitting = _SAMPLE_BYTES * len(self) // self.nbytes
    num = min(len(self), _SAMPLE_EXAMPLES, fitting)
    if num < len(self):
      _LOG.info(
        '%s has %d examples in data.split %s; %d of them represent it in '
        'evaluations.',
        self._config.name,
        len(self),
        self._config.split,
        num,
      )
    return self[np.arange(num) * len(self) // num]


def check(spec: decode.Spec, config: Data) -> None:
  """Checks that a data set can be streamed.

  Raises:
    ValueError: it holds vectors, or images whose size is not known before they
      are decoded.
  """
  if len(spec.shape) != 3:
    raise ValueError(
      f"data.placement is 'stream' and {config.name} holds vectors, which are "
      'always read into memory; data.placement must be auto, host or device.'
    )
  if None in spec.shape:
    raise ValueError(
      f"data.placement is 'stream' and the images of {config.name} have no "
      'fixed size; data.image_size must not be 0.'
    )


def read_labels(
  records: decode.Records, num: int, config: Data, file: Path
) -> np.ndarray:
  """Reads the labels of all records, at the first call; caches them in a file.

  Args:
    records: from `decode.open_split`.
    num: N, the number of records.
    config: reads name and attributes.
    file: a .npz, in a folder that is created if possible.

  Returns:
    [N] int32.

  Raises:
    DiskError: the disk of the file is full.
  """
  labels = _cached_labels(file)
  if labels is not None and labels.shape == (num,):
    return labels
  labels = np.empty(num, np.int32)
  title = f'Reading the labels of {config.name}'
  with Progress(num, 'label', title=title, hidden=num <= _QUIET) as bar:
    for start in range(0, num, decode.CHUNK):
      keys = list(range(start, min(start + decode.CHUNK, num)))
      for key, record in zip(keys, records(keys), strict=True):
        labels[key] = decode.label(record, config)
      bar.update(len(keys))
  if cache.make(file.parent):
    buffer = io.BytesIO()
    np.savez(buffer, labels=labels)
    with atomic.replacing(file) as temporary:
      temporary.write_bytes(buffer.getvalue())
  return labels


def _cached_labels(file: Path) -> np.ndarray | None:
  if not file.exists():
    return None
  try:
    # From memory, so that no file stays open if it is damaged.
    contents = io.BytesIO(file.read_bytes())
    with np.load(contents, allow_pickle=False) as arrays:
      return arrays['labels']
  except _DAMAGE as error:
    _LOG.warning('Reading the labels again: %s is damaged (%s).', file, error)
    return None
