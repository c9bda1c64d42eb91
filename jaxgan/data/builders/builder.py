"""Turns a `Recipe` into a tfds builder; TensorFlow is not needed."""

import contextlib
import io
import logging
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import tensorflow_datasets as tfds
from absl import logging as absl_logging
from tensorflow_datasets.core.utils import tqdm_utils

from jaxgan.data.builders.recipe import Example, Recipe
from jaxgan.progress import Progress
from jaxgan.storage import atomic

_LOG = logging.getLogger(__name__)


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
      split: self._generate_examples(examples(), split)
      for split, examples in self._recipe.splits.items()
    }

  def _generate_examples(
    self, examples: Iterator[Example], split: str
  ) -> Iterator[tuple[int, dict[str, Any]]]:
    title = f'Preparing {self._recipe.name}'
    total = self._recipe.totals.get(split)
    with Progress(total, 'example', title=title, leave=False) as bar:
      for key, (image, label) in enumerate(examples):
        labels = {'label': label} if self._recipe.num_classes else {}
        yield key, {'image': image, **labels}
        bar.update()


def open_recipe(recipe: Recipe, directory: str) -> Jaxgan:
  """Opens the builder of a recipe, whether or not it is prepared.

  Args:
    recipe: the data set.
    directory: folder of all prepared copies; empty for the default of tfds.

  Raises:
    ValueError: the prepared copy is damaged.
  """
  name = '-'.join(filter(None, (recipe.name, recipe.version)))
  root = directory or tfds.core.constants.DATA_DIR
  with _no_warnings(), report_damage(f'{root}/jaxgan/{name}'):
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

  tfds writes to a temporary folder and renames it. Call it inside `lock`. Open
  a new builder afterwards: `builder` still describes an unprepared data set.

  Args:
    builder: any tfds builder.
    **options: arguments of `download_and_prepare`.

  Raises:
    DiskError: the disk is full or read-only.
  """
  with (
    atomic.naming(Path(builder.data_dir_root)),
    _own_message(builder)
    if isinstance(builder, Jaxgan)
    else contextlib.redirect_stdout(sys.stderr),
    _fresh_random(),
  ):
    try:
      builder.download_and_prepare(**options)
    except OSError:
      # The rename fails if another program has finished first.
      if not is_prepared(builder):
        raise


@contextlib.contextmanager
def report_damage(folder: str) -> Iterator[None]:
  """Turns an error of reading a prepared copy into a ValueError that names it.

  Records carry checksums, so a flipped bit in one is an error of its reader.
  """
  try:
    yield
  except Exception as error:  # Readers raise many types.
    if not Path(folder).exists():
      raise
    reason = str(error).partition('\n')[0].partition(';')[0].rstrip('.')[:200]
    raise ValueError(
      f'{folder} is damaged ({reason}); remove this folder, and the data are '
      'prepared again.'
    ) from error


@contextlib.contextmanager
def lock(builder: tfds.core.DatasetBuilder) -> Iterator[bool]:
  """Lets one process at a time prepare and decode a data set; others wait.

  Deletes what processes that were killed have left. Yields whether it waited.
  """
  waited = False
  folder = Path(builder.data_dir).parent
  with contextlib.ExitStack() as stack:
    # A folder that cannot be written needs no lock.
    with contextlib.suppress(OSError, NotImplementedError):
      folder.mkdir(parents=True, exist_ok=True)
      file = filelock.FileLock(folder / '.lock')
      try:
        stack.enter_context(file.acquire(0))
      except filelock.Timeout:
        _LOG.info('Waiting for another process, which prepares %s.', folder)
        stack.enter_context(file.acquire())
        waited = True
      if isinstance(builder, Jaxgan):
        # Of processes that were killed. In the folders of tfds' own data sets,
        # another program may be preparing.
        for leftover in folder.glob('incomplete.*'):
          shutil.rmtree(leftover)
    yield waited


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
  """Hides tfds' warnings about custom configs and unprepared data sets."""
  before = absl_logging.get_verbosity()
  absl_logging.set_verbosity(absl_logging.ERROR)
  try:
    yield
  finally:
    absl_logging.set_verbosity(before)


@contextlib.contextmanager
def _own_message(builder: Jaxgan) -> Iterator[None]:
  """Logs one line instead of tfds' messages and progress bars."""
  _LOG.info('Preparing %s in %s.', builder._recipe.name, builder.data_dir)
  active = tqdm_utils._active  # There is no public function that reads it.
  tfds.disable_progress_bar()
  try:
    with _no_warnings(), contextlib.redirect_stdout(io.StringIO()):
      yield
  finally:
    tqdm_utils.display_progress_bar(active)


@contextlib.contextmanager
def _fresh_random() -> Iterator[None]:
  """Seeds `random` anew, so that each process has its own temporary names."""
  state = random.getstate()
  random.seed()
  try:
    yield
  finally:
    random.setstate(state)
