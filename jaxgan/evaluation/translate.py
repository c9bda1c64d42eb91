"""Translates a user's pictures of any size by a trained generator."""

import itertools
import pathlib
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data import images, untrusted
from jaxgan.evaluation import restore, tiles
from jaxgan.gan import translation as translation_lib
from jaxgan.gan.generator import Generator
from jaxgan.gan.translation import Translation
from jaxgan.progress import Progress
from jaxgan.storage import export, pictures, workdir
from jaxgan.types import to_float, to_uint8


class Picture(NamedTuple):
  """A picture of the user.

  Attributes:
    pixels: [H, W, C] uint8, with the channels of the training images.
    alpha: [H, W, 1] uint8, or None if the file has none.
  """

  pixels: np.ndarray
  alpha: np.ndarray | None


def translate_files(
  folder: pathlib.Path,
  source: pathlib.Path,
  out: pathlib.Path,
  *,
  mask: pathlib.Path | None = None,
  weights: str = 'ema',
  reverse: bool = False,
) -> None:
  """Translates a picture, or all pictures of a folder.

  Args:
    folder: workdir of the run.
    source: a picture or a folder of pictures.
    out: a new .png, or a new or empty folder.
    mask: a picture that is white in the hole of all pictures; None for none.
    weights: `ema` or `raw`.
    reverse: translates from the targets to the inputs (unpaired only).

  Raises:
    ValueError: paths that do not fit, a picture that is broken, or a run that
      cannot be restored or translates nothing.
  """
  files = find(source)
  is_file = source.is_file()
  if is_file != (out.suffix.lower() == '.png'):
    raise ValueError(
      f'--input is {str(source)!r} and --out is {str(out)!r}; a picture needs '
      'a .png, and a folder a folder.'
    )
  if is_file and out.exists():
    raise ValueError(f'{out} already exists; give a new .png as --out.')
  export.check(out, len(files))
  generator = restore.load(folder, weights)
  translation = of(generator)
  if reverse and not translation.two_way:
    raise ValueError(
      f'translation.input of this run is {translation.settings.input}; only '
      'unpaired translates in the reverse direction too.'
    )
  channels = translation.shape[2]
  workdir.make(out.parent if is_file else out)
  with Progress(len(files), 'picture', hidden=is_file) as bar:
    for file in files:
      picture = read(file, channels)
      hole = None if mask is None else read_mask(mask, picture)
      result = translate(generator, picture, hole, reverse=reverse)
      target = out if is_file else out / f'{file.stem}.png'
      pictures.save_png(target, result, generated=True)
      bar.update()


def of(generator: Generator) -> Translation:
  """The translation of a generator.

  Raises:
    ValueError: the generator makes images of latents.
  """
  translation = generator.problem.translation
  if translation is None:
    raise ValueError(
      'This run generates images from latents (game is gan); draw samples by '
      'python -m jaxgan.sample, or give the workdir of a translation.'
    )
  return translation


def find(path: pathlib.Path) -> list[pathlib.Path]:
  """Lists the pictures of a folder, or a picture itself.

  Raises:
    ValueError: there is none, or two have the same name without the ending.
  """
  if path.is_file():
    return [path]
  files = sorted(
    file
    for file in (path.iterdir() if path.is_dir() else ())
    if file.suffix.lower() in images.FORMATS and file.name[0] != '.'
  )
  if not files:
    raise ValueError(
      f'--input is {str(path)!r}, where there is no picture; it must be a file '
      f'or a folder of files that end in {", ".join(images.FORMATS)}.'
    )
  for file, other in itertools.pairwise(files):
    if file.stem == other.stem:
      raise ValueError(
        f'{file} and {other} would have the same output; rename one of them.'
      )
  return files


def read(file: pathlib.Path, channels: int) -> Picture:
  """Reads a picture, turned as its EXIF data say.

  Args:
    file: PNG, JPEG, BMP, WebP or GIF.
    channels: of the training images, 1 to 4.

  Raises:
    ValueError: not a complete image file.
  """
  try:
    image = images.open_image(untrusted.read_file(file), file.suffix)
  except ValueError as error:
    raise ValueError(f'{file} {error}.') from error
  alpha = None
  if image.mode in ('LA', 'RGBA') and channels in (1, 3):
    alpha = np.asarray(image)[..., -1:]
  height, width, _ = images.shape_of(image)
  return Picture(images.fit(image, height, width, channels), alpha)


