"""Tests of checkpoints: round trips, damage, retention, sharding."""

import dataclasses
import gc
import json
import pathlib

import chex
import jax
import jax.numpy as jnp
import pytest
import small

from jaxgan.config import Checkpoint
from jaxgan.gan import sharding as mesh_lib
from jaxgan.storage.checkpoint import Checkpoints, digest

# Orbax does not await its readers if a checkpoint is damaged.
pytestmark = pytest.mark.filterwarnings(
  'ignore::pytest.PytestUnraisableExceptionWarning'
)

CONFIG = small.config()
KEEP = Checkpoint()


@pytest.fixture(autouse=True)
def collect_garbage():
  yield
  gc.collect()  # Not in a later test, where a warning is an error.


@pytest.fixture(scope='module')
def state():
  return small.make(CONFIG)[0]


def at(state, step):
  return dataclasses.replace(state, step=jnp.full((), step, jnp.int32))


def save_all(folder, state, steps, config=KEEP, values=None):
  """Saves the state at each step; returns the steps that are kept."""
  with Checkpoints(folder, config) as checkpoints:
    for index, step in enumerate(steps):
      metrics = {'distance': values[index]} if values else {}
      checkpoints.save(at(state, step), metrics)
    checkpoints.wait()
    return checkpoints.steps()


def restore(folder, target):
  with Checkpoints(folder, KEEP) as checkpoints:
    return checkpoints.restore(target)


def raw(state):
  """Replaces the PRNG key by its data, which chex can compare."""
  return dataclasses.replace(state, key=jax.random.key_data(state.key))


def test_a_state_comes_back_bit_for_bit(tmp_path, state):
  save_all(tmp_path / 'c', state, [3])
  restored = restore(tmp_path / 'c', state)
  chex.assert_trees_all_equal(raw(restored), raw(at(state, 3)))
  chex.assert_trees_all_equal_dtypes(raw(restored), raw(state))
  assert restored.key.dtype == state.key.dtype


def test_nothing_saved_is_none(tmp_path, state):
  assert restore(tmp_path / 'c', state) is None


def test_the_digest_depends_on_every_leaf(state):
  first = digest(state)
  assert digest(state) == first
  leaves, tree = jax.tree.flatten(raw(state))
  for index, leaf in enumerate(leaves):
    changed = [*leaves]
    changed[index] = leaf + jnp.ones((), leaf.dtype)
    assert digest(jax.tree.unflatten(tree, changed)) != first


def largest_file(folder):
  files = [p for p in pathlib.Path(folder).rglob('*') if p.is_file()]
  return max(files, key=lambda p: p.stat().st_size)


def truncate(folder):
  path = largest_file(folder)
  path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(folder):
  largest_file(folder).write_bytes(b'')


def remove(folder):
  largest_file(folder).unlink()


