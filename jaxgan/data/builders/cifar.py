"""CIFAR-10 from its authors' binary version.

A record is one byte of label and 3,072 bytes of pixels: the red plane, the
green one and the blue one, each 32 rows of 32. The version for Python is a
pickle, which can run any code when it is opened, so it is refused.
"""

import functools
import gzip
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data.builders.recipe import Example, Recipe, existing, fingerprint
from jaxgan.data.images import png

_FOLDER = 'cifar-10-batches-bin'
_ARCHIVE = 'cifar-10-binary.tar.gz'
_PYTHON = ('cifar-10-python.tar.gz', 'cifar-10-batches-py')
_SPLITS = {
  'train': tuple(f'data_batch_{i}.bin' for i in range(1, 6)),
  'test': ('test_batch.bin',),
}
_RECORD = 1 + 3 * 32 * 32
_NEEDS = f'{_ARCHIVE}, the folder {_FOLDER}, or a folder that holds either'


def recipe(config: Data) -> Recipe:
  """The splits `train` and `test` of [32, 32, 3] images in ten classes.

  Args:
    config: path is cifar-10-binary.tar.gz, the folder cifar-10-batches-bin
      that it unpacks to, or a folder that holds either.

  Raises:
    FileNotFoundError: neither is there, or a batch is missing.
    ValueError: only the version for Python is there.
  """
  source = _find(existing(config, _NEEDS))
  files = [source]
  if source.is_dir():
    files = [source / name for names in _SPLITS.values() for name in names]
    missing = [file for file in files if not file.is_file()]
    if missing:
      raise FileNotFoundError(
        f'{missing[0]} is missing; CIFAR-10 has all of '
        f'{", ".join(file.name for file in files)}.'
      )
  splits = {
    split: functools.partial(_examples, source, names)
    for split, names in _SPLITS.items()
  }
  version = fingerprint(source, files)
  return Recipe('cifar10', (32, 32, 3), 10, splits, version)


def _find(path: Path) -> Path:
  """The binary folder or archive at or under a path."""
  if path.is_file() and path.name not in _PYTHON:
    return path
  for found in (path / _FOLDER, path / _ARCHIVE):
    if found.exists():
      return found
  if (path / _SPLITS['test'][0]).exists():
    return path
  if path.name in _PYTHON or any((path / name).exists() for name in _PYTHON):
    raise ValueError(
      f'data.path is {str(path)!r}, the version for Python, whose pickles can '
      f'run any code; data.path must be the binary version, {_NEEDS}.'
    )
  raise FileNotFoundError(
    f'data.path is {str(path)!r} and holds no CIFAR-10; it must be {_NEEDS}.'
  )


def _examples(source: Path, names: tuple[str, ...]) -> Iterator[Example]:
  if source.is_dir():
    for name in names:
      yield from _records(source / name, (source / name).read_bytes())
    return
  try:
    with tarfile.open(source) as archive:
      yield from _archived(source, archive, names)
  except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
    raise ValueError(
      f'{source} is not a whole tar archive; fetch it again.'
    ) from error


def _archived(
  source: Path, archive: tarfile.TarFile, names: tuple[str, ...]
) -> Iterator[Example]:
  for name in names:
    try:
      member = archive.extractfile(f'{_FOLDER}/{name}')
    except KeyError:
      member = None
    if member is None:
      raise ValueError(f'{source} holds no {_FOLDER}/{name}; {_ARCHIVE} does.')
    yield from _records(source / name, member.read())


def _records(file: Path, data: bytes) -> Iterator[Example]:
  if not data or len(data) % _RECORD:
    raise ValueError(
      f'{file} has {len(data)} bytes; a batch has a multiple of {_RECORD}, '
      'and at least one.'
    )
  records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
  if records[:, 0].max() > 9:
    raise ValueError(
      f'{file} holds the label {records[:, 0].max()}; labels are 0 to 9.'
    )
  for record in records:
    planes = record[1:].reshape(3, 32, 32)
    yield png(np.ascontiguousarray(planes.transpose(1, 2, 0))), int(record[0])