def read_mask(file: pathlib.Path, picture: Picture) -> np.ndarray:
  """Reads the mask of a hole, which is white: [H, W, 1] float32 in {0, 1}.

  Raises:
    ValueError: not an image, or of another size than the picture.
  """
  mask = read(file, 1).pixels
  if mask.shape[:2] != picture.pixels.shape[:2]:
    sizes = (f'{x.shape[1]}x{x.shape[0]}' for x in (mask, picture.pixels))
    raise ValueError(
      f'{file} is {next(sizes)} pixels and the picture is {next(sizes)}; a '
      'mask must have the size of its picture.'
    )
  return (mask >= 128).astype(np.float32)


def translate_array(
  generator: Generator,
  image: np.ndarray,
  mask: np.ndarray | None = None,
  *,
  reverse: bool = False,
) -> np.ndarray:
  """Translates an array [H, W, C] uint8; see `translate`.

  Raises:
    ValueError: as `translate`, and an image or mask of another shape or type.
  """
  channels = of(generator).shape[2]
  if image.dtype != np.uint8 or image.shape[2:] != (channels,):
    raise ValueError(
      f'The image is {image.dtype} {list(image.shape)}; it must be uint8 '
      f'[H, W, {channels}].'
    )
  if mask is not None and mask.shape != (*image.shape[:2], 1):
    raise ValueError(
      f'The mask is {list(mask.shape)}; it must be '
      f'{[*image.shape[:2], 1]}, as its image.'
    )
  return translate(generator, Picture(image, None), mask, reverse=reverse)


def translate(
  generator: Generator,
  picture: Picture,
  mask: np.ndarray | None = None,
  *,
  reverse: bool = False,
) -> np.ndarray:
  """Translates one picture.

  Args:
    generator: of a run with game translation.
    picture: as `read` returns it. For low_resolution it is the small image,
      for noise the noisy one, for gray and edges any image.
    mask: [H, W, 1], 1 in the hole (input hole only); None takes the pixels
      with an alpha below one half.
    reverse: translates from the targets to the inputs (unpaired only).

  Returns:
    [H, W, C] uint8, larger by the factor for low_resolution. Alpha is appended
    if the picture has it and it is no mask.

  Raises:
    ValueError: a hole without mask, or a mask without hole.
  """
  translation = of(generator)
  alpha = picture.alpha
  if translation.settings.input == 'hole':
    mask = _mask(picture) if mask is None else mask
    alpha = None
  elif mask is not None:
    raise ValueError(
      f'translation.input of this run is {translation.settings.input}; only '
      'hole takes a mask.'
    )
  x = _input(translation, picture, mask)
  y = to_uint8(tiles.translate(generator, x, reverse))
  if alpha is None:
    return y
  height, width = y.shape[:2]
  alpha = images.fit(images.from_array(alpha), height, width, 1)
  return np.concatenate([y, alpha], axis=-1)


def _mask(picture: Picture) -> np.ndarray:
  if picture.alpha is None:
    raise ValueError(
      'The picture has no hole; give --mask, a picture that is white in the '
      'hole, or make the hole transparent.'
    )
  return (picture.alpha < 128).astype(np.float32)


def _input(
  translation: Translation, picture: Picture, mask: np.ndarray | None
) -> np.ndarray:
  """The input image [H, W, C'] float32 of a whole picture."""
  x = to_float(jnp.asarray(picture.pixels))[None]
  if mask is not None:
    return np.asarray(translation_lib.masked(x, jnp.asarray(mask)[None])[0])
  settings = translation.settings
  if settings.input == 'low_resolution':
    return np.asarray(translation_lib.enlarge(x, settings.factor)[0])
  if settings.input in (
    'noise',
    'pair',
    'unpaired',
  ):  # The picture is the input.
    return np.asarray(x[0])
  make = translation_lib.INPUTS[settings.input]
  return np.asarray(make(jax.random.key(0), x, settings)[0])
