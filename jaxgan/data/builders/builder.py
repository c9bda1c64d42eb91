"""Turns a `Recipe` into a tfds builder; TensorFlow is not needed."""

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from jaxgan.data.builders.recipe import Example, Recipe


class Jaxgan(
  tfds.core.GeneratorBasedBuilder,
  skip_registration=True,  # type: ignore[call-arg]
):
  """The tfds builder of a recipe.

  The name and version of the recipe are the name of the builder config. The
  class is not registered with tfds, which has builders of the same names.
  """

  VERSION = tfds.core.Version('1.0.0')

  def __init__(self, *, recipe: Recipe, **kwargs: Any) -> None:
    self._recipe = recipe
    super().__init__(**kwargs)

  def _info(self) -> tfds.core.DatasetInfo:
    shape, num_classes = self._recipe.shape, self._recipe.num_classes
    features: dict[str, Any] = {
      'image': tfds.features.Tensor(shape=shape, dtype=np.float32)
      if len(shape) == 1
      else tfds.features.Image(shape=shape)
    }
    if num_classes:
      features['label'] = tfds.features.ClassLabel(num_classes=num_classes)
    return tfds.core.DatasetInfo(
      builder=self, features=tfds.features.FeaturesDict(features)
    )

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    del dl_manager  # Nothing is downloaded.
    return {
      split: self._generate_examples(examples())
      for split, examples in self._recipe.splits.items()
    }

  def _generate_examples(
    self, examples: Iterator[Example]
  ) -> Iterator[tuple[int, dict[str, Any]]]:
    for key, (image, label) in enumerate(examples):
      labels = {'label': label} if self._recipe.num_classes else {}
      yield key, {'image': image, **labels}


def open_recipe(recipe: Recipe, directory: str) -> Jaxgan:
  """Opens the builder of a recipe, whether or not it is prepared.

  Args:
    recipe: the data set.
    directory: folder of all prepared copies; empty for the default of tfds.
  """
  name = '-'.join(filter(None, (recipe.name, recipe.version)))
  with _no_warnings():
    return Jaxgan(
      recipe=recipe,
      data_dir=directory or None,
      config=tfds.core.BuilderConfig(name=name),
      file_format='array_record',
    )


def is_prepared(builder: tfds.core.DatasetBuilder) -> bool:
  """Returns whether a complete copy of the data set is on disk."""
  with _no_warnings():
    return builder.is_prepared()


def prepare(builder: tfds.core.DatasetBuilder, **options: Any) -> None:
  """Writes all examples of a data set to disk in the format of tfds.

  tfds writes to a temporary folder and renames it, so several processes may
  prepare the same data set at once. Open a new builder afterwards: `builder`
  still describes an unprepared data set.

  Args:
    builder: any tfds builder.
    **options: arguments of `download_and_prepare`.
  """
  with contextlib.redirect_stdout(sys.stderr), _fresh_random():
    try:
      builder.download_and_prepare(**options)
    except OSError:
      # The rename fails if another process has finished first.
      if not is_prepared(builder):
        raise


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
  """Hides tfds' warnings about custom configs and unprepared data sets."""
  before = logging.get_verbosity()
  logging.set_verbosity(logging.ERROR)
  try:
    yield
  finally:
    logging.set_verbosity(before)


@contextlib.contextmanager
def _fresh_random() -> Iterator[None]:
  """Seeds `random` anew, so that each process has its own temporary names."""
  state = random.getstate()
  random.seed()
  try:
    yield
  finally:
    random.setstate(state)
