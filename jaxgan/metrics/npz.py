"""Reads and writes .npz files: atomically, reproducibly and without pickle."""

import os
import pathlib
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

# What numpy raises on a file that is truncated, damaged or of another format.
DAMAGED = (
  EOFError,
  ValueError,
  TypeError,
  NotImplementedError,
  zipfile.BadZipFile,
  zlib.error,
)


def read(path: pathlib.Path) -> dict[str, np.ndarray]:
  """Reads all arrays of an .npz file.

  Raises:
    OSError: the file is missing or cannot be opened.
    DAMAGED: one of these for a file that is not an .npz of plain arrays.
  """
  # Opened here, because numpy leaves the file of a broken archive open.
  with path.open('rb') as file, np.load(file, allow_pickle=False) as archive:
    return {name: archive[name] for name in archive.files}


def write(path: pathlib.Path, arrays: Mapping[str, Any]) -> None:
  """Writes arrays to an .npz file atomically.

  A crash or a second process never leaves a partial file. Equal arrays give
  equal bytes, since the archive holds no time stamps.
  """
  new = path.with_name(f'{path.name}.{os.getpid()}')
  with new.open('wb') as file:
    np.savez(file, **arrays)
  new.replace(path)
