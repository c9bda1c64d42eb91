"""The real data of an evaluation, and what of it was trained on."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from jaxgan import examples as examples_lib
from jaxgan.data import sources
from jaxgan.data.builders import toys
from jaxgan.data.builders.toys import Mixture
from jaxgan.data.sources import Dataset
from jaxgan.schema import Config, Data

Load = Callable[[Data], np.ndarray]


class Reference(NamedTuple):
  """The real data of an evaluation.

  Attributes:
    name: of the data set, or of a file.
    split: as tfds writes splits; empty for files.
    examples: [N, H, W, C] uint8 or [N, D] float32.
    others: real examples that are not among them, for the floor; or None.
    train: what the generator was trained on; None where unknown.
    heldout: `examples` or `others`, whichever was not trained on; None where
      neither is known to be.
    mixture: the Gaussians that the data are drawn from, or None.
  """

  name: str
  split: str
  examples: np.ndarray
  others: np.ndarray | None
  train: np.ndarray | None = None
  heldout: np.ndarray | None = None
  mixture: Mixture | None = None


def of_run(config: Config, dataset: Dataset) -> Reference:
  """The real data that a run's `eval` names; its own where it names none.

  Args:
    config: the run.
    dataset: what it trains on.

  Raises:
    ValueError: a split that does not exist.
  """

  def load(data: Data) -> np.ndarray:
    return dataset.images if data == config.data else _load(data)

  split = config.eval.split or config.data.split
  data = dataclasses.replace(config.data, split=split)
  return _of(data, config.eval.floor_split, config.data, load)


def of_data(
  data: Data, *, floor_split: str = '', train: Data | None = None
) -> Reference:
  """Real data by the name of a data set.

  Args:
    data: what is compared with.
    floor_split: other real data of the same name; empty for none.
    train: what the generator was trained on; None where unknown.

  Raises:
    ValueError: a name or a split that does not exist.
  """
  return _of(data, floor_split, train, functools.cache(_load))


def of_file(
  path: pathlib.Path, train: np.ndarray | None = None, *, seen: bool = False
) -> Reference:
  """Real data as a folder of images or a .npz.

  Args:
    path: of what is compared with.
    train: what the generator was trained on; None where unknown.
    seen: whether `path` holds the very examples that were trained on.

  Raises:
    ValueError: no such examples there.
  """
  real = examples_lib.load(path, '--reference')
  heldout = None if train is None or seen else real
  return Reference(path.name, '', real, None, train, heldout)


def _of(
  data: Data, floor_split: str, train: Data | None, load: Load
) -> Reference:
  real, others = load(data), None
  if floor_split:
    others = load(dataclasses.replace(data, split=floor_split))
  seen = None if train is None else load(train)
  heldout = None
  if train is not None:
    heldout = others if data == train else real
  known = data.name in toys.MIXTURES
  mixture = toys.mixture(data.name) if known else None
  return Reference(data.name, data.split, real, others, seen, heldout, mixture)


def _load(data: Data) -> np.ndarray:
  return sources.load(data).images
