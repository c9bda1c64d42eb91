"""Batches of a data set that is stored on the devices.

Small data sets are copied to every device once. Then only the indices of the
examples are transferred, so an accelerator never waits for images. The batches
are bitwise equal to those of `pipeline.device_batches`.
"""

import itertools
from collections.abc import Callable, Generator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from jaxgan.data import pipeline
from jaxgan.data.sources import Dataset
from jaxgan.types import Array, Batch

_MAX_BYTES = 2**30  # MNIST takes 47 MB, CIFAR-10 184 MB.


def is_enabled(dataset: Dataset, placement: str, platform: str) -> bool:
  """Returns whether to store a data set on the devices.

  Args:
    dataset: N examples.
    placement: `data.placement`. `auto` means yes for up to 1 GiB on an
      accelerator, and no on CPU, where a thread of `pipeline` gathers the
      batches while the step computes.
    platform: of the devices that train: cpu, gpu or tpu.
  """
  if placement != 'auto':
    return placement == 'device'
  small = dataset.images.nbytes <= _MAX_BYTES
  return small and platform != 'cpu'


def device_batches(
  sampler: pipeline.Sampler, first_step: int, sharding: NamedSharding
) -> Generator[Batch, None, None]:
  """Yields the batches of `pipeline.device_batches`, gathered on the devices.

  Args:
    sampler: the sampler of this process.
    first_step: the iteration of the first batch; the iterator is endless.
    sharding: sharding of [K, B, ...].
  """
  gather = _gatherer(sampler.dataset, sharding)
  for step in itertools.count(first_step):
    yield gather(*pipeline.batch_indices(sampler, step))


def replica_batches(
  samplers: Sequence[pipeline.Sampler], first_step: int, sharding: NamedSharding
) -> Generator[Batch, None, None]:
  """Yields batches [R, K, B, ...] for R runs on one data set.

  Args:
    samplers: one per run; they differ only in their seeds.
    first_step: the iteration of the first batch; the iterator is endless.
    sharding: sharding of [R, K, B, ...].
  """
  gather = _gatherer(samplers[0].dataset, sharding)
  for step in itertools.count(first_step):
    batches = (pipeline.batch_indices(each, step) for each in samplers)
    yield gather(*map(np.stack, zip(*batches, strict=True)))


def _gatherer(
  dataset: Dataset, sharding: NamedSharding
) -> Callable[[np.ndarray, np.ndarray], Batch]:
  """Copies a data set to the devices; returns a function that reads batches."""
  put = jax.make_array_from_process_local_data
  replicated = NamedSharding(sharding.mesh, PartitionSpec())
  images = put(replicated, np.ascontiguousarray(dataset.images))
  labels = put(replicated, dataset.labels)
  take = jax.jit(_take, out_shardings=sharding)

  def gather(indices: np.ndarray, mirrored: np.ndarray) -> Batch:
    indices = indices.astype(np.int32)
    return take(images, labels, put(sharding, indices), put(sharding, mirrored))

  return gather


def _take(
  images: Array, labels: Array, indices: Array, mirrored: Array
) -> Batch:
  image = images[indices]
  if image.ndim - indices.ndim == 3:  # Vectors are never mirrored.
    mask = mirrored.reshape(*mirrored.shape, 1, 1, 1)
    image = jnp.where(mask, image[..., ::-1, :], image)
  if mirrored.dtype != bool:  # The labels that rows of a table are drawn for.
    return Batch(image, mirrored)
  return Batch(image, labels[indices])
