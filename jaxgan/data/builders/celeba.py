"""CelebA's aligned faces, from a user's copy of its files."""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from jaxgan.config import Data
from jaxgan.data import attributes, untrusted
from jaxgan.data.builders import recipe as recipe_lib
from jaxgan.data.builders.recipe import Example, Recipe
from jaxgan.data.images import check_format

_PARTITION = 'list_eval_partition.txt'
_ATTRIBUTES = 'list_attr_celeba.txt'
_IMAGES = 'img_align_celeba'
_SPLITS = {'train': '0', 'validation': '1', 'test': '2'}
_EXPECTED = f'the folder that holds {_PARTITION} and {_IMAGES} or {_IMAGES}.zip'

# Returns the labels of all faces, by file name.
ReadLabels = Callable[[], Mapping[str, int]]


def recipe(config: Data) -> Recipe:
  """Describes CelebA: splits train, validation and test, [218, 178, 3] faces.

  The label of a face encodes `data.attributes` as `attributes.label` does.
  Without attributes there are no labels.

  Args:
    config: path is the folder of list_eval_partition.txt and of
      img_align_celeba, which is a folder of JPEG files or a .zip of one;
      attributes are names in list_attr_celeba.txt of the same folder.

  Raises:
    FileNotFoundError: a file is missing.
    ValueError: a text file or the archive is damaged, or an attribute is
      unknown.
  """
  root = recipe_lib.require_path(config, _EXPECTED)
  partition = root / _PARTITION
  if not partition.is_file():
    raise FileNotFoundError(
      f'data.path is {str(root)!r} and holds no {_PARTITION}; it must be '
      f'{_EXPECTED}.'
    )
  images = _find_images(root)
  names = _read_partition(partition)
  files = sorted(images.iterdir()) if images.is_dir() else [images]
  files.insert(0, partition)
  read_labels = None
  if config.attributes:
    file = _find_attributes(root, config.attributes)
    files.append(file)
    # Reading takes a second. It is delayed, because a prepared copy has the
    # labels, and cached, because each split needs them.
    read = functools.partial(_read_labels, file, config.attributes)
    read_labels = functools.cache(read)
  splits = {
    split: functools.partial(_examples, images, names[number], read_labels)
    for split, number in _SPLITS.items()
    if names[number]
  }
  version = recipe_lib.fingerprint(root, files, *config.attributes)
  num_classes = attributes.num_classes(config.attributes)
  return Recipe(
    'celeb_a', (218, 178, 3), num_classes, splits, version,
    totals={split: len(names[number]) for split, number in _SPLITS.items()},
  )  # fmt: skip


def _find_images(root: Path) -> Path:
  """Returns the .zip or the folder of JPEG files, in some copies nested."""
  for name in (f'{_IMAGES}/{_IMAGES}', _IMAGES, f'{_IMAGES}.zip'):
    if (root / name).exists():
      return root / name
  raise FileNotFoundError(
    f'data.path is {str(root)!r} and holds neither {_IMAGES} nor '
    f'{_IMAGES}.zip; it must be {_EXPECTED}.'
  )


def _read_partition(file: Path) -> dict[str, list[str]]:
  """Reads the file names of each split; the keys are '0', '1' and '2'."""
  names: dict[str, list[str]] = {number: [] for number in _SPLITS.values()}
  for number, line in enumerate(_lines(file), 1):
    if not line.strip():
      continue
    name, _, split = line.strip().rpartition(' ')
    name = name.strip()
    # A path would lead out of the folder of the images.
    if split not in names or not name or name in '..' or {*'/\\:'} & {*name}:
      raise ValueError(
        f'Line {number} of {file} is {line.strip()[:60]!r}; each line must be '
        'a file name and 0, 1 or 2.'
      )
    names[split].append(name)
  if not any(names.values()):
    raise ValueError(
      f'{file} is empty; each line must be a file name and 0, 1 or 2.'
    )
  return names


def _find_attributes(root: Path, requested: tuple[str, ...]) -> Path:
  """Returns the attribute file; raises if it lacks a requested attribute."""
  file = root / _ATTRIBUTES
  if not file.is_file():
    raise FileNotFoundError(
      f'data.attributes is {requested} and {root} holds no {_ATTRIBUTES}; it '
      f'must be in the folder of {_PARTITION}.'
    )
  attributes.check_names(requested, _read_names(file, _lines(file)))
  return file


def _lines(file: Path) -> Iterator[str]:
  # Invalid UTF-8 is replaced, so that the checks report it with its line.
  return untrusted.lines(file, errors='replace')


def _read_names(file: Path, lines: Iterator[str]) -> list[str]:
  """Reads the first two lines: the number of faces and the attribute names."""
  count, names = next(lines, ''), next(lines, '').split()
  if not count.strip().isdecimal() or not names:
    raise ValueError(
      f'{file} starts with {count.strip()!r}; its first line must be the '
      'number of faces and its second line the names of the attributes.'
    )
  return names


def _read_labels(file: Path, requested: tuple[str, ...]) -> dict[str, int]:
  """Reads the label of every face, by file name."""
  lines, labels = _lines(file), {}
  names = _read_names(file, lines)
  columns = [1 + names.index(name) for name in requested]
  for number, line in enumerate(lines, 3):
    cells = line.split()
    if not cells:
      continue
    if len(cells) != 1 + len(names) or not {'1', '-1'}.issuperset(cells[1:]):
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
    try:
      check_format(data, Path(name).suffix)
    except ValueError as error:
      raise ValueError(f'{images / name} {error}.') from error
    yield data, labels[name]


def _read_images(images: Path, names: list[str]) -> Iterator[bytes]:
  is_folder = images.is_dir()
  zipped = contextlib.nullcontext() if is_folder else untrusted.open_zip(images)
  with recipe_lib.report_damage(images, 'zip'), zipped as archive:
    for name in names:
      try:
        if archive is None:
          yield untrusted.read_file(images / name)
        else:
          yield archive.read(f'{_IMAGES}/{name}')
      except (KeyError, FileNotFoundError) as error:
        raise _missing(images, name) from error


def _missing(source: Path | str, name: str) -> FileNotFoundError:
  return FileNotFoundError(
    f'{source} holds no {name}, which {_PARTITION} lists; both must be from '
    'the same copy of CelebA.'
  )
