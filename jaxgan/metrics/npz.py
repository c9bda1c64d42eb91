"""Reads and writes .npz files: atomically, reproducibly and without pickle."""

import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgan.data import untrusted
from jaxgan.storage.atomic import replacing


def read(path: pathlib.Path, command: str) -> dict[str, np.ndarray]:
  """Reads all arrays of an .npz file.

  Args:
    path: the file.
    command: the module that writes such files, for error messages.

  Raises:
    FileNotFoundError: the file does not exist.
    ValueError: it cannot be read or is not an .npz of plain arrays.
  """
  try:
    arrays = untrusted.read_arrays(path)
  except FileNotFoundError as error:
    raise FileNotFoundError(
      f'{path} does not exist; it must be an .npz that {command} wrote.'
    ) from error
  except OSError as error:
    raise ValueError(f'{path} cannot be read ({error.strerror}).') from error
  except untrusted.Refused:
    raise
  except untrusted.DAMAGE as error:
    raise damaged(path, command) from error
  if '' in arrays:  # A .npy.
    raise damaged(path, command)
  return arrays


def damaged(path: pathlib.Path, command: str) -> ValueError:
  """Makes the error for a file that is damaged or has unexpected contents."""
  return ValueError(
    f'{path} is damaged or of another kind; it must be an .npz that {command} '
    'wrote.'
  )


def write(path: pathlib.Path, arrays: Mapping[str, Any]) -> None:
  """Writes arrays to an .npz file atomically.

  A crash or a second process never leaves a partial file. Equal arrays give
  equal bytes, since the archive holds no time stamps.
  """
  # Before savez opens the archive: numpy 2.0 leaves it open after an error.
  plain: dict[str, Any] = {
    name: np.asarray(value) for name, value in arrays.items()
  }
  with replacing(path) as temporary, temporary.open('wb') as file:
    np.savez(file, **plain)