def flip_bits(folder):
  path = largest_file(folder)
  content = bytearray(path.read_bytes())
  # Many bytes, because some of them belong to no array.
  for index in range(len(content) // 4, 3 * len(content) // 4, 97):
    content[index] ^= 0x10
  path.write_bytes(bytes(content))


def change_the_digest(folder):
  (path,) = (folder / 'digest').glob('meta*')
  value = json.loads(path.read_text())
  value['sha256'] = value['sha256'][::-1]
  path.write_text(json.dumps(value))


def lose_the_digest(folder):
  for path in (folder / 'digest').rglob('*'):
    path.unlink()


@pytest.mark.parametrize(
  'damage',
  [
    truncate,
    flip_bits,
    lose_the_digest,
    *map(small.slow, (empty, remove, change_the_digest)),
  ],
)
def test_a_damaged_checkpoint_is_logged_and_the_previous_one_restored(
  tmp_path, state, caplog, damage
):
  folder = tmp_path / 'c'
  save_all(folder, state, [1, 2])
  damage(folder / '2')
  with Checkpoints(folder, KEEP) as checkpoints:
    restored = checkpoints.restore(state)
    assert int(restored.step) == 1
    assert 'Checkpoint 2 in' in caplog.text
    assert 'is damaged and skipped' in caplog.text
    # Its step can be saved again, and nothing was deleted.
    checkpoints.save(at(restored, 2), {})
    checkpoints.wait()
    assert int(checkpoints.restore(state).step) == 2
  assert (tmp_path / 'damaged' / '2').is_dir()


def test_no_intact_checkpoint_is_an_error_and_nothing_is_moved(tmp_path, state):
  folder = tmp_path / 'c'
  save_all(folder, state, [1, 2])
  truncate(folder / '1')
  truncate(folder / '2')
  with pytest.raises(ValueError, match=r'None of the checkpoints \[2, 1\]'):
    restore(folder, state)
  assert (folder / '1').is_dir()
  assert (folder / '2').is_dir()


def test_another_configuration_cannot_be_restored(tmp_path, state):
  save_all(tmp_path / 'c', state, [1])
  wider = small.make(small.config(net={'gen_widths': (9,)}))[0]
  with pytest.raises(ValueError, match='None of the checkpoints'):
    restore(tmp_path / 'c', wider)


def test_the_newest_are_kept(tmp_path, state):
  config = Checkpoint(max_to_keep=2)
  assert save_all(tmp_path / 'c', state, range(1, 6), config) == [4, 5]


def test_snapshots_are_never_deleted(tmp_path, state):
  config = Checkpoint(max_to_keep=1, keep_every_steps=4)
  kept = save_all(tmp_path / 'c', state, [2, 4, 6, 8, 10], config)
  assert kept == [4, 8, 10]


def test_the_best_and_the_newest_are_kept(tmp_path, state):
  config = Checkpoint(max_to_keep=2, best_metric='distance')
  values = [3.0, 1.0, float('nan'), float('-inf'), 2.0, 4.0]
  kept = save_all(tmp_path / 'c', state, range(1, 7), config, values)
  assert kept == [2, 5, 6]


@pytest.mark.slow
@pytest.mark.parametrize('value', [float('nan'), float('-inf')])
def test_a_value_that_is_not_finite_is_never_the_best(tmp_path, state, value):
  config = Checkpoint(max_to_keep=1, best_metric='distance')
  values = [value, 5.0, value]
  kept = save_all(tmp_path / 'c', state, range(1, 4), config, values)
  assert kept == [2, 3]


def test_an_existing_step_is_not_overwritten(tmp_path, state):
  assert save_all(tmp_path / 'c', state, [1, 1]) == [1]


def test_read_only_changes_no_file(tmp_path, state):
  folder = tmp_path / 'c'
  save_all(folder, state, [1, 2])
  flip_bits(folder / '2')
  half_written = folder / '3.orbax-checkpoint-tmp'
  half_written.mkdir()
  before = sorted(p.relative_to(tmp_path) for p in tmp_path.rglob('*'))
  with Checkpoints(folder, KEEP, read_only=True) as checkpoints:
    assert int(checkpoints.restore(state).step) == 1
  assert sorted(p.relative_to(tmp_path) for p in tmp_path.rglob('*')) == before


@pytest.mark.slow
@pytest.mark.parametrize(
  ('saved_on', 'restored_on'), [small.slow(8, 1), (1, 8), small.slow(4, 2)]
)
def test_another_number_of_devices(tmp_path, saved_on, restored_on):
  saved, _, _ = small.make(CONFIG, saved_on)
  expected = jax.device_get(raw(saved))
  save_all(tmp_path / 'c', saved, [0])
  target, train_step, over = small.make(CONFIG, restored_on)
  restored = restore(tmp_path / 'c', target)
  chex.assert_trees_all_equal(jax.device_get(raw(restored)), expected)
  expected_sharding = mesh_lib.shardings(over).state
  assert all(
    x.sharding.is_equivalent_to(expected_sharding, x.ndim)
    for x in jax.tree.leaves(restored)
  )
  restored, metrics = train_step(restored, small.batch(CONFIG, over))
  jax.block_until_ready(metrics)


@pytest.mark.slow
def test_a_restored_state_does_not_compile_the_step_again(tmp_path):
  state, train_step, over = small.make(CONFIG)
  state, _ = train_step(state, small.batch(CONFIG, over))
  save_all(tmp_path / 'c', state, [1])
  restored = restore(tmp_path / 'c', state)
  train_step(restored, small.batch(CONFIG, over))
  assert train_step._cache_size() == 1
