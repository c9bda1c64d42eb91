"""The real data of an evaluation: reference, training and held-out examples."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxgan.config import Config, Data
from jaxgan.data import columns as columns_lib
from jaxgan.data import examples as examples_lib
from jaxgan.data import sources
from jaxgan.data.builders import toys
from jaxgan.data.builders.toys import Mixture
from jaxgan.data.columns import AnyColumns
from jaxgan.data.sources import Dataset
from jaxgan.gan import translation
from jaxgan.nets.chunks import CHUNK


class Reference(NamedTuple):
  """The real data of an evaluation.

  Attributes:
    name: of the data set or the file.
    split: in the syntax of tfds; empty for files.
    examples: [N, H, W, C] uint8 or [N, D] float32, which samples are compared
      with. If `columns` is set, all arrays here are standardized by it.
    others: other real examples, which give the floor; None for no floor.
    train: the examples that the generator was trained on; None if unknown.
    heldout: `examples` or `others`, whichever was not trained on; None if
      unknown.
    mixture: the Gaussian mixture that the data are drawn from, or None.
    columns: of the table that gives the units; None for no table.
    pairs: the images of the data that samples are translations of, in the
      order of `examples`; None for samples of latents.
  """

  name: str
  split: str
  examples: np.ndarray
  others: np.ndarray | None
  train: np.ndarray | None = None
  heldout: np.ndarray | None = None
  mixture: Mixture | None = None
  columns: AnyColumns | None = None
  pairs: np.ndarray | None = None


def of_run(config: Config, dataset: Dataset) -> Reference:
  """Loads the splits of the section `eval`; the default is the training data.

  Raises:
    ValueError: a split that does not exist.
  """

  def load(data: Data) -> Dataset:
    return dataset if data == config.data else sources.load(data)

  split = config.eval.split or config.data.split
  data = dataclasses.replace(config.data, split=split)
  reference = _load(data, config.eval.floor_split, config.data, load)
  return translated(reference, config)


def translated(reference: Reference, config: Config) -> Reference:
  """The reference of a run's samples: of a translation, the true images."""
  if config.game != 'translation':
    return reference
  sets: dict[str, Any] = {
    name: translation.truths(config.translation, images)
    for name in ('examples', 'others', 'train', 'heldout')
    if (images := getattr(reference, name)) is not None
  }
  return reference._replace(pairs=reference.examples, **sets)


def of_data(
  data: Data, *, floor_split: str = '', train: Data | None = None
) -> Reference:
  """Loads a data set by name.

  Args:
    data: the data set to compare with.
    floor_split: another split of it, for the floor; empty for none.
    train: the training data of the generator; None if unknown.

  Raises:
    ValueError: a data set or a split that does not exist.
  """
  return _load(data, floor_split, train, functools.cache(sources.load))


def of_file(
  path: pathlib.Path,
  train: np.ndarray | None = None,
  *,
  is_train: bool = False,
  columns: AnyColumns | None = None,
) -> Reference:
  """Loads a folder of images, a .npz or a table.

  Args:
    path: the real data to compare with.
    train: the training examples of the generator, standardized by `columns`;
      None if unknown.
    is_train: whether `path` itself holds the training examples.
    columns: of the table that the run was trained on; None for no table.

  Raises:
    ValueError: the path holds no such examples.
  """
  real = examples_lib.load(path, '--reference', columns)
  heldout = None if train is None or is_train else real
  return Reference(path.name, '', real, None, train, heldout, columns=columns)


def noise(examples: np.ndarray, num: int, seed: int) -> Iterator[np.ndarray]:
  """Yields uniform noise over the range of examples, in chunks.

  The chunks are together what one draw of all would be.

  Args:
    examples: [N, H, W, C] uint8 or [N, D] float32.
    num: of the noise.
    seed: of the noise.
  """
  rng = np.random.default_rng(seed)
  is_image = examples.dtype == np.uint8
  low, high = (0, 0) if is_image else (examples.min(0), examples.max(0))
  for start in range(0, num, CHUNK):
    shape = (min(CHUNK, num - start), *examples.shape[1:])
    if is_image:
      yield rng.integers(0, 256, shape, np.uint8)
    else:
      yield rng.uniform(low, high, shape).astype(np.float32)


def check_alike(name: str, examples: np.ndarray, reference: np.ndarray) -> None:
  """Raises a ValueError if examples [n, ...] differ from a reference in kind.

  Args:
    name: of the examples, such as `samples`.
    examples: of any number.
    reference: the examples that they are compared with.
  """
  one, other = (
    f'{x.dtype} of shape {list(x.shape[1:])}' for x in (examples, reference)
  )
  if one != other:
    raise ValueError(
      f'The {name} are {one} and the reference is {other}; both must be alike: '
      'uint8 images in [0, 255] or float32 vectors, of one shape.'
    )


def _load(
  data: Data,
  floor_split: str,
  train: Data | None,
  load: Callable[[Data], Dataset],
) -> Reference:
  dataset, others, trained, heldout = load(data), None, None, None
  real, columns = dataset.in_memory, dataset.columns
  if floor_split:
    others = load(dataclasses.replace(data, split=floor_split)).in_memory
  if train is not None:
    source = load(train)
    trained = columns_lib.convert(source.in_memory, source.columns, columns)
    heldout = others if data == train else real
  mixture = toys.mixture(data.name) if data.name in toys.MIXTURES else None
  return Reference(
    data.name, data.split, real, others, trained, heldout, mixture, columns
  )
