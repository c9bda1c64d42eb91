"""Loads the data set that `config.data` names as arrays of examples and labels.

Every data set is a tfds builder: one of jaxgan's own, made from a package or
from a user's files (`builders/`), or one of tfds (`official.py`). Its records
are decoded once; the arrays are cached on disk.
"""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from jaxgan.config import Data
from jaxgan.data.builders import (
  celeba,
  cifar,
  digits,
  folder,
  idx,
  mixed_table,
  pairs,
  stacked,
  table,
  toys,
)
from jaxgan.data.builders.recipe import Recipe
from jaxgan.data.columns import AnyColumns
from jaxgan.data.dataset import Dataset

if TYPE_CHECKING:
  from jaxgan.data.decode import Spec

# tfds is imported inside the functions, so that jaxgan imports without it.

# Data sets that need no files: part of a package, or generated.
_WITHOUT_FILES: Mapping[str, Callable[[], Recipe]] = {
  'digits': digits.recipe,
  'gaussians8': lambda: toys.recipe('gaussians8'),
  'gaussians25': lambda: toys.recipe('gaussians25'),
  'swiss_roll': lambda: toys.recipe('swiss_roll'),
}

# Data sets read from the files in `data.path`. If it is empty, all but
# those of _FILES_ONLY are loaded from tfds.
_FROM_FILES: Mapping[str, Callable[[Data], Recipe]] = {
  'folder': folder.recipe,
  'table': table.recipe,
  'mixed_table': mixed_table.recipe,
  'pairs': pairs.of_folders,
  'side_by_side': pairs.side_by_side,
  'unpaired': pairs.unpaired,
  'mnist': idx.recipe,
  'fashion_mnist': idx.recipe,
  'stacked_mnist': stacked.recipe,
  'cifar10': cifar.recipe,
  'celeba': celeba.recipe,
  'celeb_a': celeba.recipe,
}

# Data sets that exist only as files: the shape and the number of
# classes of mock examples, and what `data.path` must be.
_FILES_ONLY: Mapping[str, tuple[tuple[int, ...], int, str]] = {
  'folder': ((32, 32, 3), 0, 'a folder of images'),
  'table': ((8,), 0, table.EXPECTED),
  'mixed_table': ((), 0, mixed_table.EXPECTED),
  'pairs': ((64, 32, 3), 0, pairs.EXPECTED),
  'side_by_side': ((64, 32, 3), 0, pairs.EXPECTED_BESIDE),
  'unpaired': ((64, 32, 3), 0, pairs.EXPECTED),
  'stacked_mnist': ((28, 28, 3), 1000, idx.EXPECTED),
}

_CACHE_VERSION = 1  # Increase it if the same files are decoded differently.


def load(config: Data) -> Dataset:
  """Loads a data set; prepares and decodes it at the first call.

  Later calls read the arrays that are cached in `data.dir`. With
  `data.placement` stream, images are not decoded here but when they are
  indexed. The order of the examples is shuffled but always the same.

  Args:
    config: checked by `config.from_config_dict`.

  Returns:
    Images of the configured size, width and channels (or vectors), and labels.

  Raises:
    ValueError: the name or the split is unknown, files are not as expected,
      tfds cannot prepare the data set without TensorFlow or the network, or
      it cannot be streamed.
    FileNotFoundError: `data.path` or a file in it is missing.
    DiskError: the disk of `data.dir` is full or read-only.
  """
  from jaxgan.data import cache, decode
  from jaxgan.data.builders import builder as builder_lib

  if config.mock_examples:
    return _load_mock(config)
  config = _expand_home(config)
  recipe = _recipe(config)
  builder = _open_builder(config, recipe)
  if recipe and recipe.fitted:
    config = dataclasses.replace(config, image_size=0, image_width=0)
  spec = decode.describe(builder, config)
  cached = _cache_folder(builder, config, spec)
  if config.placement == 'stream':
    return _open_stream(builder, config, recipe, spec, cached)
  arrays = cache.read(cached, spec.shape)
  if arrays is None:
    with builder_lib.lock(builder) as waited:
      if waited:  # Another process has finished.
        arrays = cache.read(cached, spec.shape)
      if arrays is None:
        builder = _prepare(_open_builder(config, recipe), config, recipe)
        records, num = decode.open_split(builder, config)
        arrays = decode.decode(records, num, spec, config, cached)
  columns = recipe.columns if recipe else None
  return Dataset(*arrays, spec.num_classes, config.name, columns)


class Facts(NamedTuple):
  """Shape of an example, number of classes (0 for none), columns of a table."""

  shape: tuple[int, ...]
  num_classes: int
  columns: AnyColumns | None = None


