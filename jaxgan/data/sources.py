"""From `config.data` to one array of images: names, files, tfds, mock data.

Every data set is a tfds builder: one of ours over a package or over files at
hand (`builders/`), or one of tfds' own by its name (`official.py`). Its records
are decoded once, and the arrays kept on disk for the next time.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxgan.config import Data
from jaxgan.data.builders import celeba, cifar, digits, folder, idx, table, toys
from jaxgan.data.builders.recipe import Recipe
from jaxgan.data.columns import Columns

if TYPE_CHECKING:
  from jaxgan.data.decode import Spec

# tfds is imported inside functions, so that jaxgan imports where it is missing.

# Data sets that come with a package or are drawn: they need no files.
_PACKAGED: Mapping[str, Callable[[], Recipe]] = {
  'digits': digits.recipe,
  'gaussians8': toys.gaussians8,
  'gaussians25': toys.gaussians25,
  'swiss_roll': toys.swiss_roll,
}

# Data sets that are read from the files in `data.path`; where that is empty,
# all but `folder` and `table` are tfds' own.
_FROM_FILES: Mapping[str, Callable[[Data], Recipe]] = {
  'folder': folder.recipe,
  'table': table.recipe,
  'mnist': idx.recipe,
  'fashion_mnist': idx.recipe,
  'cifar10': cifar.recipe,
  'celeba': celeba.recipe,
  'celeb_a': celeba.recipe,
}

# Those that are nothing without files: their shape in dry runs, and the files.
_OWN: Mapping[str, tuple[tuple[int, ...], str]] = {
  'folder': ((32, 32, 3), 'a folder of images'),
  'table': ((8,), table.NEEDS),
}

_LAYOUT = 1  # To be raised when the same files come to be decoded otherwise.


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
  """Every example of one split.

  Attributes:
    images: [N, H, W, C] uint8, or [N, D] float32 vectors, those of a table
      standardised; perhaps a read-only map of a file.
    labels: [N] int32; zeros where there are none.
    num_classes: 0 where there are no labels.
    name: as in `data.name`.
    columns: how the columns of a table were standardised; None for no table.
  """

  images: np.ndarray
  labels: np.ndarray
  num_classes: int
  name: str
  columns: Columns | None = None

  @property
  def shape(self) -> tuple[int, ...]:
    """(H, W, C) of an image or (D,) of a vector."""
    return self.images.shape[1:]

  @property
  def class_counts(self) -> tuple[int, ...]:
    """How many examples of each class there are; empty without labels."""
    if not self.num_classes:
      return ()
    return tuple(np.bincount(self.labels, minlength=self.num_classes).tolist())


def load(config: Data) -> Dataset:
  """Finds, prepares if necessary, and reads a data set.

  The first call for a data set prepares and decodes it; later calls read the
  arrays that it left below `data.dir`. The order of the examples is fixed but
  arbitrary.

  Args:
    config: checked by `config.from_config_dict`.

  Returns:
    Images of the config's size, width and channels, and labels.

  Raises:
    ValueError: unknown name or split, files that are not what they should be,
      or tfds lacks TensorFlow or the network to prepare its own.
    FileNotFoundError: `data.path` or a file in it is missing.
  """
  from jaxgan.data import cache, decode
  from jaxgan.data.builders import builder as ours

  if config.mock_examples:
    return _load_mock(config)
  config = _expanded(config)
  recipe = _recipe(config)
  open_builder, prepare = _resolve(config, recipe)
  builder = open_builder()
  spec = decode.describe(builder, config)
  place = _place(builder, config, spec)
  arrays = cache.read(place, spec.shape)
  if arrays is None:
    if not ours.is_prepared(builder):
      prepare(builder)
      builder = open_builder()
    records, num = decode.open_split(builder, config)
    arrays = decode.decode(records, num, spec, config, place)
  columns = recipe.columns if recipe else None
  return Dataset(*arrays, spec.num_classes, config.name, columns)


def announced(config: Data) -> tuple[tuple[int, ...], int]:
  """What the examples of a data set will look like.

  Where its builder says so, nothing is prepared, downloaded or decoded; it is
  loaded where only the images can tell their size.

  Args:
    config: checked by `config.from_config_dict`.

  Returns:
    Their shape, and the number of classes, 0 for none.

  Raises:
    ValueError: as `load`.
    FileNotFoundError: as `load`.
  """
  from jaxgan.data import decode

  if not config.mock_examples:
    config = _expanded(config)
    open_builder, _ = _resolve(config, _recipe(config))
    spec = decode.describe(open_builder(), config)
    shape = tuple(n for n in spec.shape if n is not None)
    if len(shape) == len(spec.shape):
      return shape, spec.num_classes
  dataset = load(config)
  return dataset.shape, dataset.num_classes


def _expanded(config: Data) -> Data:
  """The same with a `data.dir` that says where home is."""
  if not config.dir:
    return config
  directory = str(Path(config.dir).expanduser())
  return dataclasses.replace(config, dir=directory)


def _load_mock(config: Data) -> Dataset:
  """Random images in the shape of a data set, from tfds' own mock."""
  import tensorflow_datasets as tfds

  from jaxgan.data import decode

  with tfds.testing.mock_data(num_examples=config.mock_examples):
    config = dataclasses.replace(config, path='')
    builder = _resolve(config, _recipe(config))[0]()
    spec = decode.describe(builder, config)
    source = builder.as_data_source(config.split)

    # The mock of a source takes no more than one key at a time.
    def records(keys: list[int]) -> list[Any]:
      return [source[key] for key in keys]

    arrays = decode.decode(records, len(source), spec, config, None)
  return Dataset(*arrays, spec.num_classes, config.name)


def _resolve(
  config: Data, recipe: Recipe | None
) -> tuple[Callable[[], Any], Callable[[Any], None]]:
  """What opens the builder that a name stands for, and what prepares it."""
  from jaxgan.data import official
  from jaxgan.data.builders import builder as ours

  if recipe:
    return functools.partial(ours.open_recipe, recipe, config.dir), ours.prepare
  names = [*_PACKAGED, *_FROM_FILES]
  return (
    functools.partial(official.open_builder, config, names),
    functools.partial(official.prepare, config=config),
  )


def _recipe(config: Data) -> Recipe | None:
  """Our own recipe for a name, or None if the data set is tfds' own."""
  if config.name in _PACKAGED:
    if config.path:
      raise ValueError(
        f'data.path is {config.path!r} and data.name is {config.name}, which '
        'needs no files; leave data.path empty, or set data.name to folder or '
        'table.'
      )
    return _PACKAGED[config.name]()
  if config.name in _FROM_FILES and config.path:
    return _FROM_FILES[config.name](config)
  if config.name not in _OWN:
    return None
  shape, needs = _OWN[config.name]
  if config.mock_examples:
    return Recipe(config.name, shape, 0, {})
  raise ValueError(
    f'data.path is empty and data.name is {config.name}; it must be {needs}.'
  )


def _place(builder: Any, config: Data, spec: 'Spec') -> Path:
  """Where the arrays of one data set, split and shape are kept."""
  # The labels of one prepared copy depend on the attributes that are asked for.
  key = (_LAYOUT, builder.info.full_name, config.split, spec)
  text = ' '.join(map(str, key + config.attributes))
  digest = hashlib.sha256(text.encode()).hexdigest()[:16]
  root = Path(builder.data_dir_root).expanduser()
  return root / 'jaxgan_arrays' / f'{config.name.replace("/", "-")}-{digest}'
