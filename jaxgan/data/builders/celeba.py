"""CelebA's aligned faces, from the user's own copy of its files."""

import functools
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from jaxgan.data.builders.recipe import Example, Recipe, existing, fingerprint
from jaxgan.schema import Data

_PARTITION = 'list_eval_partition.txt'
_IMAGES = 'img_align_celeba'
_SPLITS = {'train': '0', 'validation': '1', 'test': '2'}
_NEEDS = f'the folder that holds {_PARTITION} and {_IMAGES} or {_IMAGES}.zip'


def recipe(config: Data) -> Recipe:
  """The splits `train`, `validation` and `test` of [218, 178, 3] faces.

  The 40 attributes are not read, so there are no labels.

  Args:
    config: path is the folder of list_eval_partition.txt and of
      img_align_celeba, itself a folder of JPEG files or the .zip of one.

  Raises:
    FileNotFoundError: something is missing.
    ValueError: the partition file or the archive is damaged.
  """
  root = existing(config, _NEEDS)
  partition = root / _PARTITION
  if not partition.is_file():
    raise FileNotFoundError(
      f'data.path is {str(root)!r} and holds no {_PARTITION}; it must be '
      f'{_NEEDS}.'
    )
  images = _find_images(root)
  members = _read_partition(partition)
  splits = {
    split: functools.partial(_examples, images, members[number])
    for split, number in _SPLITS.items()
    if members[number]
  }
  files = sorted(images.iterdir()) if images.is_dir() else [images]
  version = fingerprint(root, [partition, *files])
  return Recipe('celeb_a', (218, 178, 3), 0, splits, version)


def _find_images(root: Path) -> Path:
  """The folder of JPEG files, which some copies hold twice nested, or zip."""
  folder, archive = root / _IMAGES, root / f'{_IMAGES}.zip'
  if (folder / _IMAGES).is_dir():
    return folder / _IMAGES
  if folder.is_dir():
    return folder
  if archive.is_file():
    return archive
  raise FileNotFoundError(
    f'data.path is {str(root)!r} and holds neither {_IMAGES} nor '
    f'{_IMAGES}.zip; it must be {_NEEDS}.'
  )


def _read_partition(file: Path) -> dict[str, list[str]]:
  """File names by the number of their split."""
  members: dict[str, list[str]] = {number: [] for number in _SPLITS.values()}
  for number, line in enumerate(file.read_text().splitlines(), 1):
    if not line.strip():
      continue
    name, _, split = line.strip().rpartition(' ')
    if split not in members or not name:
      raise ValueError(
        f'Line {number} of {file} is {line!r}; each line is a file name and '
        '0, 1 or 2.'
      )
    members[split].append(name.strip())
  if not any(members.values()):
    raise ValueError(f'{file} is empty; each line is a file name and a split.')
  return members


def _examples(images: Path, names: list[str]) -> Iterator[Example]:
  if images.is_dir():
    for name in names:
      if not (images / name).is_file():
        raise _missing(images, name)
      yield (images / name).read_bytes(), 0
    return
  try:
    with zipfile.ZipFile(images) as archive:
      yield from _zipped(images, archive, names)
  except (zipfile.BadZipFile, zlib.error) as error:
    raise ValueError(
      f'{images} is not a whole zip archive; fetch it again.'
    ) from error


def _zipped(
  images: Path, archive: zipfile.ZipFile, names: list[str]
) -> Iterator[Example]:
  for name in names:
    try:
      yield archive.read(f'{_IMAGES}/{name}'), 0
    except KeyError as error:
      raise _missing(images, name) from error


def _missing(images: Path, name: str) -> FileNotFoundError:
  return FileNotFoundError(
    f'{images} holds no {name}, which {_PARTITION} lists; the two must be of '
    'one copy.'
  )
