"""A run that starts from the networks of another run."""

import json
import shutil

import chex
import jax
import numpy as np
import pytest
import small

from jaxgan.evaluation import restore
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan import state as state_lib
from jaxgan.training import train, transfer

NEVER = 1e-30  # A learning rate that changes no weight.


@pytest.fixture(autouse=True)
def one_device(monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)


def config(steps=2, lr=1e-3, **net):
  return small.config(
    net=net,
    train={'steps': steps, 'batch_size': 8},
    log={'every_steps': 1, 'tensorboard': False},
    eval={'every_steps': 100, 'num_images': 4},
    optim={'gen': {'lr': lr}, 'critic': {'lr': lr}},
  )


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
  """A run of two steps."""
  folder = tmp_path_factory.mktemp('transfer')
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    train.train_and_evaluate(config(), folder)
  return folder


@pytest.fixture
def other(trained, tmp_path):
  """A copy of the run, to start from."""
  return shutil.copytree(trained, tmp_path / 'other')


@pytest.mark.parametrize('nets', ['all', 'gen', 'critic'])
def test_the_chosen_networks_are_taken_and_the_others_are_not(other, nets):
  fresh = state_lib.create(restore.load_problem(other), seed=5)
  state = transfer.apply(fresh, transfer.Source(str(other), nets))
  saved = restore.load_state(other)[1]
  gen = fresh if nets == 'critic' else saved
  critic = fresh if nets == 'gen' else saved
  chex.assert_trees_all_equal(state.variables.gen, gen.variables.gen)
  chex.assert_trees_all_equal(state.ema, gen.ema)
  chex.assert_trees_all_equal(state.variables.critic, critic.variables.critic)
  chex.assert_trees_all_equal(state.opt, fresh.opt)
  assert int(state.step) == 0


@pytest.mark.slow
def test_a_run_starts_from_another_and_continues_without_it(other, tmp_path):
  new, source = tmp_path / 'new', transfer.Source(str(other))
  state = train.train_and_evaluate(config(lr=NEVER), new, init_from=source)
  saved = restore.load_state(other)[1]
  chex.assert_trees_all_close(state.variables, saved.variables, rtol=1e-6)
  # The other run is not needed any more.
  other.rename(tmp_path / 'moved')
  state = train.train_and_evaluate(config(3, NEVER), new, init_from=source)
  assert int(state.step) == 3
  assert int(train.train_and_evaluate(config(4, NEVER), new).step) == 4
  assert json.loads((new / 'init.json').read_text())['nets'] == 'all'


@pytest.mark.slow
def test_a_start_that_was_stopped_before_a_checkpoint_keeps_its_source(
  other, tmp_path
):
  new, source = tmp_path / 'new', transfer.Source(str(other))
  train.train_and_evaluate(config(lr=NEVER), new, init_from=source)
  for path in (new / 'checkpoints').iterdir():
    path.rename(tmp_path / path.name)
  state = train.train_and_evaluate(config(lr=NEVER), new)
  saved = restore.load_state(other)[1]
  chex.assert_trees_all_close(state.variables, saved.variables, rtol=1e-6)


@pytest.mark.slow
def test_networks_that_do_not_fit_are_named_and_nothing_is_written(
  other, tmp_path
):
  wider, new = config(gen_widths=(9,)), tmp_path / 'new'
  source = transfer.Source(str(other))
  with pytest.raises(ValueError, match=r'The gen.* \(\(4, 8\) there, \(4, 9\)'):
    train.train_and_evaluate(wider, new, init_from=source)
  assert {path.name for path in new.iterdir()} <= {'.lock', 'checkpoints'}
  state = train.train_and_evaluate(
    wider, new, init_from=source._replace(nets='critic')
  )
  assert np.isfinite(jax.tree.leaves(state.variables.gen)[0]).all()


def test_a_source_that_cannot_be_is_one_sentence(other, tmp_path):
  def start(new, **source):
    train.train_and_evaluate(
      config(3), new, init_from=transfer.Source(**source)
    )

  with pytest.raises(ValueError, match='started from no run'):
    start(other, folder=str(tmp_path / 'another'))
  with pytest.raises(ValueError, match='the run itself'):
    start(other, folder=str(other))
  with pytest.raises(ValueError, match='holds no run'):
    start(tmp_path / 'new', folder=str(tmp_path / 'none'))
  with pytest.raises(ValueError, match="init_nets is 'both'"):
    start(tmp_path / 'new', folder=str(other), nets='both')
  (other / 'init.json').write_text('[]')
  with pytest.raises(ValueError, match='is damaged'):
    train.train_and_evaluate(config(3), other)
