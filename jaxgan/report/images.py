"""Pictures inside of a page, as data URIs of a bounded size."""

import base64
import io
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxgan.report.collect import Grid
from jaxgan.report.markup import Safe, void

_FRAMES = 17
_FRAMES_BYTES = 560_000  # Of all frames, before base64.
_LEAST_SIDE = 96
LARGE_BYTES = 600_000  # Of all large pictures of a page.


def image(
  path: pathlib.Path, alt: str, most: int, **attributes: str | None
) -> Safe:
  """An img element of a picture.

  Args:
    path: of a PNG.
    alt: text for readers who cannot see it.
    most: bytes; a larger picture becomes a JPEG, and then smaller.
    **attributes: of the element.

  Raises:
    ValueError: the file is no picture.
  """
  kind, data, (width, height) = encode(path, most)
  uri = f'data:image/{kind};base64,{base64.b64encode(data).decode()}'
  size = {'width': str(width), 'height': str(height)}
  return void('img', src=uri, alt=alt, **size, **attributes)


def thin(grids: Sequence[Grid]) -> tuple[list[Grid], int]:
  """Chooses evenly spaced grids, with the first and the last.

  Returns:
    At most 17 grids, and the bytes that each may have.
  """
  count = min(len(grids), _FRAMES)
  places = np.linspace(0, len(grids) - 1, count).round().astype(int)
  return [grids[i] for i in places], _FRAMES_BYTES // max(count, 1)


def encode(path: pathlib.Path, most: int) -> tuple[str, bytes, tuple[int, int]]:
  """Encodes a picture in at most so many bytes.

  Returns:
    `png` or `jpeg`, the bytes, and the width and height.

  Raises:
    ValueError: the file is no picture.
  """
  picture = _open(path)
  if path.stat().st_size <= most:
    return 'png', path.read_bytes(), picture.size
  source = picture.info.get('Source', '')  # Says that it was generated.
  if picture.mode not in ('L', 'RGB'):
    picture = picture.convert('RGB')
  while True:
    for quality in (88, 75):
      data = _save(picture, 'JPEG', quality=quality, comment=source)
      if len(data) <= most or max(picture.size) <= _LEAST_SIDE:
        return 'jpeg', data, picture.size
    # A quarter less on each side.
    width, height = (max(1, side * 3 // 4) for side in picture.size)
    picture = picture.resize((width, height))


def _open(path: pathlib.Path) -> Any:
  from PIL import Image  # Slow to import.

  try:
    with Image.open(path, formats=['PNG']) as file:
      file.load()
      return file.copy()
  except (OSError, Image.DecompressionBombError) as error:
    raise ValueError(f'{path} is no PNG ({error}).') from error


def _save(picture: Any, kind: str, **options: Any) -> bytes:
  file = io.BytesIO()
  picture.save(file, kind, **options)
  return file.getvalue()
