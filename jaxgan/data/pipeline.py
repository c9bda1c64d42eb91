"""From arrays to batches: a pure function of the seed and the step.

Each epoch has an order of its own; end to end the epochs make an endless row of
positions, and iteration `step` reads positions step K B to (step + 1) K B.
There is no iterator to save: whoever knows the step knows the batch, on any
number of processes.
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

_AHEAD = 2  # Batches that are made before they are asked for.


@dataclasses.dataclass(frozen=True, eq=False)
class Sampler:
  """What decides which examples each iteration reads.

  Attributes:
    dataset: N examples.
    seed: of the order and of the mirroring.
    batch_size: B, over all processes, at the start.
    critic_steps: K, batches of one iteration.
    flip: mirrors each image left to right with probability one half.
    process_index: p, which rows of the batches are this process's.
    process_count: P; process p has rows p B / P to (p + 1) B / P.
    doubles_at: iterations, rising, from each of which on B is twice as large.

  Raises:
    ValueError: the data set is smaller than the largest batch, the processes
      cannot share a batch evenly, or vectors are to be mirrored.
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
    """B of an iteration, counted from 0."""
    return self.batch_size * 2 ** sum(step >= s for s in self.doubles_at)

  def before(self, step: int) -> int:
    """How many examples the iterations before one have read."""
    edges = [0, *(s for s in self.doubles_at if s < step), step]
    parts = itertools.pairwise(edges)
    return self.critic_steps * sum((b - a) * self.size(a) for a, b in parts)


def chosen(sampler: Sampler, step: int) -> tuple[np.ndarray, np.ndarray]:
  """This process's share of the examples of one iteration, by number.

  Args:
    sampler: which data set, seed and share.
    step: the iteration, from 0.

  Returns:
    Numbers of examples [K, B / P] int64, and which are mirrored [K, B / P].
  """
  shape = sampler.critic_steps, sampler.size(step)
  share = shape[1] // sampler.process_count
  first = sampler.process_index * share
  positions = sampler.before(step) + np.arange(shape[0] * shape[1])
  positions = positions.reshape(shape)[:, first : first + share]
  examples, mirrored = _look_up(sampler, positions)
  return examples, mirrored & sampler.flip


def host_batch(sampler: Sampler, step: int) -> Batch:
  """This process's share of the examples of one iteration.

  Args:
    sampler: which data set, seed and share.
    step: the iteration, from 0.

  Returns:
    Numpy arrays: image [K, B / P, H, W, C] uint8 (or [K, B / P, D] float32) and
    label [K, B / P] int32.
  """
  examples, mirrored = chosen(sampler, step)
  # Out of a mapped file this reads; the result is an array in memory.
  image: Any = np.asarray(sampler.dataset.images[examples])
  label: Any = sampler.dataset.labels[examples]
  if sampler.flip:
    image[mirrored] = image[mirrored][..., ::-1, :]
  return Batch(image, label)


def device_batches(
  sampler: Sampler, first_step: int, sharding: jax.sharding.Sharding
) -> Generator[Batch, None, None]:
  """Batches on the devices, made ahead by a thread.

  Closing the iterator ends the thread; what goes wrong in the thread is raised
  here.

  Args:
    sampler: of this process.
    first_step: the iteration of the first batch.
    sharding: of [K, B, ...], such as NamedSharding(mesh, P(None, 'data')).

  Returns:
    An endless iterator over the batches of first_step, first_step + 1, ...

  Raises:
    ValueError: the devices cannot share a batch evenly.
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
  """Real images to look at: the first ones in shuffled order.

  Args:
    dataset: N examples.
    num: how many; all of them where N is smaller.
    seed: of the order.

  Returns:
    [min(num, N), H, W, C] uint8, or [min(num, N), D] float32.
  """
  order, _ = _epoch(seed, 0, len(dataset.images))
  return np.asarray(dataset.images[order[:num]])


def _look_up(
  sampler: Sampler, positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """The example at each position, and whether it is mirrored."""
  num = len(sampler.dataset.images)
  epochs, offsets = np.divmod(positions, num)
  examples = np.empty(positions.shape, np.int64)
  mirrored = np.empty(positions.shape, bool)
  for epoch in np.unique(epochs):
    at = epochs == epoch
    order, mirror = _epoch(sampler.seed, int(epoch), num)
    examples[at], mirrored[at] = order[offsets[at]], mirror[offsets[at]]
  return examples, mirrored


# Two epochs of each of many replicas.
@functools.lru_cache(maxsize=128)
def _epoch(seed: int, epoch: int, num: int) -> tuple[np.ndarray, np.ndarray]:
  """One epoch's order [N] of the examples, and who is mirrored [N].

  Raw bits, because numpy may change its `permutation` but not Philox.
  """
  bits = np.random.Philox(key=np.array([seed, epoch], np.uint64))
  order = np.argsort(bits.random_raw(num), kind='stable')
  return order, bits.random_raw(num) % 2 == 1


def _stream(
  sampler: Sampler, first_step: int, sharding: jax.sharding.Sharding
) -> Generator[Batch, None, None]:
  ready: queue.Queue[Batch | BaseException] = queue.Queue()
  room = threading.Semaphore(_AHEAD)
  closed = threading.Event()

  def produce() -> None:
    try:
      for step in itertools.count(first_step):
        room.acquire()
        if closed.is_set():
          return
        ready.put(_place(host_batch(sampler, step), sharding))
    except BaseException as error:  # It belongs to the consumer.
      ready.put(error)

  thread = threading.Thread(target=produce, name='batches', daemon=True)
  thread.start()
  try:
    while True:
      batch = ready.get()
      if isinstance(batch, BaseException):
        raise batch
      room.release()
      yield batch
  finally:
    closed.set()
    room.release()
    thread.join()


def _place(batch: Batch, sharding: jax.sharding.Sharding) -> Batch:
  put = functools.partial(jax.make_array_from_process_local_data, sharding)
  return Batch(put(batch.image), put(batch.label))
