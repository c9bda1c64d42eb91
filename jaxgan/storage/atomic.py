"""Atomic file writes: a file appears under its name only when complete.

The only module that packages above `storage` may import from it.
"""

import contextlib
import errno
import os
import pathlib
import re
import uuid
from collections.abc import Iterator

# What is wrong with a disk, and what helps. Libraries in C++ give only the text
# of such an error.
_REASONS = {
  errno.ENOSPC: 'its disk is full; free some space',
  errno.EDQUOT: 'the disk quota is used up; free some space',
  errno.EROFS: 'its disk is read-only; make it writable',
  errno.EACCES: 'it is read-only for this user; make it writable',
  errno.EIO: 'its disk has errors; repair it',
}


class DiskError(OSError):
  """A folder cannot be written; the message is one sentence that names it."""


@contextlib.contextmanager
def naming(folder: pathlib.Path) -> Iterator[None]:
  """Turns the errors of a full, read-only or broken disk into a DiskError.

  Errors that name only files outside of the folder stay as they are.

  Args:
    folder: the folder that the block writes.
  """
  try:
    yield
  except DiskError:
    raise
  except Exception as error:  # Orbax and tfds raise many types.
    for number, reason in _REASONS.items():
      own = isinstance(error, OSError) and error.errno == number
      is_disk = own or os.strerror(number) in str(error)
      if is_disk and _may_concern(folder, error):
        raise DiskError(
          f'{folder.absolute()} cannot be written, because {reason} and start '
          'the same command again.'
        ) from error
    raise


def _may_concern(folder: pathlib.Path, error: Exception) -> bool:
  """Whether an error names a path in a folder, or no path."""
  name = getattr(error, 'filename', None)
  # In quotes, as Python and TensorStore write them.
  names = re.findall(r'["\'](/[^"\']+)["\']', str(error))
  if isinstance(name, str | bytes):
    names.append(os.fsdecode(name))
  root = folder.resolve()
  paths = [pathlib.Path(name).resolve() for name in names]
  return not paths or any(path.is_relative_to(root) for path in paths)


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields a temporary path that is renamed to `path` at the end of the block.

  If the block raises, the temporary file is deleted and an existing `path`
  keeps its contents. Two processes may write the same file at once.

  Raises:
    DiskError: the disk is full, read-only or broken.
  """
  # Random, because hosts that share a disk may use the same process id.
  temporary = path.with_name(f'{path.name}.{uuid.uuid4().hex}.tmp')
  with naming(path.parent):
    try:
      yield temporary
      temporary.replace(path)
    finally:
      with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def remove_leftovers(path: pathlib.Path) -> None:
  """Deletes the temporary files of writers of `path` that were killed.

  Call it only if no other process can be writing `path`.
  """
  for temporary in path.parent.glob(f'{path.name}.*.tmp'):
    temporary.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
  """Writes a UTF-8 text file; a crash leaves the old file or the new one."""
  with replacing(path) as temporary:
    temporary.write_text(text, encoding='utf-8')
