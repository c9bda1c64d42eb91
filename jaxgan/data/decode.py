"""The records of a tfds builder, decoded into arrays once."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from tqdm import tqdm

from jaxgan.config import Data
from jaxgan.data import attributes, cache, images

_CHUNK = 500  # Records read together cost a third of records read one by one.
_QUIET = 5_000  # Up to so many are decoded without a progress bar.

# Gives the records of some keys, as a tfds data source does.
Records = Callable[[list[int]], Sequence[Mapping[str, Any]]]


class Spec(NamedTuple):
  """What examples will look like.

  Attributes:
    shape: (H, W, C), None where only the images can tell, or (D,).
    num_classes: 0 for none.
  """

  shape: cache.Shape
  num_classes: int


def describe(builder: tfds.core.DatasetBuilder, config: Data) -> Spec:
  """What a builder's examples will look like, from its features.

  Args:
    builder: any tfds builder, prepared or not.
    config: reads name, image_size, image_width, channels and attributes.

  Raises:
    ValueError: there is no uint8 image, a size is asked of vectors, or an
      attribute that the examples do not have.
  """
  features = dict(builder.info.features.items())
  image = features.get('image')
  kinds = tfds.features.Image | tfds.features.Tensor
  if not isinstance(image, kinds) or len(image.shape) not in (1, 3):
    raise ValueError(
      f'{config.name} has no feature image of one image each; its features '
      f'are {", ".join(sorted(features))}.'
    )
  is_vector = len(image.shape) == 1
  dtype = np.dtype(image.np_dtype)
  if dtype != cache.dtype_of(image.shape):
    raise ValueError(
      f'{config.name} holds {dtype} and only uint8 images can be read.'
    )
  if is_vector and (config.image_size or config.channels):
    raise ValueError(
      f'data.image_size is {config.image_size} and data.channels is '
      f'{config.channels}; {config.name} holds vectors, so both must be 0.'
    )
  shape = image.shape if is_vector else _target(config, image.shape)
  return Spec(tuple(shape), _num_classes(features, config))


def open_split(
  builder: tfds.core.DatasetBuilder, config: Data
) -> tuple[Records, int]:
  """The records of `data.split`, their images still encoded, and how many.

  Args:
    builder: prepared.
    config: reads name and split.

  Raises:
    ValueError: there is no such split, or nothing is in it.
  """
  splits = builder.info.splits
  try:
    num = splits[config.split].num_examples
  except (ValueError, KeyError, AssertionError) as error:
    raise _no_split(config, splits) from error
  if not num:
    raise _no_split(config, splits)
  # Encoded, because what tfds decodes with depends on what is installed.
  skip = {'image': tfds.decode.SkipDecoding()}
  source = builder.as_data_source(config.split, decoders=skip)
  return source.__getitems__, len(source)


def decode(
  records: Records, num: int, spec: Spec, config: Data, folder: Path | None
) -> cache.Arrays:
  """Decodes every record, into files or into memory.

  Args:
    records: gives the records of some keys, each a dict with `image`, encoded
      or [H, W, C] uint8 or [D] float32, and `label`, or `attributes` by name,
      where there are classes.
    num: N, the number of records.
    spec: from `describe`; gaps in its shape are filled from the first record.
    config: reads name, attributes, and image_size; 0 lets no two images
      differ in size.
    folder: where the arrays are kept; None for memory.

  Returns:
    Images [N, ...] and labels [N] int32.

  Raises:
    ValueError: an image is broken, or differs in size.
  """
  shape = tuple(n for n in spec.shape if n is not None)
  if len(shape) < len(spec.shape):
    first = images.shape_of(_open(records([0])[0], 0, config))
    shape = tuple(n or m for n, m in zip(spec.shape, first, strict=True))
  fill = functools.partial(_fill, records, bool(spec.num_classes), config)
  return cache.write(folder, shape, num, fill)


def _num_classes(features: Mapping[str, Any], config: Data) -> int:
  label = features.get('label')
  if isinstance(label, tfds.features.ClassLabel):
    return int(label.num_classes or 0)
  attributes.check(config.attributes, features.get('attributes', ()))
  return attributes.num_classes(config.attributes)


def _target(config: Data, native: Sequence[int | None]) -> cache.Shape:
  height, width, channels = native
  return (
    config.image_size or height,
    config.image_width or config.image_size or width,
    config.channels or channels or None,
  )


def _no_split(config: Data, splits: Any) -> ValueError:
  return ValueError(
    f'data.split is {config.split!r}, which names no images; {config.name} has '
    f"{', '.join(splits)}, and slices of them such as 'train[:10%]'."
  )


def _fill(
  records: Records,
  labelled: bool,
  config: Data,
  out: np.ndarray,
  labels: np.ndarray,
) -> None:
  """Writes every record into out [N, ...] and labels [N]."""
  num = len(out)
  bar = tqdm(
    total=num,
    desc=f'Decoding {config.name}',
    unit=' images',
    leave=False,
    disable=num <= _QUIET,
  )
  with bar:
    for start in range(0, num, _CHUNK):
      keys = list(range(start, min(start + _CHUNK, num)))
      for key, record in zip(keys, records(keys), strict=True):
        out[key] = _pixels(record, key, config, out.shape[1:])
        labels[key] = _label(record, config) if labelled else 0
      bar.update(len(keys))


def _label(record: Mapping[str, Any], config: Data) -> int:
  if 'label' in record:
    return int(record['label'])
  return attributes.label(record['attributes'][x] for x in config.attributes)


def _pixels(
  record: Mapping[str, Any], key: int, config: Data, shape: tuple[int, ...]
) -> np.ndarray:
  if len(shape) == 1:
    return record['image']
  image = _open(record, key, config)
  if not config.image_size and (image.height, image.width) != shape[:2]:
    raise ValueError(
      f'{config.name} holds images of {shape[0]} x {shape[1]} (height x width) '
      f'and of {image.height} x {image.width}; with data.image_size 0 all must '
      'have one size, so set it.'
    )
  return images.fit(image, *shape)


def _open(record: Mapping[str, Any], key: int, config: Data) -> Any:
  image = record['image']
  if isinstance(image, np.ndarray):  # Mock data are never encoded.
    return images.from_array(image)
  try:
    return images.open_image(bytes(image))
  except ValueError as error:
    raise ValueError(f'Image {key} of {config.name} {error}.') from error
