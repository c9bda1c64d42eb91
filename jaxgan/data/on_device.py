"""Data sets that fit live on the devices, and batches are gathered there.

Only the numbers of the examples travel, so that an accelerator never waits for
images. The order is that of `pipeline.Sampler`: the batches are the same, bit
for bit, wherever the data set lives.
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

_MOST_BYTES = 2**30  # MNIST takes 47 MB, CIFAR-10 184 MB.


def fits(dataset: Dataset, placement: str) -> bool:
  """Whether a data set shall live on the devices.

  Args:
    dataset: N examples.
    placement: `data.placement`; `auto` answers yes for up to 1 GiB beside an
      accelerator. On the CPU the thread of `pipeline` gathers while the step
      computes, and nothing travels.
  """
  if placement != 'auto':
    return placement == 'device'
  small = dataset.images.nbytes <= _MOST_BYTES
  return small and jax.default_backend() != 'cpu'


def device_batches(
  sampler: pipeline.Sampler, first_step: int, sharding: NamedSharding
) -> Generator[Batch, None, None]:
  """`pipeline.device_batches`, gathered on the devices.

  Args:
    sampler: of this process.
    first_step: the iteration of the first batch.
    sharding: of [K, B, ...].

  Returns:
    An endless iterator over the batches of first_step, first_step + 1, ...
  """
  gather = _gatherer(sampler.dataset, sharding)
  for step in itertools.count(first_step):
    yield gather(*pipeline.chosen(sampler, step))


def replica_batches(
  samplers: Sequence[pipeline.Sampler], first_step: int, sharding: NamedSharding
) -> Generator[Batch, None, None]:
  """Batches of several runs over one data set.

  Args:
    samplers: R of them, equal but for their seeds.
    first_step: the iteration of the first batch.
    sharding: of [R, K, B, ...].

  Returns:
    An endless iterator over batches [R, K, B, ...]; at r stands what the r-th
    sampler alone would read.
  """
  gather = _gatherer(samplers[0].dataset, sharding)
  for step in itertools.count(first_step):
    parts = zip(*(pipeline.chosen(s, step) for s in samplers), strict=True)
    yield gather(*(np.stack(part) for part in parts))


def _gatherer(
  dataset: Dataset, sharding: NamedSharding
) -> Callable[[np.ndarray, np.ndarray], Batch]:
  """Puts the data set on every device; (examples, mirrored) -> Batch."""
  put = jax.make_array_from_process_local_data
  whole = NamedSharding(sharding.mesh, PartitionSpec())
  images = put(whole, np.ascontiguousarray(dataset.images))
  labels = put(whole, dataset.labels)
  take = jax.jit(_take, out_shardings=sharding)

  def gather(examples: np.ndarray, mirrored: np.ndarray) -> Batch:
    examples = examples.astype(np.int32)
    return take(
      images, labels, put(sharding, examples), put(sharding, mirrored)
    )

  return gather


def _take(
  images: Array, labels: Array, examples: Array, mirrored: Array
) -> Batch:
  image = images[examples]
  if image.ndim - examples.ndim == 3:  # Vectors have no left and right.
    flipped = mirrored.reshape(*mirrored.shape, 1, 1, 1)
    image = jnp.where(flipped, image[..., ::-1, :], image)
  return Batch(image, labels[examples])
