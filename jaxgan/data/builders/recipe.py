"""`Recipe`: the description of a data set from which a tfds builder is made.

Each module of a data set in this package makes a `Recipe`. Recipes do not
import tfds. Most files are read only when the examples of a split are read.
"""

import contextlib
import dataclasses
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from gzip import BadGzipFile
from pathlib import Path
from tarfile import TarError
from zipfile import BadZipFile

import numpy as np

from jaxgan.config import Data
from jaxgan.data.columns import AnyColumns

# Encoded image (PNG, JPEG, ...) or vector [D] float32, and its class.
Example = tuple[bytes | np.ndarray, int]


@dataclasses.dataclass(frozen=True)
class Recipe:
  """Shape, classes and examples of one data set.

  Attributes:
    name: the name in `data.name`.
    shape: (H, W, C) of uint8 images, with None for a length that differs
      between images; or (D,) of float32 vectors.
    num_classes: 0 if there are no labels.
    splits: for each split, a function that yields its examples.
    version: identifies the source files; tfds prepares each version anew.
    columns: standardization of a table's columns; None for other data.
    totals: the number of examples of a split, or one that it does not exceed,
      for the progress; empty if it is known only after reading.
    fitted: whether the examples have the size of the configuration already.
  """

  name: str
  shape: tuple[int | None, ...]
  num_classes: int
  splits: Mapping[str, Callable[[], Iterator[Example]]]
  version: str = ''
  columns: AnyColumns | None = None
  totals: Mapping[str, int] = dataclasses.field(default_factory=dict)
  fitted: bool = False


def fingerprint(root: Path, files: Iterable[Path], *settings: object) -> str:
  """Hashes the paths, sizes and times of files, and settings, to 16 hex digits.

  Args:
    root: the folder or archive in `data.path`.
    files: every file that is read.
    *settings: other values that change the examples.
  """
  digest = hashlib.sha256(f'{root.resolve()} {settings}'.encode())
  for file in files:
    digest.update(f'{file}\0'.encode())
    # A broken link has no size; the error is reported when it is read.
    with contextlib.suppress(OSError):
      stat = file.stat()
      digest.update(f'{stat.st_size}\0{stat.st_mtime_ns}\n'.encode())
  return digest.hexdigest()[:16]


def require_path(config: Data, expected: str) -> Path:
  """Returns `data.path`; raises a FileNotFoundError if it does not exist."""
  path = Path(config.path).expanduser()
  if not path.exists():
    raise FileNotFoundError(
      f'data.path is {config.path!r}, which does not exist; it must be '
      f'{expected}.'
    )
  return path


@contextlib.contextmanager
def report_damage(file: Path, kind: str) -> Iterator[None]:
  """Turns errors of a damaged archive into a ValueError that names the file."""
  try:
    yield
  except (
    BadGzipFile, TarError, BadZipFile, zlib.error, EOFError, RecursionError
  ) as error:  # fmt: skip
    raise ValueError(
      f'{file} is not a complete {kind} file; download it again.'
    ) from error
