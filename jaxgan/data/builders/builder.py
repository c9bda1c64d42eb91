"""Turns a recipe of ours into a tfds builder, which needs no TensorFlow."""

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
  """The builder of every recipe; the recipe's name and version are its config.

  It is kept out of tfds' own table of names, where `mnist` is tfds' builder.
  """

  VERSION = tfds.core.Version('1.0.0')

  def __init__(self, *, recipe: Recipe, **kwargs: Any) -> None:
    self._recipe = recipe
    super().__init__(**kwargs)

  def _info(self) -> tfds.core.DatasetInfo:
    recipe = self._recipe
    features: dict[str, Any] = {}
    if len(recipe.shape) == 1:
      features['image'] = tfds.features.Tensor(
        shape=recipe.shape, dtype=np.float32
      )
    else:
      features['image'] = tfds.features.Image(shape=recipe.shape)
    if recipe.num_classes:
      features['label'] = tfds.features.ClassLabel(
        num_classes=recipe.num_classes
      )
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
      example: dict[str, Any] = {'image': image}
      if self._recipe.num_classes:
        example['label'] = label
      yield key, example


def open_recipe(recipe: Recipe, directory: str) -> Jaxgan:
  """The builder of a recipe, prepared or not.

  Args:
    recipe: what to build.
    directory: of prepared copies; empty for tfds' own place.
  """
  name = '-'.join(filter(None, (recipe.name, recipe.version)))
  with _quiet():
    return Jaxgan(
      recipe=recipe,
      data_dir=directory or None,
      config=tfds.core.BuilderConfig(name=name),
      file_format='array_record',
    )


def is_prepared(builder: tfds.core.DatasetBuilder) -> bool:
  """Whether a whole prepared copy is on disk."""
  with _quiet():
    return builder.is_prepared()


def prepare(builder: tfds.core.DatasetBuilder, **options: Any) -> None:
  """Writes the prepared copy, unless another process does so first.

  The copy is written to a folder beside its place and then renamed, so that
  two processes cannot meet in one file. Afterwards open the builder anew: this
  one's description is that of an unprepared one.

  Args:
    builder: any tfds builder.
    **options: of its download_and_prepare.
  """
  with contextlib.redirect_stdout(sys.stderr), _fresh_random():
    try:
      builder.download_and_prepare(**options)
    except OSError:
      # The rename fails where another process has renamed its own first.
      if not is_prepared(builder):
        raise


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
  """Holds back tfds' warnings of custom configs and of what is not there."""
  before = logging.get_verbosity()
  logging.set_verbosity(logging.ERROR)
  try:
    yield
  finally:
    logging.set_verbosity(before)


@contextlib.contextmanager
def _fresh_random() -> Iterator[None]:
  """Gives tfds other random names than a process of the same seed has."""
  state = random.getstate()
  random.seed()
  try:
    yield
  finally:
    random.setstate(state)
