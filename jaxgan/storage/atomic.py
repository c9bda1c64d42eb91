"""Atomic file writes: a file appears under its name only when complete.

The only module that packages above `storage` may import from it.
"""

import contextlib
import pathlib
import uuid
from collections.abc import Iterator


@contextlib.contextmanager
def replacing(path: pathlib.Path) -> Iterator[pathlib.Path]:
  """Yields a temporary path that is renamed to `path` at the end of the block.

  If the block raises, the temporary file is deleted and an existing `path`
  keeps its contents. Two processes may write the same file at once.
  """
  # Random, because hosts that share a disk may use the same process id.
  temporary = path.with_name(f'{path.name}.{uuid.uuid4().hex}.tmp')
  try:
    yield temporary
    temporary.replace(path)
  finally:
    temporary.unlink(missing_ok=True)


def write_text(path: pathlib.Path, text: str) -> None:
  """Writes a UTF-8 text file; a crash leaves the old file or the new one."""
  with replacing(path) as temporary:
    temporary.write_text(text, encoding='utf-8')
