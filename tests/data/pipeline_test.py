"""Batches are a function of seed and step, for any number of processes."""

import itertools
import os
import subprocess
import sys
import textwrap
import threading

import jax
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.data import pipeline
from jaxgan.data.pipeline import Sampler, device_batches, host_batch
from jaxgan.data.sources import Dataset


def make(num=10, shape=(2, 3, 1)):
  """Image i is filled with i, except its first column; label i is i."""
  images = np.zeros((num, *shape), np.uint8)
  images[:] = np.arange(num).reshape(-1, *[1] * len(shape))
  images[:, :, 0] = 255
  return Dataset(images, np.arange(num, dtype=np.int32), num, 'numbers')


def labels(sampler, steps):
  """The labels [steps, K, B] of the first iterations."""
  return np.stack([host_batch(sampler, step).label for step in range(steps)])


def same(first, second):
  np.testing.assert_array_equal(first.image, second.image)
  np.testing.assert_array_equal(first.label, second.label)


def test_shapes_types_and_that_labels_belong_to_images():
  batch = host_batch(Sampler(make(), 0, 4, critic_steps=3), 0)
  assert batch.image.shape == (3, 4, 2, 3, 1)
  assert (batch.image.dtype, batch.label.dtype) == (np.uint8, np.int32)
  assert type(batch.image) is np.ndarray
  np.testing.assert_array_equal(batch.image[:, :, 0, 1, 0], batch.label)


def test_vectors():
  points = np.arange(20, dtype=np.float32).reshape(10, 2)
  data = Dataset(points, np.zeros(10, np.int32), 0, 'points')
  batch = host_batch(Sampler(data, 0, 4), 1)
  assert (batch.image.shape, batch.image.dtype) == ((1, 4, 2), np.float32)


@pytest.mark.parametrize(('num', 'batch'), [(10, 4), (7, 7), (5, 3), (64, 1)])
def test_every_epoch_is_complete(num, batch):
  read = labels(Sampler(make(num), 3, batch, critic_steps=2), num).ravel()
  assert len(read) == 2 * batch * num
  for epoch in read.reshape(-1, num):
    np.testing.assert_array_equal(np.sort(epoch), np.arange(num))


def test_each_epoch_and_each_seed_has_its_own_order():
  orders = [
    tuple(order)
    for seed in range(5)
    for order in labels(Sampler(make(50), seed, 50), 5)[:, 0]
  ]
  assert len(set(orders)) == 25


def test_orders_are_uniform():
  orders = np.stack([pipeline._epoch(1, epoch, 4)[0] for epoch in range(2400)])
  _, counts = np.unique(orders, axis=0, return_counts=True)
  assert len(counts) == 24
  assert counts.min() > 60
  assert counts.max() < 140


def test_the_order_never_changes():
  # A change of these numbers breaks the resuming of every earlier run.
  order, mirror = pipeline._epoch(5, 2, 8)
  assert order.tolist() == [3, 5, 2, 7, 1, 0, 6, 4]
  assert np.flatnonzero(mirror).tolist() == [2, 5, 6]


def test_a_batch_does_not_depend_on_the_batches_before():
  sampler = Sampler(make(), 0, 4, critic_steps=2, flip=True)
  forward = [host_batch(sampler, step) for step in range(9)]
  for step in (8, 3, 5, 0):
    again = Sampler(make(), 0, 4, critic_steps=2, flip=True)
    same(host_batch(again, step), forward[step])


