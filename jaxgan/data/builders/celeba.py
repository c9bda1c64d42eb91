"""CelebA's aligned faces, from the user's own copy of its files."""

import functools
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from jaxgan.config import Data
from jaxgan.data import attributes
from jaxgan.data.builders.recipe import Example, Recipe, existing, fingerprint

_PARTITION = 'list_eval_partition.txt'
_ATTRIBUTES = 'list_attr_celeba.txt'
_SIGNS = {'1', '-1'}
_IMAGES = 'img_align_celeba'
_SPLITS = {'train': '0', 'validation': '1', 'test': '2'}
_NEEDS = f'the folder that holds {_PARTITION} and {_IMAGES} or {_IMAGES}.zip'

# Reads the label of each face by the name of its file.
ReadLabels = Callable[[], Mapping[str, int]]


def recipe(config: Data) -> Recipe:
  """The splits `train`, `validation` and `test` of [218, 178, 3] faces.

  The label of a face is the number whose bits are the attributes asked for;
  where none is, there are no labels and the attributes are not read.

  Args:
    config: path is the folder of list_eval_partition.txt and of
      img_align_celeba, itself a folder of JPEG files or the .zip of one;
      attributes are names out of list_attr_celeba.txt there.

  Raises:
    FileNotFoundError: something is missing.
    ValueError: one of the text files or the archive is damaged, or an
      attribute has another name.
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
  files = sorted(images.iterdir()) if images.is_dir() else [images]
  read_labels = None
  if config.attributes:
    file = _find_attributes(root, config.attributes)
    files.append(file)
    # Kept, since each split asks for them; not yet read, since that takes a
    # second, and a prepared copy has them.
    read_labels = functools.cache(
      functools.partial(_read_labels, file, config.attributes)
    )
  splits = {
    split: functools.partial(_examples, images, members[number], read_labels)
    for split, number in _SPLITS.items()
    if members[number]
  }
  version = fingerprint(root, [partition, *files], *config.attributes)
  num_classes = attributes.num_classes(config.attributes)
  return Recipe('celeb_a', (218, 178, 3), num_classes, splits, version)


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


def _find_attributes(root: Path, asked: tuple[str, ...]) -> Path:
  """The file of the attributes, which has those that are asked for."""
  file = root / _ATTRIBUTES
  if not file.is_file():
    raise FileNotFoundError(
      f'data.attributes is {asked} and {root} holds no {_ATTRIBUTES}; put it '
      f'beside {_PARTITION}.'
    )
  attributes.check(asked, _names(file, _lines(file)))
  return file


def _lines(file: Path) -> Iterator[str]:
  # What is no text is told of by the number of its line.
  with file.open(errors='replace') as text:
    yield from text


def _names(file: Path, lines: Iterator[str]) -> list[str]:
  """Takes off the first two lines, a count and the names of the attributes."""
  count, names = next(lines, ''), next(lines, '').split()
  if not count.strip().isdecimal() or not names:
    raise ValueError(
      f'{file} starts with {count.strip()!r}; its first line must be the '
      'number of faces and its second one the names of their attributes.'
    )
  return names


def _read_labels(file: Path, asked: tuple[str, ...]) -> dict[str, int]:
  """The label of every face by the name of its file."""
  lines, labels = _lines(file), {}
  names = _names(file, lines)
  columns = [1 + names.index(name) for name in asked]
  for number, line in enumerate(lines, 3):
    cells = line.split()
    if not cells:
      continue
    if len(cells) != 1 + len(names) or not _SIGNS.issuperset(cells[1:]):
      raise ValueError(
        f'Line {number} of {file} is {line.strip()[:60]!r}; it must be a file '
        f'name and 1 or -1 for each of {len(names)} attributes.'
      )
    labels[cells[0]] = attributes.label(cells[i] == '1' for i in columns)
  return labels


def _examples(
  images: Path, names: list[str], read_labels: ReadLabels | None
) -> Iterator[Example]:
  labels = read_labels() if read_labels else dict.fromkeys(names, 0)
  for name in names:
    if name not in labels:
      raise _missing(_ATTRIBUTES, name)
  for name, data in zip(names, _read_images(images, names), strict=True):
    yield data, labels[name]


def _read_images(images: Path, names: list[str]) -> Iterator[bytes]:
  if images.is_dir():
    for name in names:
      if not (images / name).is_file():
        raise _missing(images, name)
      yield (images / name).read_bytes()
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
) -> Iterator[bytes]:
  for name in names:
    try:
      yield archive.read(f'{_IMAGES}/{name}')
    except KeyError as error:
      raise _missing(images, name) from error


def _missing(where: Path | str, name: str) -> FileNotFoundError:
  return FileNotFoundError(
    f'{where} holds no {name}, which {_PARTITION} lists; the two must be of '
    'one copy.'
  )
