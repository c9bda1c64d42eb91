"""Reads files that may be damaged, or made to do harm, within stated limits.

docs/security.md lists what is refused. Nothing is ever extracted to disk.
"""

import contextlib
import gzip
import io
import math
import os
import stat
import zlib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

import numpy as np

FILE_BYTES = 2**30  # Of an image, idx or CIFAR file, decompressed.
MEMBER_BYTES = 2**30  # Of one member of a .zip or .npz, decompressed.
ARCHIVE_BYTES = 4 * 2**30  # Of all its members.
EXPANSION = 100  # A large .zip or .npz may expand to so many times its size.
IMAGE_PIXELS = 178_956_970  # Of one image; Pillow refuses more by itself.
LINE_CHARACTERS = 2**24  # Of one line of text.
FOLDERS = 1_000_000  # Below one data.path.

# The errors of numpy for a file that is damaged or holds Python objects.
DAMAGE = (OSError, ValueError, EOFError, TypeError, BadZipFile, zlib.error)


class Refused(ValueError):
  """A file breaks a rule; `reason` is the message without the file's name."""

  def __init__(self, path: Path, reason: str) -> None:
    super().__init__(f'{path} {reason}.')
    self.reason = reason


def open_file(path: Path) -> IO[bytes]:
  """Opens a regular file; refuses others, because reading them may block."""
  if not stat.S_ISREG(path.stat().st_mode):
    kinds = 'a folder, a pipe or a device'
    raise Refused(path, f'cannot be read, because it is {kinds}')
  return path.open('rb')


def read_file(path: Path) -> bytes:
  """Reads at most FILE_BYTES, decompressed if the name ends in .gz or .tgz."""
  with open_file(path) as file:
    size = _size(file)
    if path.suffix in ('.gz', '.tgz'):
      data = gzip.GzipFile(fileobj=file).read(FILE_BYTES + 1)
      size = len(data)
    _check_size(path, size, FILE_BYTES)
    return data if path.suffix in ('.gz', '.tgz') else file.read(size)


def lines(path: Path, errors: str = 'strict') -> Iterator[str]:
  """Yields the lines of a text in UTF-8, perhaps in a .gz.

  Args:
    path: of the text.
    errors: as for `open`.
  """
  packed = path.suffix == '.gz'
  with contextlib.ExitStack() as stack:
    file: Any = stack.enter_context(open_file(path))
    if packed:
      file = stack.enter_context(gzip.GzipFile(fileobj=file))
    # Spreadsheets may write a byte order mark; the codec -sig removes it.
    text = io.TextIOWrapper(file, 'utf-8-sig', errors, newline='')
    stack.enter_context(text)
    read, total = iter(lambda: text.readline(LINE_CHARACTERS + 1), ''), 0
    for number, line in enumerate(read, 1):
      total += len(line)
      if packed:
        _check_size(path, total, FILE_BYTES)
      if len(line) > LINE_CHARACTERS:
        limit = f'{LINE_CHARACTERS:,} characters, the limit'
        raise Refused(path, f'has in line {number} more than {limit}')
      if '\0' in line:
        raise Refused(path, f'has a NUL byte in line {number} and is no text')
      yield line


@contextlib.contextmanager
def open_zip(path: Path) -> Iterator[ZipFile]:
  """Opens a .zip whose members declare sizes within the limits."""
  with open_file(path) as file, ZipFile(file) as archive:
    own, total = EXPANSION * _size(file), 0
    for member in archive.infolist():
      kind = member.compress_type
      if kind not in (ZIP_STORED, ZIP_DEFLATED) or member.flag_bits & 1:
        raise Refused(path, 'is encrypted or not compressed by deflate')
      total += member.file_size
      _check_size(path, member.file_size, max(MEMBER_BYTES, own))
      _check_size(path, total, max(ARCHIVE_BYTES, own))
    yield archive


def read_arrays(
  path: Path, names: Container[str] | None = None
) -> dict[str, np.ndarray]:
  """Reads the arrays of a .npz by name, or the array of a .npy as ''.

  Args:
    path: a .npz or .npy file.
    names: the arrays of a .npz to read; None for all.

  Raises:
    DAMAGE: one of these errors if the file is damaged or holds Python objects.
  """
  with open_file(path) as file:
    if file.read(2) != b'PK':
      file.seek(0)
      return {'': _read_array(path, file, _size(file))}
  arrays = {}
  with open_zip(path) as archive:
    for member in archive.infolist():
      name = member.filename.removesuffix('.npy')
      if names is None or name in names:
        with archive.open(member) as opened:
          arrays[name] = _read_array(path, opened, member.file_size)
  return arrays


def _read_array(path: Path, file: IO[bytes], size: int) -> np.ndarray:
  """Reads a .npy of `size` bytes, which its header must not exceed."""
  if np.lib.format.read_magic(file) == (1, 0):
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
  else:
    file.seek(8)
    shape, _, dtype = np.lib.format.read_array_header_2_0(file)
  declared, held = math.prod(shape) * dtype.itemsize, size - file.tell()
  if declared > held:
    reason = f'is damaged: it declares {declared:,} bytes and holds {held:,}'
    raise Refused(path, reason)
  file.seek(0)
  return np.lib.format.read_array(file, allow_pickle=False)


def _check_size(path: Path, size: int, limit: int) -> None:
  if size > limit:
    raise Refused(path, f'expands to more than {limit:,} bytes, the limit')


def _size(file: IO[bytes]) -> int:
  return os.fstat(file.fileno()).st_size