@pytest.mark.parametrize('count', [1, 2, 3, 6])
def test_processes_share_the_same_global_batch(count):
  single = Sampler(make(13), 7, 6, critic_steps=2, flip=True)
  for step in range(5):
    parts = [
      host_batch(Sampler(make(13), 7, 6, 2, True, index, count), step)
      for index in range(count)
    ]
    expected = host_batch(single, step)
    assert parts[0].image.shape[:2] == (2, 6 // count)
    same(
      pipeline.Batch(
        np.concatenate([part.image for part in parts], axis=1),
        np.concatenate([part.label for part in parts], axis=1),
      ),
      expected,
    )


def test_half_of_the_images_are_mirrored_left_to_right():
  plain = Sampler(make(40), 0, 40)
  flip = Sampler(make(40), 0, 40, flip=True)
  mirrored = 0
  for step in range(50):
    before, after = host_batch(plain, step), host_batch(flip, step)
    np.testing.assert_array_equal(before.label, after.label)
    turned = (after.image[..., 0, 0] != 255).any(-1)
    np.testing.assert_array_equal(
      after.image[turned], before.image[turned][..., ::-1, :]
    )
    np.testing.assert_array_equal(after.image[~turned], before.image[~turned])
    mirrored += turned.sum()
  assert abs(mirrored - 1000) < 100


def test_mirroring_differs_between_epochs():
  sampler = Sampler(make(8), 0, 8, flip=True)
  flips = [set() for _ in range(8)]
  for step in range(20):
    batch = host_batch(sampler, step)
    for image, label in zip(batch.image[0], batch.label[0], strict=True):
      flips[label].add(bool(image[0, 0, 0] == 255))
  assert all(len(both) == 2 for both in flips)


def test_the_data_set_itself_is_never_mirrored(tmp_path):
  before = make(8)
  np.save(tmp_path / 'images.npy', before.images)
  mapped = np.load(tmp_path / 'images.npy', mmap_mode='r')
  data = Dataset(mapped, before.labels, 8, 'mapped')
  batch = host_batch(Sampler(data, 0, 8, flip=True), 0)
  assert type(batch.image) is np.ndarray
  same(batch, host_batch(Sampler(before, 0, 8, flip=True), 0))
  np.testing.assert_array_equal(mapped, make(8).images)


def test_a_data_set_smaller_than_a_batch():
  with pytest.raises(
    ValueError, match=r'numbers has 10 examples and .* is 11;'
  ):
    Sampler(make(10), 0, 11)


def test_processes_that_cannot_share_a_batch():
  with pytest.raises(ValueError, match=r'batch_size is 4 .* 3 processes'):
    Sampler(make(10), 0, 4, process_count=3)


def test_vectors_cannot_be_mirrored():
  data = Dataset(np.zeros((4, 2), np.float32), np.zeros(4, np.int32), 0, 'toy')
  with pytest.raises(ValueError, match=r'data\.flip is True and toy'):
    Sampler(data, 0, 2, flip=True)


def test_real_grid_is_shuffled_and_repeatable():
  data = make(30)
  grid = pipeline.real_grid(data, 12, seed=4)
  assert (grid.shape, grid.dtype) == ((12, 2, 3, 1), np.uint8)
  np.testing.assert_array_equal(grid, pipeline.real_grid(data, 12, seed=4))
  shown = grid[:, 0, 1, 0]
  assert len(set(shown)) == 12
  assert list(shown) != sorted(shown)
  assert set(shown) != set(pipeline.real_grid(data, 12, seed=5)[:, 0, 1, 0])
  assert len(pipeline.real_grid(data, 64, seed=4)) == 30


# On the devices.


@pytest.fixture
def sharding():
  mesh = Mesh(np.array(jax.devices()), ('data',))
  return NamedSharding(mesh, PartitionSpec(None, 'data'))


@pytest.fixture
def sampler():
  num = 2 * len(jax.devices())
  return Sampler(make(3 * num), 0, num, critic_steps=2, flip=True)


def threads():
  return [t for t in threading.enumerate() if t.name.startswith('batches')]


def test_device_batches_equal_host_batches(sampler, sharding):
  stream = device_batches(sampler, 3, sharding)
  for step, batch in zip(range(3, 8), stream, strict=False):
    assert isinstance(batch.image, jax.Array)
    assert batch.image.sharding.is_equivalent_to(sharding, 5)
    assert batch.label.sharding.is_equivalent_to(sharding, 2)
    same(jax.device_get(batch), host_batch(sampler, step))
  stream.close()


def test_closing_ends_the_thread(sampler, sharding):
  stream = device_batches(sampler, 0, sharding)
  next(stream)
  (thread,) = threads()
  stream.close()
  assert not thread.is_alive()


def test_an_open_iterator_does_not_keep_the_process_alive():
  code = """
    import jax
    import numpy as np
    from jaxgan.data import pipeline, sources
    images = np.zeros((9, 2, 2, 1), np.uint8)
    data = sources.Dataset(images, np.zeros(9, np.int32), 0, 'zeros')
    sharding = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    sampler = pipeline.Sampler(data, 0, 3)
    stream = pipeline.device_batches(sampler, 0, sharding)
    assert next(stream).image.shape == (1, 3, 2, 2, 1)
  """
  command = [sys.executable, '-c', textwrap.dedent(code)]
  env = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
  subprocess.run(command, check=True, env=env, timeout=120)


def test_exactly_two_batches_are_prefetched(sampler, sharding, monkeypatch):
  steps = []
  enough = threading.Event()

  def count(sampler, step):
    steps.append(step)
    if len(steps) == 3:
      enough.set()
    return host_batch(sampler, step)

  monkeypatch.setattr(pipeline, 'host_batch', count)
  stream = device_batches(sampler, 0, sharding)
  next(stream)
  assert enough.wait(10)
  assert not threading.Event().wait(0.2)
  assert steps == [0, 1, 2]
  stream.close()


def test_an_error_in_the_thread_is_raised_by_the_iterator(
  sampler, sharding, monkeypatch
):
  def fail(sampler, step):
    if step == 2:
      raise OSError('The disk is gone.')
    return host_batch(sampler, step)

  monkeypatch.setattr(pipeline, 'host_batch', fail)
  stream = device_batches(sampler, 0, sharding)
  assert len(list(itertools.islice(stream, 2))) == 2
  with pytest.raises(OSError, match='disk is gone'):
    next(stream)
  assert not threads()


def test_devices_that_cannot_share_a_batch(sharding):
  num = len(jax.devices())
  if num == 1:
    pytest.skip('one device shares any batch')
  sampler = Sampler(make(3 * num), 0, num + 1)
  with pytest.raises(ValueError, match=rf'is {num + 1} .* {num} devices'):
    device_batches(sampler, 0, sharding)


def test_growing_batches_read_consecutive_positions():
  sampler = Sampler(make(60), 0, 2, critic_steps=3, doubles_at=(2, 3))
  read = [pipeline.batch_indices(sampler, step)[0] for step in range(5)]
  assert [r.shape for r in read] == [(3, 2), (3, 2), (3, 4), (3, 8), (3, 8)]
  plain = Sampler(make(60), 0, 12)
  order = np.concatenate(
    [pipeline.batch_indices(plain, step)[0].ravel() for step in range(6)]
  )
  np.testing.assert_array_equal(
    np.concatenate([r.ravel() for r in read]), order
  )


def test_processes_share_growing_batches():
  single = Sampler(make(40), 0, 4, 2, doubles_at=(1,))
  parts = [
    Sampler(
      make(40), 0, 4, 2, process_index=i, process_count=2, doubles_at=(1,)
    )
    for i in range(2)
  ]
  for step in range(3):
    both = np.concatenate(
      [pipeline.batch_indices(p, step)[0] for p in parts], axis=1
    )
    np.testing.assert_array_equal(both, pipeline.batch_indices(single, step)[0])


def test_growing_batches_must_fit_the_data_set():
  Sampler(make(16), 0, 4, doubles_at=(5, 7))
  words = r'has 15 examples and train\.batch_size grows to 16;'
  with pytest.raises(ValueError, match=words):
    Sampler(make(15), 0, 4, doubles_at=(5, 7))
