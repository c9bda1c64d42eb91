"""Makes pairs of images from two emoji fonts, for docs/image_to_image.md.

  npm pack emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0
  tar -xzf ... && python docs/emoji_pairs.py GOOGLE TWITTER OUT

GOOGLE and TWITTER are the folders package/img/*/64 of the two packages. OUT
gets the folders input and target, with images of equal names, on white. Skin
tones are left out: nearly the same image would be in the training and in the
held-out part.
"""

import pathlib
import re
import sys

from PIL import Image

_SKIN_TONE = re.compile('1f3f[b-f]')


def on_white(path: pathlib.Path) -> Image.Image:
  """Reads an image with transparency and puts it on white."""
  with Image.open(path) as image:
    image = image.convert('RGBA')
  white = Image.new('RGBA', image.size, 'white')
  return Image.alpha_composite(white, image).convert('RGB')


def main(folders: list[str]) -> None:
  """Writes the pairs of the emoji that both folders have."""
  google, twitter, out = map(pathlib.Path, folders)
  names = {path.name for path in google.glob('*.png')}
  names &= {path.name for path in twitter.glob('*.png')}
  names = {name for name in names if not _SKIN_TONE.search(name)}
  for side, folder in (('input', google), ('target', twitter)):
    (out / side).mkdir(parents=True)
    for name in sorted(names):
      on_white(folder / name).save(out / side / name)
  sys.stdout.write(f'{len(names)} pairs in {out}\n')


if __name__ == '__main__':
  main(sys.argv[1:])
