"""Image files to arrays: decoding, channels, crop and size.

PIL is imported where it is used, so that the package imports without it.
"""

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
  from PIL import Image

# PIL's modes by the number of channels: grey, grey with alpha, colour, ...
MODES = {1: 'L', 2: 'LA', 3: 'RGB', 4: 'RGBA'}
_CHANNELS = {mode: channels for channels, mode in MODES.items()}

# Modes of 8 bits that hold nothing which one of the four above would lose.
_EQUIVALENT = {
  '1': 'L',
  'La': 'LA',
  'RGBX': 'RGB',
  'CMYK': 'RGB',
  'YCbCr': 'RGB',
  'HSV': 'RGB',
  'LAB': 'RGB',
  'RGBa': 'RGBA',
  'PA': 'RGBA',
}


def open_image(data: bytes) -> 'Image.Image':
  """Decodes an image file, upright, into one of the four modes.

  Of a moving image it takes the first frame. A rotation that a camera noted
  in the file is carried out.

  Args:
    data: a whole PNG, JPEG, BMP, WebP or GIF file.

  Returns:
    A PIL image of mode L, LA, RGB or RGBA.

  Raises:
    ValueError: it is broken, or its values have more than 8 bits; the message
      is the rest of a sentence that starts with the file's name.
  """
  from PIL import Image, ImageOps

  try:
    image: Image.Image = Image.open(io.BytesIO(data))
    image.load()
    image = ImageOps.exif_transpose(image)
  except Exception as error:  # PIL's decoders raise whatever comes up.
    raise ValueError('is not a whole image file') from error
  mode = _EQUIVALENT.get(image.mode, image.mode)
  if mode == 'P':
    mode = 'RGBA' if 'transparency' in image.info else 'RGB'
  if mode not in _CHANNELS:
    raise ValueError(
      f'has values of more than 8 bits (mode {mode}), which would be clipped'
    )
  return image if image.mode == mode else image.convert(mode)


def shape_of(image: 'Image.Image') -> tuple[int, int, int]:
  """(H, W, C) of an image that `open_image` returned."""
  return image.height, image.width, _CHANNELS[image.mode]


def fit(
  image: 'Image.Image', height: int, width: int, channels: int
) -> np.ndarray:
  """Crops the centre to the aspect of the target, then resizes it.

  Resizing is PIL's bicubic, whose kernel widens with the scale, so shrinking
  does not alias. Where nothing has to change, pixels are kept exactly.
  Dropping an alpha channel drops it; nothing is blended in.

  Args:
    image: of mode L, LA, RGB or RGBA.
    height: H.
    width: W.
    channels: C, 1 to 4.

  Returns:
    [H, W, C] uint8.
  """
  from PIL import Image

  if image.mode != MODES[channels]:
    image = image.convert(MODES[channels])
  if image.size != (width, height):
    box = _centre_box(image.width, image.height, width / height)
    bicubic = Image.Resampling.BICUBIC
    image = image.resize((width, height), bicubic, box=box)
  return np.asarray(image).reshape(height, width, channels)


def from_array(pixels: np.ndarray) -> 'Image.Image':
  """The PIL image of [H, W, C] uint8, C from 1 to 4."""
  from PIL import Image

  return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def png(pixels: np.ndarray) -> bytes:
  """Encodes [H, W, C] uint8, C from 1 to 4, without loss."""
  buffer = io.BytesIO()
  # The fastest level, since each file is decoded once and then set aside.
  from_array(pixels).save(buffer, 'PNG', compress_level=1)
  return buffer.getvalue()


def _centre_box(
  width: int, height: int, aspect: float
) -> tuple[int, int, int, int]:
  """The largest centred box of an aspect, in whole pixels."""
  box_width = min(width, max(1, round(height * aspect)))
  box_height = min(height, max(1, round(width / aspect)))
  left, top = (width - box_width) // 2, (height - box_height) // 2
  return left, top, left + box_width, top + box_height
