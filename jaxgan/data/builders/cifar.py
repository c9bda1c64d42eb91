"""CIFAR-10 from a user's copy of the binary version of its authors.

A record is one byte of label and 3,072 bytes of pixels: the red, the green and
the blue plane, each of 32 rows of 32. The Python version is refused: it is a
pickle, which can run any code when it is opened.
"""

import functools
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data import untrusted
from jaxgan.data.builders import recipe as recipe_lib
from jaxgan.data.builders.recipe import Example, Recipe
from jaxgan.data.images import png

_FOLDER = 'cifar-10-batches-bin'
_ARCHIVE = 'cifar-10-binary.tar.gz'
_PYTHON = ('cifar-10-python.tar.gz', 'cifar-10-batches-py')
_SPLITS = {
  'train': tuple(f'data_batch_{i}.bin' for i in range(1, 6)),
  'test': ('test_batch.bin',),
}
_RECORD = 1 + 3 * 32 * 32
_EXPECTED = f'{_ARCHIVE}, the folder {_FOLDER}, or a folder that holds either'


def recipe(config: Data) -> Recipe:
  """Describes CIFAR-10: splits train and test, [32, 32, 3], ten classes.

  Args:
    config: path is cifar-10-binary.tar.gz, its unpacked folder
      cifar-10-batches-bin, or a folder that holds either.

  Raises:
    FileNotFoundError: neither is there, or a batch file is missing.
    ValueError: only the Python version is there.
  """
  source = _find(recipe_lib.require_path(config, _EXPECTED))
  files = [source]
  if source.is_dir():
    files = [source / name for names in _SPLITS.values() for name in names]
    missing = [file for file in files if not file.is_file()]
    if missing:
      raise FileNotFoundError(
        f'{missing[0]} is missing; CIFAR-10 needs all of '
        f'{", ".join(file.name for file in files)}.'
      )
  splits = {
    split: functools.partial(_examples, source, names)
    for split, names in _SPLITS.items()
  }
  version = recipe_lib.fingerprint(source, files)
  return Recipe('cifar10', (32, 32, 3), 10, splits, version)


def _find(path: Path) -> Path:
  """Returns the binary folder or archive at or below a path."""
  if path.is_file() and path.name not in _PYTHON:
    return path
  for source in (path / _FOLDER, path / _ARCHIVE):
    if source.exists():
      return source
  if (path / _SPLITS['test'][0]).exists():
    return path
  if path.name in _PYTHON or any((path / name).exists() for name in _PYTHON):
    raise ValueError(
      f'data.path is {str(path)!r}, the Python version, whose pickles can run '
      f'any code; it must be the binary version, {_EXPECTED}.'
    )
  raise FileNotFoundError(
    f'data.path is {str(path)!r} and holds no CIFAR-10; it must be {_EXPECTED}.'
  )


def _examples(source: Path, names: tuple[str, ...]) -> Iterator[Example]:
  for name, data in zip(names, _read_batches(source, names), strict=True):
    yield from _records(source / name, data)


def _read_batches(source: Path, names: tuple[str, ...]) -> Iterator[bytes]:
  if source.is_dir():
    for name in names:
      yield untrusted.read_file(source / name)
    return
  with recipe_lib.report_damage(source, 'tar'):
    data = untrusted.read_file(source)
    with tarfile.open(fileobj=io.BytesIO(data), mode='r:') as archive:
      members = {member.name: member for member in archive}
  for name in names:
    member = members.get(f'{_FOLDER}/{name}')
    # Links may form a circle, and a sparse file may be of any size.
    if member is None or not member.isreg() or member.issparse():
      raise ValueError(
        f'{source} is incomplete; it must hold the file {_FOLDER}/{name}.'
      )
    yield data[member.offset_data : member.offset_data + member.size]


def _records(file: Path, data: bytes) -> Iterator[Example]:
  if not data or len(data) % _RECORD:
    raise ValueError(
      f'{file} has {len(data)} bytes; it must have a positive multiple of '
      f'{_RECORD}.'
    )
  records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
  if records[:, 0].max() > 9:
    raise ValueError(
      f'{file} holds the label {records[:, 0].max()}; labels must be 0 to 9.'
    )
  for record in records:
    planes = record[1:].reshape(3, 32, 32)
    yield png(np.ascontiguousarray(planes.transpose(1, 2, 0))), int(record[0])
