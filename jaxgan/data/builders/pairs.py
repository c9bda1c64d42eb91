"""Pairs of images in a user's files, for image-to-image translation.

`pairs` reads two folders, `side_by_side` pictures whose left half is the input.
A record holds the input above the target, so that both are mirrored alike.
"""

import contextlib
import functools
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data import images, threads, untrusted
from jaxgan.data.builders import folder, recipe
from jaxgan.data.builders.recipe import Example, Recipe

EXPECTED = 'a folder with the two folders input and target'
EXPECTED_BESIDE = 'a folder of pictures, each with its input as the left half'
_SIDES = ('input', 'target')

# The files of one pair: those of input and target, or one of both.
_Files = tuple[Path, ...]


def of_folders(config: Data) -> Recipe:
  """Describes the pairs of two folders: images of equal names are a pair.

  Args:
    config: path has the folders `input` and `target`; image_size and
      image_width give the size of each image, 0 that of the files.

  Raises:
    FileNotFoundError: a folder is missing or holds no image.
    ValueError: names that do not agree, or an image that is broken.
  """
  root = recipe.require_path(config, EXPECTED)
  inputs, targets = (_by_name(root / side, config) for side in _SIDES)
  for one, other, sides in (
    (inputs, targets, _SIDES), (targets, inputs, _SIDES[::-1]),
  ):  # fmt: skip
    alone = sorted(set(one) - set(other))
    if alone:
      raise ValueError(
        f'{len(alone)} images of {root / sides[0]} have no partner in '
        f'{root / sides[1]}, such as {one[alone[0]].name}; both folders must '
        'have the same names.'
      )
  pairs: list[_Files] = [(inputs[n], targets[n]) for n in sorted(inputs)]
  return _recipe(root, pairs, config)


def unpaired(config: Data) -> Recipe:
  """Describes images of two folders that have nothing to do with each other.

  A record holds any image of each; those of the smaller folder are repeated.

  Args:
    config: as for `of_folders`.

  Raises:
    FileNotFoundError: a folder is missing or holds no image.
    ValueError: an image that is broken.
  """
  root = recipe.require_path(config, EXPECTED)
  sides = [
    sorted(_by_name(root / side, config).values(), key=_hash) for side in _SIDES
  ]
  pairs: list[_Files] = [
    tuple(files[i % len(files)] for files in sides)
    for i in range(max(map(len, sides)))
  ]
  return _recipe(root, pairs, config)


def _hash(file: Path) -> str:
  """A key for an order that has nothing to do with the names."""
  return hashlib.sha256(f'{file.parent.name}/{file.name}'.encode()).hexdigest()


def side_by_side(config: Data) -> Recipe:
  """Describes pictures [H, 2W, C] of two images, the input on the left.

  Args:
    config: as for `of_folders`; path is the folder of the pictures.

  Raises:
    FileNotFoundError: the folder is missing or holds no image.
    ValueError: a picture of odd width, or a broken one.
  """
  root = recipe.require_path(config, EXPECTED_BESIDE)
  pictures: list[_Files] = [(f,) for f in _by_name(root, config).values()]
  return _recipe(root, pictures, config)


def _recipe(root: Path, pairs: list[_Files], config: Data) -> Recipe:
  height, width, channels = _read(config, None, pairs[0]).shape
  shape = (height, width, channels)
  examples = functools.partial(_examples, config, shape, pairs)
  files = [file for pair in pairs for file in pair]
  sizes = config.image_size, config.image_width, config.channels
  version = recipe.fingerprint(root, files, config.name, *sizes)
  return Recipe(
    config.name, shape, 0, {'train': examples}, version,
    totals={'train': len(pairs)}, fitted=True,
  )  # fmt: skip


def _by_name(root: Path, config: Data) -> dict[str, Path]:
  """The images below a folder, by their paths without the ending."""
  files = folder.find_images(root) if root.is_dir() else []
  if not files:
    raise FileNotFoundError(
      f'data.path is {config.path!r} and {root} holds no image; data.name is '
      f'{config.name}, so it must be '
      f'{EXPECTED if config.name == "pairs" else EXPECTED_BESIDE}.'
    )
  named = {f.relative_to(root).with_suffix('').as_posix(): f for f in files}
  if len(named) < len(files):
    twice = next(f for f in files if f not in named.values())
    raise ValueError(
      f'{twice} has the name of another image but for its ending; rename one '
      'of them.'
    )
  return named


def _examples(
  config: Data, shape: tuple[int, ...], pairs: list[_Files]
) -> Iterator[Example]:
  read: Callable[[_Files], np.ndarray] = functools.partial(_read, config, shape)
  with contextlib.closing(threads.in_order(read, pairs, _size)) as arrays:
    for array in arrays:
      yield images.png(array), 0


def _size(files: _Files) -> int:
  return sum(file.stat().st_size for file in files)


def _read(
  config: Data, shape: tuple[int, ...] | None, files: _Files
) -> np.ndarray:
  """Reads a pair as [2H, W, C] uint8; of the shape of the first pair."""
  sides = [_open(file) for file in files]
  if len(sides) == 1:
    (both,), (file,) = sides, files
    if both.shape[1] % 2:
      raise ValueError(
        f'{file} is {both.shape[1]} pixels wide; a picture of two images side '
        'by side must have an even width.'
      )
    sides = np.split(both, 2, axis=1)
  channels = config.channels or (shape or sides[1].shape)[2]
  fits = config.name == 'unpaired' and config.image_size
  if sides[0].shape[:2] != sides[1].shape[:2] and not fits:
    sizes = ' and '.join(f'{x.shape[0]} x {x.shape[1]}' for x in sides)
    raise ValueError(
      f'{files[0]} and {files[1]} are {sizes} (height x width); the images of '
      'a pair must have one size.'
    )
  height, width = sides[0].shape[:2]
  if config.image_size:
    height = config.image_size
    width = config.image_width or height
  elif shape and (2 * height, width) != shape[:2]:
    raise ValueError(
      f'{files[0]} is {height} x {width} (height x width) and the first pair '
      f'is {shape[0] // 2} x {shape[1]}; with data.image_size 0 all images '
      'must have one size, so set data.image_size.'
    )
  fitted = (
    images.fit(images.from_array(side), height, width, channels)
    for side in sides
  )
  return np.concatenate(list(fitted))


def _open(file: Path) -> np.ndarray:
  try:
    image = images.open_image(untrusted.read_file(file), file.suffix)
  except (OSError, ValueError) as error:
    detail = getattr(error, 'strerror', None)
    reason = f'cannot be read ({detail})' if detail else error
    raise ValueError(f'{file} {reason}; repair or remove it.') from error
  return np.asarray(image).reshape(images.shape_of(image))
