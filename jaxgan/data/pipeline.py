"""Batches as a pure function of the seed and the step.

Each epoch is a permutation of the examples. The permutations, one after the
other, form one endless sequence. Iteration `step` reads its positions step K B
to (step + 1) K B. No iterator state has to be saved: the seed and the step
determine the batch, for any number of processes.
"""

import dataclasses
import functools
import itertools
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import jax
import numpy as np

from jaxgan.data.sources import Dataset
from jaxgan.types import Batch

_PREFETCH = 2  # Batches that a thread prepares in advance.


@dataclasses.dataclass(frozen=True, eq=False)
class Sampler:
  """Determines which examples each iteration reads.

  Attributes:
    dataset: N examples.
    seed: seed of the order and of the mirroring.
    batch_size: B over all processes, in iteration 0.
    critic_steps: K, the number of batches per iteration.
    flip: mirrors each image left to right with probability 1/2.
    process_index: p, the index of this process.
    process_count: P; process p reads rows p B / P to (p + 1) B / P.
    doubles_at: increasing iterations; B doubles at each of them.

  Raises:
    ValueError: the data set is smaller than the largest batch, B is not a
      multiple of P, or `flip` is set for vectors.
  """

  dataset: Dataset
  seed: int
  batch_size: int
  critic_steps: int = 1
  flip: bool = False
  process_index: int = 0
  process_count: int = 1
  doubles_at: tuple[int, ...] = ()

  def __post_init__(self) -> None:
    num = len(self.dataset.images)
    largest = self.size(max(self.doubles_at, default=0))
    if num < largest:
      verb = 'grows to' if self.doubles_at else 'is'
      raise ValueError(
        f'{self.dataset.name} has {num} examples and train.batch_size {verb} '
        f'{largest}; a batch must not be larger than the data set.'
      )
    if self.batch_size % self.process_count:
      raise ValueError(
        f'train.batch_size is {self.batch_size} and there are '
        f'{self.process_count} processes; it must be a multiple of that.'
      )
    if self.flip and len(self.dataset.shape) != 3:
      raise ValueError(
        f'data.flip is True and {self.dataset.name} holds vectors; only images '
        'can be mirrored.'
      )

  def size(self, step: int) -> int:
    """Returns B in iteration `step`, counted from 0."""
    return self.batch_size * 2 ** sum(step >= s for s in self.doubles_at)

  def examples_before(self, step: int) -> int:
    """Returns the number of examples read before iteration `step`."""
    edges = [0, *(s for s in self.doubles_at if s < step), step]
    sizes = ((b - a) * self.size(a) for a, b in itertools.pairwise(edges))
    return self.critic_steps * sum(sizes)


def batch_indices(sampler: Sampler, step: int) -> tuple[np.ndarray, np.ndarray]:
  """Selects the examples that this process reads in iteration `step`.

  Returns:
    Indices of the examples [K, B / P] int64, and a mask [K, B / P] bool of
    those that are mirrored. For a table with conditions, instead of the mask,
    the labels [K, B / P] int32 that the rows are drawn for.
  """
  size, num = sampler.size(step), len(sampler.dataset.images)
  share = size // sampler.process_count
  first = sampler.process_index * share
  positions = np.arange(sampler.critic_steps * size).reshape(-1, size)
  positions = positions[:, first : first + share]
  if sampler.dataset.conditions:
    return sampler.dataset.conditions.draw(sampler.seed, step, positions)
  epochs, offsets = np.divmod(positions + sampler.examples_before(step), num)
  indices = np.empty(positions.shape, np.int64)
  mirrored = np.empty(positions.shape, bool)
  in_memory = isinstance(sampler.dataset.images, np.ndarray)
  draw = _epoch if in_memory else _stream_epoch
  for epoch in np.unique(epochs):
    mask = epochs == epoch
    order, mirror = draw(sampler.seed, int(epoch), num)
    indices[mask], mirrored[mask] = order[offsets[mask]], mirror[offsets[mask]]
  return indices, mirrored & sampler.flip


def host_batch(sampler: Sampler, step: int) -> Batch:
  """Gathers this process's share of the batch of iteration `step`.

  Returns:
    Numpy arrays: image [K, B / P, H, W, C] uint8 (or [K, B / P, D] float32) and
    label [K, B / P] int32.
  """
  indices, extra = batch_indices(sampler, step)
  # Reads from a memory-mapped file or a stream too; the result is an array in
  # memory.
  image: Any = np.asarray(sampler.dataset.images[indices])
  drawn = sampler.dataset.conditions is not None
  label: Any = extra if drawn else sampler.dataset.labels[indices]
  if sampler.flip:
    image[extra] = image[extra][..., ::-1, :]
  return Batch(image, label)


def device_batches(
  sampler: Sampler, first_step: int, sharding: jax.sharding.Sharding
) -> Generator[Batch, None, None]:
  """Yields batches on the devices; a thread prepares two of them in advance.

  The iterator raises the errors of the thread. Closing it ends the thread.

  Args:
    sampler: the sampler of this process.
    first_step: the iteration of the first batch; the iterator is endless.
    sharding: sharding of [K, B, ...], such as
      NamedSharding(mesh, P(None, 'data')).

  Raises:
    ValueError: B is not a multiple of the number of devices.
  """
  shape = sampler.critic_steps, sampler.batch_size
  try:
    sharding.shard_shape(shape)
  except ValueError as error:
    raise ValueError(
      f'train.batch_size is {sampler.batch_size} and there are '
      f'{sharding.num_devices} devices; it must be a multiple of that.'
    ) from error
  return _stream(sampler, first_step, sharding)


def real_grid(dataset: Dataset, num: int, seed: int) -> np.ndarray:
  """Selects real examples for a grid: the first `num` in a shuffled order.

  Returns:
    [min(num, N), H, W, C] uint8, or [min(num, N), D] float32.
  """
  order, _ = _epoch(seed, 0, len(dataset.images))
  return np.asarray(dataset.images[order[:num]])


# Enough for two epochs of each of 64 vmapped runs.
@functools.lru_cache(maxsize=128)
def _epoch(seed: int, epoch: int, num: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns one epoch's permutation [N] and its mask of mirrored examples [N].

  Sorts raw random bits: numpy may change `permutation`, but not Philox.
  """
  bits = np.random.Philox(key=np.array([seed, epoch], np.uint64))
  order = np.argsort(bits.random_raw(num), kind='stable')
  return order, bits.random_raw(num) % 2 == 1


# Of a stream, which may have many examples (9 bytes each) and is never vmapped.
_stream_epoch = functools.lru_cache(maxsize=2)(_epoch.__wrapped__)


def _stream(
  sampler: Sampler, first_step: int, sharding: jax.sharding.Sharding
) -> Generator[Batch, None, None]:
  put = functools.partial(jax.make_array_from_process_local_data, sharding)

  def load(step: int) -> Batch:
    return jax.tree.map(put, host_batch(sampler, step))

  pool = ThreadPoolExecutor(1, 'batches')
  batches: deque[Future[Batch]] = deque()
  try:
    for step in itertools.count(first_step):
      batches.append(pool.submit(load, step))
      if len(batches) > _PREFETCH:
        yield batches.popleft().result()
  finally:
    pool.shutdown(cancel_futures=True)
