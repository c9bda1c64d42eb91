"""Batches gathered on the devices equal those gathered on the host."""

import itertools

import jax
import numpy as np
import pytest
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.data import on_device
from jaxgan.data.pipeline import Sampler, host_batch
from jaxgan.data.sources import Dataset


def make(shape=(2, 3, 1), dtype=np.uint8):
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (40, *shape)).astype(dtype)
  return Dataset(images, np.arange(40, dtype=np.int32), 40, 'numbers')


def sharding(*spec):
  return NamedSharding(
    Mesh(np.array(jax.devices()), ('data',)), PartitionSpec(*spec)
  )


def same(first, second):
  for a, b in zip(jax.device_get(first), second, strict=True):
    np.testing.assert_array_equal(a, b)
    assert a.dtype == b.dtype


@pytest.mark.parametrize(
  ('data', 'flip'),
  [(make(), False), (make(), True), (make((3,), np.float32), False)],
)
def test_batches_are_bitwise_equal_across_epochs(data, flip):
  sampler = Sampler(data, 3, 16, critic_steps=2, flip=flip)
  by_data = sharding(None, 'data')
  stream = on_device.device_batches(sampler, 2, by_data)
  for step, batch in zip(range(2, 7), stream, strict=False):
    same(batch, host_batch(sampler, step))
    assert batch.label.sharding.is_equivalent_to(by_data, 2)


def test_replica_batches_equal_those_of_single_runs():
  samplers = [
    Sampler(make(), seed, 4, critic_steps=2, flip=True) for seed in range(8)
  ]
  stream = on_device.replica_batches(samplers, 5, sharding('data'))
  for step, batch in zip(range(5, 9), stream, strict=False):
    for r, sampler in enumerate(samplers):
      same(jax.tree.map(lambda x, r=r: x[r], batch), host_batch(sampler, step))


def test_only_indices_are_transferred():
  sampler = Sampler(make(), 0, 8)
  stream = on_device.device_batches(sampler, 0, sharding(None, 'data'))
  next(stream)
  with jax.transfer_guard_device_to_host('disallow'):
    for batch in itertools.islice(stream, 3):
      assert isinstance(batch.image, jax.Array)


def test_placement(monkeypatch):
  assert on_device.is_enabled(make(), 'device', 'cpu')
  assert not on_device.is_enabled(make(), 'host', 'gpu')
  assert not on_device.is_enabled(make(), 'auto', 'cpu')
  assert on_device.is_enabled(make(), 'auto', 'gpu')
  monkeypatch.setattr(on_device, '_MAX_BYTES', 239)  # It has 240.
  assert not on_device.is_enabled(make(), 'auto', 'gpu')
