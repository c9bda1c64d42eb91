"""Both nets of a run, read back from its workdir."""

import dataclasses
import gc

import chex
import jax
import numpy as np
import pytest
import small

from jaxgan.evaluation import restore
from jaxgan.gan import sharding as mesh_lib
from jaxgan.nets import catalog as nets_lib
from jaxgan.storage import workdir
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.types import to_float

FACTS = {'name': 'x', 'shape': small.SHAPE, 'num_classes': 0, 'num_examples': 9}


@pytest.fixture(autouse=True)
def leftovers_are_collected_here():
  yield
  gc.collect()  # And not in some other test, whose warnings are errors.


def saved(folder, config, shape=small.SHAPE):
  """The state that a run of one step might leave in a workdir."""
  state, *_ = small.make(config, shape=shape)
  state = dataclasses.replace(
    state,
    step=state.step + 1,
    ema=jax.tree.map(lambda x: x + 1, state.ema),
  )
  workdir.write_config(folder, config)
  workdir.write_data(folder, {**FACTS, 'shape': shape})
  with Checkpoints(folder / 'checkpoints', config.checkpoint) as checkpoints:
    checkpoints.save(state, {})
    checkpoints.wait()
  return state


def examples(num):
  rng = np.random.default_rng(0)
  return rng.integers(0, 256, (num, *small.SHAPE), np.uint8)


def test_a_critic_scores_any_number(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  config = small.config()
  state = saved(tmp_path, config)
  critic = restore.load_critic(tmp_path)
  assert critic.step == 1
  images = examples(300)
  found = critic.scores(images)
  nets = nets_lib.build(config.net, small.SHAPE)
  expected = nets.critic.apply(
    state.variables.critic, to_float(images), train=False
  )
  chex.assert_shape(found, (300,))
  np.testing.assert_allclose(found, expected, atol=1e-5)


def test_batch_norm_uses_its_own_batch_as_in_training(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  config = small.config(
    net={'critic_norm': 'batch', 'critic_widths': (8, 8)},
    penalty={'preset': 'wgan'},
  )
  state = saved(tmp_path, config)
  scores = restore.load_critic(tmp_path).scores(examples(256))
  assert np.isfinite(scores).all()
  nets = nets_lib.build(config.net, small.SHAPE)
  expected, _ = nets.critic.apply(
    state.variables.critic,
    to_float(examples(256)),
    train=True,
    mutable=['batch_stats'],
  )
  np.testing.assert_allclose(scores, expected, atol=1e-4)


def test_averaged_and_raw_weights(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  state = saved(tmp_path, small.config())
  assert restore.load(tmp_path).labels(5) is None
  for weights, kept in (('ema', state.ema), ('raw', state.variables.gen)):
    run = restore.load(tmp_path, weights)
    chex.assert_trees_all_equal(
      jax.device_get(run.variables), jax.device_get(kept)
    )


def test_a_folder_without_checkpoints(tmp_path):
  config = small.config()
  workdir.write_config(tmp_path, config)
  workdir.write_data(tmp_path, FACTS)
  for load in (restore.load, restore.load_critic):
    with pytest.raises(ValueError, match='holds no checkpoint'):
      load(tmp_path)


@pytest.mark.slow
def test_styles_are_truncated_where_there_are_styles(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  net = {'name': 'stylegan', 'mapping_layers': 1, 'style_size': 4}
  config = small.config(net={**net, 'gen_widths': (4, 4)})
  shape = (4, 4, 1)
  state = saved(tmp_path, config, shape)
  key = jax.random.key(0)
  images = lambda psi: next(
    (run := restore.load(tmp_path, 'raw', psi)).stream(run.latents.draw(key, 3))
  )
  one, other, _ = images(0.0)
  np.testing.assert_array_equal(one, other)
  assert (images(1.0)[0] != images(1.0)[1]).any()
  run = restore.load(tmp_path, 'raw')
  z, other = (run.latents.draw(jax.random.key(i), 3) for i in (0, 1))
  np.testing.assert_array_equal(run.mix(z, other, at=3), images(1.0))
  assert (run.mix(z, other, at=1) != images(1.0)).any()
  assert int(state.step) == 1


def test_a_psi_without_styles_is_refused(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  saved(tmp_path, small.config())
  with pytest.raises(ValueError, match=r'psi is 0\.5 and net\.name .* is mlp'):
    restore.load(tmp_path, psi=0.5)
  run = restore.load(tmp_path)
  z = run.latents.draw(jax.random.key(0), 1)
  with pytest.raises(ValueError, match='no styles to mix'):
    run.mix(z, z, at=1)
