"""Any folder of image files."""

import functools
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from jaxgan.config import Data
from jaxgan.data import images
from jaxgan.data.builders import recipe as recipe_lib
from jaxgan.data.builders.recipe import Example, Recipe

_LOG = logging.getLogger(__name__)

SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.webp', '.gif')

_Shape = tuple[int, int, int]


def recipe(config: Data) -> Recipe:
  """The split `train`: every image in `data.path` and its subfolders.

  If all images lie in subfolders, the top-level subfolders, in sorted order,
  are the classes. If an image lies directly in the folder, there are no
  labels. Files and folders whose names start with a dot are ignored. The
  number of channels is that of the first image, in the order of the paths.

  Args:
    config: reads path, on_bad_image, and whether image_size is 0, in which
      case all images must have the size of the first.

  Raises:
    FileNotFoundError: the folder is missing or has no image in it.
    ValueError: the path is not a folder, or the first image is broken.
  """
  root = recipe_lib.require_path(config, 'a folder of images')
  if not root.is_dir():
    raise ValueError(
      f'data.path is {config.path!r}, a file; it must be a folder of images.'
    )
  files = _find_images(root)
  if not files:
    raise FileNotFoundError(
      f'data.path is {config.path!r} and no image is in it; file names must '
      f'end in {", ".join(SUFFIXES)}.'
    )
  one_size, skip = not config.image_size, config.on_bad_image == 'skip'
  shape: tuple[int | None, ...] = _first_shape(files, skip)
  if not one_size:
    shape = (None, None, shape[2])
  labels, num_classes = _labels(root, files)
  examples = functools.partial(_examples, files, labels, one_size, skip)
  version = recipe_lib.fingerprint(root, files, one_size, skip)
  return Recipe('folder', shape, num_classes, {'train': examples}, version)


def _find_images(root: Path) -> list[Path]:
  """Lists every image below a folder in sorted order; follows links."""
  files = []
  for folder, subfolders, names in os.walk(root, followlinks=True):
    subfolders[:] = [name for name in subfolders if name[0] != '.']
    for name in names:
      if name[0] != '.' and name.lower().endswith(SUFFIXES):
        files.append(Path(folder, name))
  return sorted(files)


def _labels(root: Path, files: list[Path]) -> tuple[list[int], int]:
  """Returns the class of each file, and the number of classes."""
  if any(file.parent == root for file in files):
    return [0] * len(files), 0
  folders = [file.relative_to(root).parts[0] for file in files]
  classes = {name: index for index, name in enumerate(sorted(set(folders)))}
  return [classes[name] for name in folders], len(classes)


def _open(file: Path) -> tuple[bytes, _Shape]:
  """Returns the bytes of a file and the shape of its image."""
  try:
    data = file.read_bytes()
  except OSError as error:
    raise ValueError(f'cannot be read ({error.strerror})') from error
  return data, images.shape_of(images.open_image(data))


def _broken(file: Path, error: ValueError) -> ValueError:
  return ValueError(
    f'{file} {error}; repair or remove it, or set data.on_bad_image to skip.'
  )


def _first_shape(files: list[Path], skip: bool) -> _Shape:
  for file in files:
    try:
      return _open(file)[1]
    except ValueError as error:
      if not skip:
        raise _broken(file, error) from error
  raise ValueError(
    f'None of the {len(files)} images in data.path, such as {files[0]}, can '
    'be decoded; at least one must be valid.'
  )


def _examples(
  files: list[Path], labels: list[int], one_size: bool, skip: bool
) -> Iterator[Example]:
  first: tuple[Path, _Shape] | None = None
  bad = []
  for file, label in zip(files, labels, strict=True):
    try:
      data, shape = _open(file)
    except ValueError as error:
      if not skip:
        raise _broken(file, error) from error
      bad.append(file)
      continue
    first = first or (file, shape)
    if one_size and shape[:2] != first[1][:2]:
      raise ValueError(
        f'{first[0]} is {first[1][0]} x {first[1][1]} (height x width) and '
        f'{file} is {shape[0]} x {shape[1]}; with data.image_size 0 all images '
        'must have one size, so set data.image_size.'
      )
    yield data, label
  if bad:
    _LOG.warning(
      '%d of %d images cannot be decoded and are left out, such as %s.',
      len(bad),
      len(files),
      bad[0],
    )
