"""Decodes, converts, crops, resizes and encodes images.

PIL is imported inside the functions, so that jaxgan imports without it.
"""

import contextlib
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from jaxgan.data.threads import Budget
from jaxgan.data.untrusted import IMAGE_PIXELS

if TYPE_CHECKING:
  from PIL import Image

# By the ending of a file: its format and first bytes. PIL may try only these
# formats, because it starts another program for some of the others.
FORMATS = {
  '.png': ('PNG', b'\x89PNG'),
  '.jpg': ('JPEG', b'\xff\xd8\xff'),
  '.jpeg': ('JPEG', b'\xff\xd8\xff'),
  '.bmp': ('BMP', b'BM'),
  '.webp': ('WEBP', b'RIFF'),
  '.gif': ('GIF', b'GIF8'),
}

# PIL's modes by number of channels: gray, gray with alpha, RGB, RGB with alpha.
MODES = {1: 'L', 2: 'LA', 3: 'RGB', 4: 'RGBA'}
_CHANNELS = {mode: channels for channels, mode in MODES.items()}

# Modes of 8 bits per value that convert to one of the four without loss.
_EQUIVALENT = {'1': 'L', 'La': 'LA', 'RGBa': 'RGBA', 'PA': 'RGBA'}
_EQUIVALENT |= dict.fromkeys(('RGBX', 'CMYK', 'YCbCr', 'HSV', 'LAB'), 'RGB')

_PIXEL_BYTES = 4  # PIL's, except for gray images.
_DECODED = Budget(2**30)  # Of all images that are open at once.


def open_image(data: bytes, suffix: str = '') -> 'Image.Image':
  """Decodes an image file into a PIL image of mode L, LA, RGB or RGBA.

  Only the first frame of an animation is decoded. An EXIF rotation is applied.

  Args:
    data: a complete PNG, JPEG, BMP, WebP or GIF file.
    suffix: the ending of the file's name, as '.png'; empty if it has none.

  Raises:
    ValueError: the file is broken, of another format than its ending says, too
      large, or has more than 8 bits per value. The message lacks its
      beginning, the name of the file.
  """
  with opened(data, suffix) as image:
    return image


@contextlib.contextmanager
def opened(data: bytes, suffix: str = '') -> Iterator['Image.Image']:
  """Decodes as `open_image` does, for threads that use it in a `with` block.

  A thread waits while the images in all blocks take more than 1 GiB.
  """
  from PIL import Image

  check_format(data, suffix)
  formats = [kind for kind, _ in FORMATS.values()]
  with _report_damage():
    image: Image.Image = Image.open(io.BytesIO(data), formats=formats)
  with _DECODED.take(_PIXEL_BYTES * image.width * image.height):
    yield _decode(image)


def _decode(image: 'Image.Image') -> 'Image.Image':
  """Decodes an image whose header was read, and converts its mode."""
  from PIL import ImageOps

  with _report_damage():
    image.load()
    image = ImageOps.exif_transpose(image)
  mode = _EQUIVALENT.get(image.mode, image.mode)
  if mode == 'P':
    mode = 'RGBA' if 'transparency' in image.info else 'RGB'
  if mode not in _CHANNELS:
    raise ValueError(
      f'has values of more than 8 bits (mode {mode}), which would be clipped'
    )
  return image if image.mode == mode else image.convert(mode)


@contextlib.contextmanager
def _report_damage() -> Iterator[None]:
  try:
    yield
  except Exception as error:  # PIL's decoders raise errors of many types.
    raise ValueError(
      f'is not a complete image file of at most {IMAGE_PIXELS:,} pixels (BMP, '
      'GIF, JPEG, PNG or WebP)'
    ) from error


def check_format(data: bytes, suffix: str) -> None:
  """Raises a ValueError if a file is not of the format of its ending."""
  kind, start = FORMATS.get(suffix.lower(), ('', b''))
  if not data.startswith(start):
    raise ValueError(
      f'is not a complete image file of the format {kind}, which its ending '
      'says'
    )


def shape_of(image: 'Image.Image') -> tuple[int, int, int]:
  """Returns (H, W, C) of an image from `open_image`."""
  return image.height, image.width, _CHANNELS[image.mode]


def fit(
  image: 'Image.Image', height: int, width: int, channels: int
) -> np.ndarray:
  """Center-crops an image to the target's aspect ratio, then resizes it.

  Resizing is PIL's bicubic, which filters against aliasing when it shrinks.
  An image of the target's size keeps its exact pixels. An alpha channel that
  the target lacks is dropped without blending.

  Args:
    image: of mode L, LA, RGB or RGBA.
    height: H of the result.
    width: W of the result.
    channels: C of the result, 1 to 4.

  Returns:
    [H, W, C] uint8.
  """
  from PIL import Image

  if image.mode != MODES[channels]:
    image = image.convert(MODES[channels])
  if image.size != (width, height):
    box = _center_box(image.width, image.height, width / height)
    bicubic = Image.Resampling.BICUBIC
    image = image.resize((width, height), bicubic, box=box)
  return np.asarray(image).reshape(height, width, channels)


def from_array(pixels: np.ndarray) -> 'Image.Image':
  """Returns the PIL image of [H, W, C] uint8, C from 1 to 4."""
  from PIL import Image

  return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def png(pixels: np.ndarray) -> bytes:
  """Encodes [H, W, C] uint8, C from 1 to 4, as PNG, without loss."""
  buffer = io.BytesIO()
  # The fastest compression: each file is decoded only once.
  from_array(pixels).save(buffer, 'PNG', compress_level=1)
  return buffer.getvalue()


def _center_box(
  width: int, height: int, aspect: float
) -> tuple[int, int, int, int]:
  """Returns the largest centered box of an aspect ratio, in whole pixels."""
  box_width = min(width, max(1, round(height * aspect)))
  box_height = min(height, max(1, round(width / aspect)))
  left, top = (width - box_width) // 2, (height - box_height) // 2
  return left, top, left + box_width, top + box_height
