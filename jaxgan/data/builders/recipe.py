"""What tfds must know of a data set of ours, and two helpers to say it.

The modules beside this one each make a `Recipe`; `builder.py` turns any recipe
into a tfds builder. Recipes know nothing of tfds, so they cost nothing to
import, and most of the reading is left to their splits' functions.
"""

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data.columns import Columns

# Encoded image (PNG, JPEG, ...) or vector [D] float32, and its class.
Example = tuple[bytes | np.ndarray, int]


@dataclasses.dataclass(frozen=True)
class Recipe:
  """How to build one data set.

  Attributes:
    name: as in `data.name`.
    shape: (H, W, C) of uint8 images, None where they differ, or (D,) of
      float32 vectors.
    num_classes: 0 for none.
    splits: what to call for the examples of each split.
    version: of the files it is made from; two versions never share a copy.
    columns: how the columns of a table were standardised; None for no table.
  """

  name: str
  shape: tuple[int | None, ...]
  num_classes: int
  splits: Mapping[str, Callable[[], Iterator[Example]]]
  version: str = ''
  columns: Columns | None = None


def fingerprint(root: Path, files: Iterable[Path], *settings: object) -> str:
  """A name that changes when any of the files does.

  Args:
    root: the folder or archive that the user named.
    files: every file that is read.
    *settings: whatever else changes what is read.

  Returns:
    16 hex digits of a digest of the paths, sizes, times and settings.
  """
  digest = hashlib.sha256(f'{root.resolve()} {settings}'.encode())
  for file in files:
    digest.update(f'{file}\0'.encode())
    # A dangling link has no size; whether that matters is the reader's affair.
    with contextlib.suppress(OSError):
      stat = file.stat()
      digest.update(f'{stat.st_size}\0{stat.st_mtime_ns}\n'.encode())
  return digest.hexdigest()[:16]


def existing(config: Data, needs: str) -> Path:
  """`data.path`, which must be there.

  Raises:
    FileNotFoundError: it is not; the sentence says what it `needs` to be.
  """
  found = Path(config.path).expanduser()
  if not found.exists():
    raise FileNotFoundError(
      f'data.path is {config.path!r} and there is nothing; it must be {needs}.'
    )
  return found
