"""Any folder of images, as the user has it."""

import functools
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from jaxgan.config import Data
from jaxgan.data import images
from jaxgan.data.builders.recipe import Example, Recipe, existing, fingerprint

_LOG = logging.getLogger(__name__)

SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.webp', '.gif')


def recipe(config: Data) -> Recipe:
  """The split `train`: every image under `data.path`, however deep.

  Where all images lie in sub-folders, the names of the direct sub-folders, in
  sorted order, are the classes; where some lie at the top there are none.
  Files and folders whose names start with a dot are passed over. The channels
  are those of the first image, in the order of the paths.

  Args:
    config: reads path, on_bad_image, and whether image_size is 0, in which
      case all images must have the shape of the first.

  Raises:
    FileNotFoundError: the folder is missing or has no image in it.
    ValueError: the path is no folder, or the first image is broken.
  """
  root = existing(config, 'a folder of images')
  if not root.is_dir():
    raise ValueError(
      f'data.path is {config.path!r}, a file; it must be a folder of images.'
    )
  files = _find(root)
  if not files:
    raise FileNotFoundError(
      f'data.path is {config.path!r} and no image is in it; their names must '
      f'end in {", ".join(SUFFIXES)}.'
    )
  same, skip = not config.image_size, config.on_bad_image == 'skip'
  height, width, channels = _first_shape(files, skip)
  shape = (height, width, channels) if same else (None, None, channels)
  labels, num_classes = _labels(root, files)
  examples = functools.partial(_examples, files, labels, same, skip)
  version = fingerprint(root, files, same, skip)
  return Recipe('folder', shape, num_classes, {'train': examples}, version)


def _find(root: Path) -> list[Path]:
  """Every image under a folder, through links too, in sorted order."""
  found = []
  for folder, subfolders, names in os.walk(root, followlinks=True):
    subfolders[:] = [name for name in subfolders if name[0] != '.']
    for name in names:
      if name[0] != '.' and name.lower().endswith(SUFFIXES):
        found.append(Path(folder, name))
  return sorted(found)


def _labels(root: Path, files: list[Path]) -> tuple[list[int], int]:
  """The class of each file, and the number of classes."""
  owners = [file.relative_to(root).parts[0] for file in files]
  if any(file.parent == root for file in files):
    return [0] * len(files), 0
  classes = {name: index for index, name in enumerate(sorted(set(owners)))}
  return [classes[name] for name in owners], len(classes)


def _open(file: Path) -> tuple[bytes, tuple[int, int, int]]:
  """A file's bytes and the shape of its image."""
  try:
    data = file.read_bytes()
  except OSError as error:
    raise ValueError(f'cannot be read ({error.strerror})') from error
  return data, images.shape_of(images.open_image(data))


def _broken(file: Path, error: ValueError) -> ValueError:
  return ValueError(
    f'{file} {error}; mend or remove it, or set data.on_bad_image to skip.'
  )


def _first_shape(files: list[Path], skip: bool) -> tuple[int, int, int]:
  for file in files:
    try:
      return _open(file)[1]
    except ValueError as error:
      if not skip:
        raise _broken(file, error) from error
  raise ValueError(
    f'None of the {len(files)} images in data.path, such as {files[0]}, can '
    'be decoded; at least one must be.'
  )


def _examples(
  files: list[Path], labels: list[int], same: bool, skip: bool
) -> Iterator[Example]:
  first: tuple[Path, tuple[int, int, int]] | None = None
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
    if same and shape[:2] != first[1][:2]:
      raise _unlike(*first, file, shape)
    yield data, label
  if bad:
    _LOG.warning(
      '%d of %d images cannot be decoded and are left out, such as %s.',
      len(bad),
      len(files),
      bad[0],
    )


def _unlike(
  first: Path,
  first_shape: tuple[int, int, int],
  file: Path,
  shape: tuple[int, int, int],
) -> ValueError:
  return ValueError(
    f'{first} is {first_shape[0]} x {first_shape[1]} (height x width) and '
    f'{file} is {shape[0]} x {shape[1]}; with data.image_size 0 all images '
    'must have one size, so set it.'
  )
