"""MNIST and Fashion-MNIST from a user's copy of the four idx files.

The idx format: two zero bytes, 8 for uint8, the number of axes, the length of
each axis as a big-endian int32, then the values.
"""

import functools
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from jaxgan.config import Data
from jaxgan.data import untrusted
from jaxgan.data.builders import recipe as recipe_lib
from jaxgan.data.builders.recipe import Example, Recipe
from jaxgan.data.images import png

_SPLITS = {'train': 'train', 'test': 't10k'}
_SIDE = 28
EXPECTED = 'a folder of the four idx files of MNIST'


def recipe(config: Data) -> Recipe:
  """Describes (Fashion-)MNIST: splits train and test, [28, 28, 1], ten classes.

  Args:
    config: name is `mnist` or `fashion_mnist`; path is the folder with
      {train,t10k}-{images-idx3,labels-idx1}-ubyte, each plain or with .gz.

  Raises:
    FileNotFoundError: the folder or one of the four files is missing.
  """
  pairs = files(config)
  splits = {
    split: functools.partial(_examples, *pair) for split, pair in pairs.items()
  }
  return Recipe(config.name, (_SIDE, _SIDE, 1), 10, splits, version(config))


def files(config: Data) -> dict[str, tuple[Path, Path]]:
  """Finds the files of images and of labels of both splits.

  Raises:
    FileNotFoundError: the folder or one of the four files is missing.
  """
  root = recipe_lib.require_path(config, EXPECTED)
  return {
    split: (
      _find(root, f'{prefix}-images-idx3-ubyte'),
      _find(root, f'{prefix}-labels-idx1-ubyte'),
    )
    for split, prefix in _SPLITS.items()
  }


def version(config: Data) -> str:
  """Identifies the four files."""
  root = recipe_lib.require_path(config, EXPECTED)
  paths = [path for pair in files(config).values() for path in pair]
  return recipe_lib.fingerprint(root, paths)


def read_idx(file: Path, num_axes: int) -> np.ndarray:
  """Reads one idx file of uint8 values.

  Args:
    file: plain, or compressed if the name ends in .gz.
    num_axes: the number of axes that the array must have.

  Raises:
    ValueError: the file is damaged or is not an idx file of so many axes.
  """
  start = 4 + 4 * num_axes
  with recipe_lib.report_damage(file, 'gzip'):
    data = untrusted.read_file(file)
  magic = int.from_bytes(data[:4], 'big')
  if len(data) < start or magic != 0x0800 + num_axes:
    raise ValueError(
      f'{file} starts with the number {magic}; an idx file of {num_axes} axes '
      f'starts with {0x0800 + num_axes}.'
    )
  shape = tuple(np.frombuffer(data, '>u4', num_axes, 4).tolist())
  if len(data) - start != math.prod(shape):
    raise ValueError(
      f'{file} holds {len(data) - start} values; according to its header it '
      f'must hold {" x ".join(map(str, shape))}.'
    )
  return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _find(root: Path, name: str) -> Path:
  for file in (root / name, root / f'{name}.gz'):
    if file.is_file():
      return file
  raise FileNotFoundError(
    f'data.path is {str(root)!r} and holds neither {name} nor {name}.gz; it '
    'must hold all four idx files.'
  )


def read_pair(
  images_file: Path, labels_file: Path
) -> tuple[np.ndarray, np.ndarray]:
  """Reads the images [N, 28, 28] and the labels [N], 0 to 9, of one split.

  Raises:
    ValueError: a file is damaged, or the two do not fit.
  """
  images, labels = read_idx(images_file, 3), read_idx(labels_file, 1)
  if images.shape[1:] != (_SIDE, _SIDE):
    raise ValueError(
      f'{images_file} holds images of {images.shape[1]} x {images.shape[2]}; '
      f'they must be {_SIDE} x {_SIDE}.'
    )
  if len(images) != len(labels) or not len(images):
    raise ValueError(
      f'{images_file} holds {len(images)} images and {labels_file} '
      f'{len(labels)} labels; the numbers must be equal and at least 1.'
    )
  if labels.max() > 9:
    raise ValueError(
      f'{labels_file} holds the label {labels.max()}; labels must be 0 to 9.'
    )
  return images, labels


def _examples(images_file: Path, labels_file: Path) -> Iterator[Example]:
  pair = read_pair(images_file, labels_file)
  for image, label in zip(*pair, strict=True):
    yield png(image[..., None]), int(label)
