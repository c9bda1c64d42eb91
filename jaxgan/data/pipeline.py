"""Batches as a pure function of the seed and the step.

Each epoch is a permutation of the examples. The permutations, one after the
other, form one endless sequence. Iteration `step` reads the positions from
step K B to (step + 1) K B of it. No iterator state has to be saved: the seed
and the step determine the batch, for any number of processes.
"""

import dataclasses
import functools
import itertools
import queue
import threading
from collections.abc import Generator
from typing import Any

import jax
import numpy as np

from jaxgan.data.sources import Dataset
from jaxgan.types import Batch

_PREFETCH = 2  # Batches that the thread prepares in advance.


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
      grown = ' in the end' if self.doubles_at else ''
      raise ValueError(
        f'{self.dataset.name} has {num} images and train.batch_size is '
        f'{largest}{grown}; a batch must not be larger than the data set.'
      )
    if self.batch_size % self.process_count:
      raise ValueError(
        f'train.batch_size is {self.batch_size} and there are '
        f'{self.process_count} processes; it must be a multiple of them.'
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
    those that are mirrored.
  """
  shape = sampler.critic_steps, sampler.size(step)
  share = shape[1] // sampler.process_count
  first = sampler.process_index * share
  positions = sampler.examples_before(step) + np.arange(shape[0] * shape[1])
  positions = positions.reshape(shape)[:, first : first + share]
  indices, mirrored = _look_up(sampler, positions)
  return indices, mirrored & sampler.flip


def host_batch(sampler: Sampler, step: int) -> Batch:
  """Gathers this process's share of the batch of iteration `step`.

  Returns:
    Numpy arrays: image [K, B / P, H, W, C] uint8 (or [K, B / P, D] float32) and
    label [K, B / P] int32.
  """
  indices, mirrored = batch_indices(sampler, step)
  # Reads from a memory-mapped file too; the result is an array in memory.
  image: Any = np.asarray(sampler.dataset.images[indices])
  label: Any = sampler.dataset.labels[indices]
  if sampler.flip:
    image[mirrored] = image[mirrored][..., ::-1, :]
  return Batch(image, label)


def device_batches(
  sampler: Sampler, first_step: int, sharding: jax.sharding.Sharding
) -> Generator[Batch, None, None]:
  """Iterates over batches on the devices, which a thread prepares in advance.

  Closing the iterator ends the thread. An error in the thread is raised by the
  iterator.

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
      f'{sharding.num_devices} devices; it must be a multiple of them.'
    ) from error
  return _stream(sampler, first_step, sharding)


def real_grid(dataset: Dataset, num: int, seed: int) -> np.ndarray:
  """Selects real examples for a grid: the first `num` in a shuffled order.

  Returns:
    [min(num, N), H, W, C] uint8, or [min(num, N), D] float32.
  """
  order, _ = _epoch(seed, 0, len(dataset.images))
  return np.asarray(dataset.images[order[:num]])


def _look_up(
  sampler: Sampler, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Returns the example at each position, and whether it is mirrored."""
  num = len(sampler.dataset.images)
  epochs, offsets = np.divmod(positions, num)
  indices = np.empty(positions.shape, np.int64)
  mirrored = np.empty(positions.shape, bool)
  for epoch in np.unique(epochs):
    here = epochs == epoch
    order, mirror = _epoch(sampler.seed, int(epoch), num)
    indices[here], mirrored[here] = order[offsets[here]], mirror[offsets[here]]
  return indices, mirrored


# Enough for two epochs of each of 64 vmapped runs.
@functools.lru_cache(maxsize=128)
def _epoch(seed: int, epoch: int, num: int) -> tuple[np.ndarray, np.ndarray]:
  """Returns one epoch's permutation [N] and its mask of mirrored examples [N].

  It sorts raw random bits: numpy may change `permutation`, but not Philox.
  """
  bits = np.random.Philox(key=np.array([seed, epoch], np.uint64))
  order = np.argsort(bits.random_raw(num), kind='stable')
  return order, bits.random_raw(num) % 2 == 1


def _stream(
  sampler: Sampler, first_step: int, sharding: jax.sharding.Sharding
) -> Generator[Batch, None, None]:
  ready: queue.Queue[Batch | BaseException] = queue.Queue()
  free_slots = threading.Semaphore(_PREFETCH)
  closed = threading.Event()
  put = functools.partial(jax.make_array_from_process_local_data, sharding)

  def produce() -> None:
    try:
      for step in itertools.count(first_step):
        free_slots.acquire()
        if closed.is_set():
          return
        ready.put(jax.tree.map(put, host_batch(sampler, step)))
    except BaseException as error:  # The consumer raises it.
      ready.put(error)

  thread = threading.Thread(target=produce, name='batches', daemon=True)
  thread.start()
  try:
    while True:
      batch = ready.get()
      if isinstance(batch, BaseException):
        raise batch
      free_slots.release()
      yield batch
  finally:
    closed.set()
    free_slots.release()
    thread.join()
