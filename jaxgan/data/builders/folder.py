"""Images in a user's folder; subfolders are classes."""

import contextlib
import functools
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from jaxgan.config import Data
from jaxgan.data import images, threads, untrusted
from jaxgan.data.builders import recipe as recipe_lib
from jaxgan.data.builders.recipe import Example, Recipe

_LOG = logging.getLogger(__name__)

_Shape = tuple[int, int, int]
_Read = tuple[bytes, _Shape] | OSError | ValueError  # A file, or its error.


def recipe(config: Data) -> Recipe:
  """Describes the images in a folder and its subfolders: one split, `train`.

  If all images lie in subfolders, the top-level subfolders, in sorted order,
  are the classes. If an image lies directly in the folder, there are no
  labels. Files and folders whose names start with a dot are ignored. The
  number of channels is that of the first image, in sorted order of the paths.

  Args:
    config: reads path, on_bad_image and image_size; with size 0 all images
      must have the size of the first.

  Raises:
    FileNotFoundError: the folder is missing or holds no image.
    ValueError: the path is not a folder, the first image is broken, or all are.
  """
  root = recipe_lib.require_path(config, 'a folder of images')
  if not root.is_dir():
    raise ValueError(
      f'data.path is {config.path!r}, a file; it must be a folder of images.'
    )
  files = find_images(root)
  if not files:
    raise FileNotFoundError(
      f'data.path is {config.path!r} and holds no image; file names must end '
      f'in {", ".join(images.FORMATS)}.'
    )
  one_size, skip = not config.image_size, config.on_bad_image == 'skip'
  first = next(_decodable(files, map(_read, files), skip), None)
  if first is None:
    raise ValueError(
      f'None of the {len(files)} images in data.path, such as {files[0]}, can '
      'be decoded; at least one must be valid.'
    )
  height, width, channels = first[2]
  shape = (height, width, channels) if one_size else (None, None, channels)
  labels, num_classes = _labels(root, files)
  examples = functools.partial(_examples, files, labels, one_size, skip)
  version = recipe_lib.fingerprint(root, files, one_size, skip)
  return Recipe(
    'folder', shape, num_classes, {'train': examples}, version,
    totals={'train': len(files)},
  )  # fmt: skip


def find_images(root: Path) -> list[Path]:
  """Lists every image below a folder in sorted order; follows links."""
  files = []
  walk = os.walk(root, followlinks=True)
  for count, (folder, subfolders, names) in enumerate(walk, 1):
    _check_end(root, Path(folder), count)
    subfolders[:] = [name for name in subfolders if name[0] != '.']
    for name in names:
      if name[0] != '.' and name.lower().endswith((*images.FORMATS,)):
        files.append(Path(folder, name))
  return sorted(files)


def _check_end(root: Path, folder: Path, count: int) -> None:
  """Raises if a folder is a link to one above it, or `count` is too large."""
  for above in folder.parents[: len(folder.parts) - len(root.parts)]:
    if above.samefile(folder):
      raise ValueError(
        f'{folder} is a link to {above}, which holds it; links must not form a '
        'circle.'
      )
  if count > untrusted.FOLDERS:
    raise ValueError(
      f'{root} has more than {untrusted.FOLDERS:,} folders, the limit.'
    )


def _labels(root: Path, files: list[Path]) -> tuple[list[int], int]:
  """Returns the class of each file, and the number of classes."""
  if any(file.parent == root for file in files):
    return [0] * len(files), 0
  folders = [file.relative_to(root).parts[0] for file in files]
  classes = {name: index for index, name in enumerate(sorted(set(folders)))}
  return [classes[name] for name in folders], len(classes)


def _read(file: Path) -> _Read:
  """Returns the bytes and the shape of an image, or the error of reading it."""
  try:
    data = untrusted.read_file(file)
    with images.opened(data, file.suffix) as image:
      return data, images.shape_of(image)
  except (OSError, ValueError) as error:
    return error


def _size(file: Path) -> int:
  try:
    return file.stat().st_size
  except OSError:  # Reading it reports the error.
    return 0


def _decodable(
  files: list[Path], read: Iterable[_Read], skip: bool
) -> Iterator[tuple[int, bytes, _Shape]]:
  """Yields the index, the bytes and the shape of each image that is not broken.

  Raises for a broken image, or skips all of them and logs their number.
  """
  broken = []
  for index, (file, found) in enumerate(zip(files, read, strict=True)):
    if isinstance(found, Exception):
      error = found
      if not skip:
        detail = getattr(error, 'strerror', None)
        reason = getattr(error, 'reason', error)
        reason = f'cannot be read ({detail})' if detail else reason
        raise ValueError(
          f'{file} {reason}; repair or remove it, or set data.on_bad_image to '
          'skip.'
        ) from error
      broken.append(file)
    else:
      yield index, *found
  if broken:
    _LOG.warning(
      '%d of %d images cannot be decoded and are left out, such as %s.',
      len(broken),
      len(files),
      broken[0],
    )


def _examples(
  files: list[Path], labels: list[int], one_size: bool, skip: bool
) -> Iterator[Example]:
  first: tuple[Path, _Shape] | None = None
  with contextlib.closing(threads.in_order(_read, files, _size)) as read:
    for index, data, shape in _decodable(files, read, skip):
      first = first or (files[index], shape)
      if one_size and shape[:2] != first[1][:2]:
        raise ValueError(
          f'{first[0]} is {first[1][0]} x {first[1][1]} (height x width) and '
          f'{files[index]} is {shape[0]} x {shape[1]}; with data.image_size 0 '
          'all images must have one size, so set data.image_size.'
        )
      yield data, labels[index]
