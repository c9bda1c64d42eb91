"""Decodes the records of a tfds builder into arrays."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds

from jaxgan.config import Data
from jaxgan.data import attributes, cache, images, threads
from jaxgan.data.builders import builder as builder_lib
from jaxgan.progress import Progress

CHUNK = 200  # Records read at once, and decoded by one thread.
_CHUNK_BYTES = 16 * 2**20  # Of their images; fewer records if these are large.
_QUIET = 5_000  # A progress bar is shown for more records than this.

# Returns the records of the given keys, as `__getitems__` of a tfds source.
Records = Callable[[list[int]], Sequence[Mapping[str, Any]]]
_Some = tuple[range, Sequence[Mapping[str, Any]]]  # Keys and their records.


class Spec(NamedTuple):
  """Shape and number of classes of a data set's examples.

  Attributes:
    shape: (H, W, C), with None for a length known only after decoding; or (D,).
    num_classes: 0 if there are no labels.
  """

  shape: cache.Shape
  num_classes: int


def describe(builder: tfds.core.DatasetBuilder, config: Data) -> Spec:
  """Derives shape and number of classes from a builder's features.

  Args:
    builder: any tfds builder, prepared (written to disk) or not.
    config: reads name, image_size, image_width, channels and attributes.

  Raises:
    ValueError: the data set has no uint8 image, a size is set for vectors, or
      an attribute is unknown.
  """
  features = dict(builder.info.features.items())
  image = features.get('image')
  kinds = tfds.features.Image | tfds.features.Tensor
  if not isinstance(image, kinds) or len(image.shape) not in (1, 3):
    raise ValueError(
      f'{config.name} has the features {", ".join(sorted(features))}; the '
      'feature image must exist and hold one image per example.'
    )
  dtype = np.dtype(image.np_dtype)
  if dtype != cache.dtype_of(image.shape):
    raise ValueError(
      f'{config.name} holds {dtype}; images must be uint8 and vectors float32.'
    )
  num_classes = _num_classes(features, config)
  if len(image.shape) == 3:
    height, width, channels = image.shape
    height = config.image_size or height
    width = config.image_width or config.image_size or width
    return Spec((height, width, config.channels or channels), num_classes)
  if config.image_size or config.channels:
    raise ValueError(
      f'data.image_size is {config.image_size} and data.channels is '
      f'{config.channels}; {config.name} holds vectors, so both must be 0.'
    )
  return Spec(tuple(image.shape), num_classes)


def open_split(
  builder: tfds.core.DatasetBuilder, config: Data
) -> tuple[Records, int]:
  """Returns a reader of the records of `data.split`, and their number N.

  Args:
    builder: prepared.
    config: reads name and split.

  Raises:
    ValueError: the split does not exist or is empty. The reader raises one if
      the records are damaged.
  """
  splits = builder.info.splits
  try:
    num = splits[config.split].num_examples
  except (ValueError, KeyError, AssertionError):
    num = 0
  if not num:
    raise ValueError(
      f'data.split is {config.split!r}, which selects no examples; it must be '
      f'a split of {config.name} ({", ".join(splits)}) or a slice of one, such '
      "as 'train[:10%]'."
    )
  # Images stay encoded: tfds decodes with any library that is installed.
  skip = {'image': tfds.decode.SkipDecoding()}
  with builder_lib.report_damage(builder.data_dir):
    source = builder.as_data_source(config.split, decoders=skip)

  def read(keys: list[int]) -> Sequence[Mapping[str, Any]]:
    with builder_lib.report_damage(builder.data_dir):
      if len(keys) == 1:  # `__getitems__` starts threads at each call.
        return [source[keys[0]]]
      return source.__getitems__(keys)

  return read, len(source)


def decode(
  records: Records, num: int, spec: Spec, config: Data, folder: Path | None
) -> cache.Arrays:
  """Decodes every record into arrays, in memory or in cache files.

  Args:
    records: from `open_split`. A record has `image`: an encoded image,
      [H, W, C] uint8, or [D] float32; and, if there are classes, `label` or
      `attributes` by name.
    num: N, the number of records.
    spec: from `describe`; None in its shape is filled from the first record.
    config: reads name, attributes and image_size; with size 0 all images must
      have one size.
    folder: where the arrays are cached; None keeps them in memory.

  Returns:
    Images [N, ...] and labels [N] int32.

  Raises:
    ValueError: an image cannot be decoded, or differs in size.
  """
  shape = tuple(n for n in spec.shape if n is not None)
  if len(shape) < len(spec.shape):
    with _open(records([0])[0], 0, config) as image:
      first = images.shape_of(image)
    shape = tuple(n or m for n, m in zip(spec.shape, first, strict=True))
  has_labels = bool(spec.num_classes)
  chunks = _chunks(records, num, shape, has_labels, config)
  return cache.write(folder, shape, num, chunks)


def _num_classes(features: Mapping[str, Any], config: Data) -> int:
  label = features.get('label')
  if isinstance(label, tfds.features.ClassLabel):
    return int(label.num_classes or 0)
  attributes.check_names(config.attributes, features.get('attributes', ()))
  return attributes.num_classes(config.attributes)


def _chunks(
  records: Records,
  num: int,
  shape: tuple[int, ...],
  has_labels: bool,
  config: Data,
) -> Iterator[cache.Arrays]:
  """Yields images [n, ...] and labels [n] of all records, in their order.

  This thread reads the records, and threads decode them.
  """
  dtype = np.dtype(cache.dtype_of(shape))
  each = math.prod(shape) * dtype.itemsize
  step = min(CHUNK, max(1, _CHUNK_BYTES // each))

  def decode_some(keys_and_records: _Some) -> cache.Arrays:
    keys, some = keys_and_records
    out = np.empty((len(keys), *shape), dtype)
    labels = np.zeros(len(keys), np.int32)
    for row, (key, record) in enumerate(zip(keys, some, strict=True)):
      out[row] = pixels(record, key, config, shape)
      if has_labels:
        labels[row] = label(record, config)
    return out, labels

  all_keys = (range(i, min(i + step, num)) for i in range(0, num, step))
  read = ((keys, records(list(keys))) for keys in all_keys)
  decoded = threads.in_order(decode_some, read, lambda _: step * each)
  title = f'Decoding {config.name}'
  hidden = num <= _QUIET
  with (
    Progress(num, 'image', title=title, hidden=hidden, leave=False) as bar,
    contextlib.closing(decoded),
  ):
    for out, labels in decoded:
      yield out, labels
      bar.update(len(labels))


def label(record: Mapping[str, Any], config: Data) -> int:
  """Returns the class of a record that has `label` or `attributes`."""
  if 'label' in record:
    return int(record['label'])
  signs = record['attributes']
  return attributes.label(signs[name] for name in config.attributes)


def pixels(
  record: Mapping[str, Any], key: int, config: Data, shape: tuple[int, ...]
) -> np.ndarray:
  """Decodes the image of a record, or returns its vector.

  Args:
    record: as in `decode`.
    key: its number, for error messages.
    config: reads name and image_size.
    shape: (H, W, C) or (D,) of the result.

  Raises:
    ValueError: the image cannot be decoded, or differs in size.
  """
  if len(shape) == 1:
    return record['image']
  with _open(record, key, config) as image:
    if not config.image_size and (image.height, image.width) != shape[:2]:
      raise ValueError(
        f'{config.name} holds images of {shape[0]} x {shape[1]} (height x '
        f'width) and of {image.height} x {image.width}; with data.image_size 0 '
        'all images must have one size, so set data.image_size.'
      )
    return images.fit(image, *shape)


@contextlib.contextmanager
def _open(record: Mapping[str, Any], key: int, config: Data) -> Iterator[Any]:
  image = record['image']
  with contextlib.ExitStack() as stack:
    if isinstance(image, np.ndarray):  # Mock data are not encoded.
      opened = images.from_array(image)
    else:
      try:
        opened = stack.enter_context(images.opened(bytes(image)))
      except ValueError as error:
        raise ValueError(f'Image {key} of {config.name} {error}.') from error
    yield opened
