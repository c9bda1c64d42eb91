"""The pool of past outputs: what it keeps, and that a run continues with it."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Checkpoint
from jaxgan.gan import pool as pool_lib
from jaxgan.storage.checkpoint import Checkpoints

KEY = jax.random.key(0)
SHAPE = (12, 8, 1)  # Two images of 6 x 8 pixels.


def config(pool=16, **sections):
  return small.config(
    game='translation',
    translation={'input': 'unpaired', 'pool': pool},
    data={'name': 'unpaired', 'path': 'x'},
    net={
      'name': 'encoder_decoder', 'gen_widths': (2,), 'critic_widths': (2,),
      'blocks': 1, 'critic_input': False,
    },
    loss={'name': 'least_squares', 'cycle': 1.0},
    penalty={'preset': 'none'},
    **sections,
  )  # fmt: skip


def numbered(first, num=6):
  """Images of one pixel whose values are their numbers."""
  return jnp.arange(first, first + num, dtype=float).reshape(num, 1, 1, 1)


def test_a_full_pool_exchanges_half_of_the_outputs():
  pool = pool_lib.empty(config(pool=9), (1, 1, 1))
  exchange = jax.jit(pool_lib.exchange)
  seen_of, exchanged, total = {}, 0, 0
  for step in range(200):
    new = numbered(6 * step)  # Three of each domain.
    seen, pool = exchange(pool, jax.random.fold_in(KEY, step), new)
    seen, new = np.ravel(seen), np.ravel(new)
    if step < 3:
      np.testing.assert_array_equal(seen, new)
      assert int(pool.filled) == 3 * (step + 1)
      continue
    np.testing.assert_array_equal(seen % 2, new % 2)  # Of its own domain.
    assert len(set(seen)) == 6
    exchanged += (seen != new).sum()
    total += 6
    for value in seen:
      seen_of[value] = seen_of.get(value, 0) + 1
  # A fake is seen once: at once, or later, when it leaves the pool.
  assert all(n == 1 for v, n in seen_of.items() if v >= 18)
  assert exchanged / total == pytest.approx(0.5, abs=0.05)
  kept = np.asarray(pool.images).reshape(9, 2)
  assert (kept[:, 0] % 2 == 0).all()
  assert (kept[:, 1] % 2 == 1).all()
  assert set(range(1200)) - set(seen_of) - set(range(18)) <= set(kept.flat)


def test_a_batch_that_does_not_divide_the_pool_fills_it():
  pool = pool_lib.empty(config(pool=16), (1, 1, 1))
  for first in (0, 22):
    seen, pool = pool_lib.exchange(pool, KEY, numbered(first, 22))
    np.testing.assert_array_equal(seen, numbered(first, 22))
  assert int(pool.filled) == 16
  np.testing.assert_array_equal(pool.images.reshape(-1), np.arange(32))


def run(parts, steps, state=None):
  """Runs from a copy of a state, since a step takes its arguments."""
  start, step, over, made = parts
  state = jax.tree.map(jnp.copy, start if state is None else state)
  for i in range(int(state.step), steps):
    state, metrics = step(state, small.batch(made, over, i, SHAPE))
  return state, metrics


def parts(pool=16, devices=1):
  made = config(pool)
  return *small.make(made, devices, shape=SHAPE), made


@pytest.fixture(scope='module')
def one():
  return parts()


@pytest.fixture(scope='module')
def whole(one):
  return run(one, 4)


@pytest.mark.slow
def test_the_critic_sees_the_pool(one, whole):
  # Two updates of 8 fill it, so the first iteration has no older outputs.
  without = parts(pool=0)
  critics = (run(p, 1)[0].variables.critic for p in (one, without))
  chex.assert_trees_all_close(*critics, rtol=1e-6)
  other, _ = run(without, 4)
  assert not np.allclose(
    *(jax.tree.leaves(s.variables.critic)[0] for s in (whole[0], other))
  )


@pytest.mark.slow
def test_a_run_continues_with_its_pool(one, whole, tmp_path):
  state, _ = run(one, 2)
  assert int(state.pool.filled) == 16
  assert (np.asarray(state.pool.images).std((2, 3, 4)) > 0).all()
  with Checkpoints(tmp_path, Checkpoint()) as checkpoints:
    checkpoints.save(state, {})
    checkpoints.wait()
    restored = checkpoints.restore(one[0])
  chex.assert_trees_all_equal(restored.pool, state.pool)
  again, _ = run(one, 4, restored)
  chex.assert_trees_all_equal(again.variables, whole[0].variables)
  chex.assert_trees_all_equal(again.pool, whole[0].pool)


@pytest.mark.slow
def test_one_device_is_eight(whole):
  state, metrics = run(parts(devices=8), 4)
  chex.assert_trees_all_close(
    jax.device_get((metrics, state.pool)),
    jax.device_get((whole[1], whole[0].pool)),
    rtol=2e-3,
    atol=1e-4,
  )


@pytest.mark.parametrize(
  ('sections', 'sentence'),
  [
    ({'train': {'batch_size': 17}}, 'be 0, or hold a batch at least'),
    ({'train': {'batch_doubles_at': (3, 6)}}, 'be 0, or hold a batch at least'),
  ],
)
def test_a_pool_that_does_not_fit_gets_a_sentence(sections, sentence):
  with pytest.raises(ValueError, match=sentence):
    config(**sections)


def test_only_a_translation_whose_critic_reads_no_input_has_a_pool():
  with pytest.raises(ValueError, match='is of translations alone'):
    small.config(translation={'pool': 50})
  with pytest.raises(ValueError, match='the pool keeps no inputs'):
    small.config(
      game='translation', translation={'pool': 50}, net={'name': 'unet'}
    )