def facts(config: Data) -> Facts:
  """Returns what is known of a data set without its examples.

  Nothing is downloaded or decoded if the builder knows the shape. Otherwise
  the data set is loaded. Raises the errors of `load`.
  """
  from jaxgan.data import decode

  if not config.mock_examples:
    config = _expand_home(config)
    recipe = _recipe(config)
    builder = _open_builder(config, recipe)
    if recipe and recipe.fitted:
      config = dataclasses.replace(config, image_size=0, image_width=0)
    spec = decode.describe(builder, config)
    shape = tuple(n for n in spec.shape if n is not None)
    if len(shape) == len(spec.shape):
      columns = recipe.columns if recipe else None
      return Facts(shape, spec.num_classes, columns)
  dataset = load(config)
  return Facts(dataset.shape, dataset.num_classes, dataset.columns)


def _open_stream(
  builder: Any, config: Data, recipe: Recipe | None, spec: 'Spec', cached: Path
) -> Dataset:
  """Opens a data set whose images stay on disk; caches only its labels."""
  from jaxgan.data import decode, stream
  from jaxgan.data.builders import builder as builder_lib

  stream.check(spec, config)
  with builder_lib.lock(builder):  # One process prepares, the others wait.
    builder = _prepare(_open_builder(config, recipe), config, recipe)
    records, num = decode.open_split(builder, config)
    labels = np.zeros(num, np.int32)
    if spec.num_classes:
      file = cached / 'stream_labels.npz'
      labels = stream.read_labels(records, num, config, file)
  shape = tuple(n for n in spec.shape if n is not None)
  images: Any = stream.Stream(records, num, shape, config)
  return Dataset(images, labels, spec.num_classes, config.name)


def _expand_home(config: Data) -> Data:
  """Replaces ~ in `data.dir` by the home directory."""
  directory = config.dir and str(Path(config.dir).expanduser())
  return dataclasses.replace(config, dir=directory)


def _load_mock(config: Data) -> Dataset:
  """Generates random examples in the shape of a data set."""
  if config.name == 'mixed_table':
    rows, columns = mixed_table.mock(config)
    arrays = rows, np.zeros(len(rows), np.int32)
    return Dataset(*arrays, len(columns.labels), config.name, columns)
  import tensorflow_datasets as tfds

  from jaxgan.data import decode

  with tfds.testing.mock_data(num_examples=config.mock_examples):
    config = dataclasses.replace(config, path='')
    builder = _open_builder(config, _recipe(config))
    spec = decode.describe(builder, config)
    source = builder.as_data_source(config.split)

    # The mocked source has no method that reads several keys.
    arrays = decode.decode(
      lambda keys: [source[key] for key in keys],
      len(source),
      spec,
      config,
      folder=None,
    )
  return Dataset(*arrays, spec.num_classes, config.name)


def _open_builder(config: Data, recipe: Recipe | None) -> Any:
  """Opens the builder of a recipe; that of tfds if there is no recipe."""
  from jaxgan.data import official
  from jaxgan.data.builders import builder as builder_lib

  if recipe:
    return builder_lib.open_recipe(recipe, config.dir)
  return official.open_builder(config, [*_WITHOUT_FILES, *_FROM_FILES])


def _prepare(builder: Any, config: Data, recipe: Recipe | None) -> Any:
  """Writes the records of a data set if they are missing; opens it anew."""
  from jaxgan.data import official
  from jaxgan.data.builders import builder as builder_lib

  if builder_lib.is_prepared(builder):
    return builder
  if recipe:
    builder_lib.prepare(builder)
  else:
    official.prepare(builder, config)
  return _open_builder(config, recipe)


def _recipe(config: Data) -> Recipe | None:
  """Returns jaxgan's own recipe; None if the data set is loaded from tfds."""
  if config.name in _WITHOUT_FILES:
    if config.path:
      raise ValueError(
        f'data.path is {config.path!r} and data.name is {config.name}, which '
        'needs no files; data.path must be empty, or data.name folder or table.'
      )
    return _WITHOUT_FILES[config.name]()
  if config.name in _FROM_FILES and config.path:
    return _FROM_FILES[config.name](config)
  if config.name not in _FILES_ONLY:
    return None
  shape, num_classes, expected = _FILES_ONLY[config.name]
  if config.mock_examples:
    return Recipe(config.name, shape, num_classes, {})
  raise ValueError(
    f'data.path is empty and data.name is {config.name}; data.path must be '
    f'{expected}.'
  )


def _cache_folder(builder: Any, config: Data, spec: 'Spec') -> Path:
  """Returns the cache folder of the arrays of a data set, split and shape."""
  # The attributes are added: tfds prepares CelebA once for all of them.
  key = (_CACHE_VERSION, builder.info.full_name, config.split, spec)
  text = ' '.join(map(str, key + config.attributes))
  digest = hashlib.sha256(text.encode()).hexdigest()[:16]
  root = Path(builder.data_dir_root).expanduser()
  return root / 'jaxgan_arrays' / f'{config.name.replace("/", "-")}-{digest}'
