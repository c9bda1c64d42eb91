"""Networks on chunks of examples, for any number of devices."""

import jax
import numpy as np
import pytest

from jaxgan.nets import chunks


def test_chunks_hold_all_examples_in_order():
  whole = np.arange(600).reshape(300, 2)
  for examples in (whole, iter([whole[:7], whole[7:]])):
    parts = list(chunks.split(examples))
    assert max(len(part) for part in parts) <= chunks.CHUNK
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize('devices', [1, 3, 6, 8])
def test_a_chunk_is_split_over_any_number_of_devices(devices, monkeypatch):
  local = jax.devices()[:devices]
  monkeypatch.setattr(jax, 'local_devices', lambda: local)
  shapes = []

  def net(x):
    shapes.extend(shard.data.shape for shard in x.addressable_shards)
    return x + 1, None

  examples = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
  parts = list(chunks.apply(net, chunks.split(examples)))
  assert [(len(values), rest) for values, rest in parts] == [
    (256, None), (44, None)
  ]  # fmt: skip
  values = np.concatenate([values for values, _ in parts])
  np.testing.assert_array_equal(values, examples + 1)
  # Both chunks have one shape, and all devices equal shares of it.
  assert shapes == [(-(-256 // devices), 2)] * devices * 2


def test_the_next_chunk_runs_while_outputs_are_fetched(monkeypatch):
  events, get = [], jax.device_get
  monkeypatch.setattr(
    jax, 'device_get', lambda x: [events.append('fetch'), get(x)][1]
  )
  net = lambda x: [events.append('dispatch'), x][1]
  list(chunks.apply(net, chunks.split(np.zeros((600, 1), np.float32))))
  assert events == [
    'dispatch', 'dispatch', 'fetch', 'dispatch', 'fetch', 'fetch'
  ]  # fmt: skip


def test_variables_on_the_devices_are_not_copied_again():
  pointers = lambda tree: [
    shard.data.unsafe_buffer_pointer() for shard in tree['w'].addressable_shards
  ]
  once = chunks.replicate({'w': np.ones(4, np.float32)})
  assert once['w'].sharding.is_fully_replicated
  assert once['w'].devices() == set(jax.local_devices())
  assert pointers(chunks.replicate(once)) == pointers(once)
