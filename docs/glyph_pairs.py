"""Makes pairs of images of letters, regular and bold, for image_to_image.md.

  pip install matplotlib && python docs/glyph_pairs.py OUT

The fonts are DejaVu Sans and DejaVu Sans Bold, which come with matplotlib. OUT
gets the folders input and target, with images of 28x28 pixels of equal names.
Letters with accents, and those that look like another one (the Greek A is the
Latin one), are left out, since the same letter would be in the training and in
the held-out part.
"""

import pathlib
import sys
import unicodedata

import matplotlib
from PIL import Image, ImageDraw, ImageFont

_SIZE = 28
_FONTS = {'input': 'DejaVuSans.ttf', 'target': 'DejaVuSans-Bold.ttf'}
_LAST = 0x10FF  # Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, Georgian ...


def draw(text: str, font: ImageFont.FreeTypeFont) -> Image.Image:
  """Draws a character in black on white."""
  image = Image.new('L', (_SIZE, _SIZE), 255)
  at = _SIZE / 2, _SIZE * 0.75
  ImageDraw.Draw(image).text(at, text, font=font, fill=0, anchor='ms')
  return image


def main(out: pathlib.Path) -> None:
  """Writes the pairs of the letters that both fonts have."""
  folder = pathlib.Path(matplotlib.get_data_path(), 'fonts', 'ttf')
  size = _SIZE * 5 // 8
  fonts = [
    ImageFont.truetype(str(folder / name), size) for name in _FONTS.values()
  ]
  # The glyph of a character that a font lacks.
  lacking = [draw('\U0010ffff', font).tobytes() for font in fonts]
  for side in _FONTS:
    (out / side).mkdir(parents=True)
  drawn: set[bytes] = set()
  for code in range(0x21, _LAST + 1):
    text = chr(code)
    if unicodedata.category(text)[0] not in 'LN':
      continue
    if unicodedata.decomposition(text):
      continue
    images = [draw(text, font) for font in fonts]
    if any(x.tobytes() == y for x, y in zip(images, lacking, strict=True)):
      continue
    if images[0].tobytes() in drawn:
      continue
    drawn.add(images[0].tobytes())
    for side, image in zip(_FONTS, images, strict=True):
      image.save(out / side / f'{code:04x}.png')
  sys.stdout.write(f'{len(drawn)} pairs in {out}\n')


if __name__ == '__main__':
  main(pathlib.Path(sys.argv[1]))
