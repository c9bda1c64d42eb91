"""Failure detection: signs, patience, rollbacks, and runs made to fail."""

import dataclasses
import json

import chex
import jax
import pytest
import small

from jaxgan import config as schema
from jaxgan.config import from_config_dict
from jaxgan.gan import sharding as mesh_lib
from jaxgan.storage import workdir
from jaxgan.storage.writers import read_metrics
from jaxgan.training import failures, train
from jaxgan.training.failures import Guard, RunFailed

HEALTHY = {
  'diversity': 0.9, 'accuracy_real': 1.0, 'accuracy_fake': 1.0, 'slope': 1.0,
  'grad_norm_gen': 1.0,
}  # fmt: skip
BAD = {
  'collapse': ({'diversity': 0.05}, 'Mode collapse: diversity 0.05'),
  'critic_won': ({'grad_norm_gen': 1e-5}, 'The critic has won: both'),
  'explosion': ({'slope': 2e3}, 'Exploding slopes: slope 2e'),
}


def feed(rows, start=1, guard=None, **keys):
  guard = guard or Guard(schema.Guard(**keys))
  return [guard.feed(10 * i, row) for i, row in enumerate(rows, start)]


def test_a_healthy_row_shows_nothing():
  assert feed([HEALTHY] * 9, patience=1) == [None] * 9


@pytest.mark.parametrize('name', failures.SIGNS)
def test_a_failure_is_reported_once_when_patience_is_exceeded(name):
  changes, sentence = BAD[name]
  bad = HEALTHY | changes
  found = feed([HEALTHY, bad, bad, bad, bad, bad], patience=3)
  assert [f is None for f in found] == [True] * 3 + [False] + [True] * 2
  assert found[3].healthy == 10
  assert found[3].message.startswith(sentence)
  assert found[3].message.endswith('(step 40, and 3 logged steps in a row).')


@pytest.mark.parametrize(
  'row',
  [
    {'diversity': 0.1}, {'slope': 1e3}, {'grad_norm_gen': 1e-4},
    {'grad_norm_gen': 0.0, 'accuracy_real': 0.99},
    {'grad_norm_gen': 0.0, 'accuracy_fake': 0.99},
    {'diversity': None, 'slope': None, 'grad_norm_gen': None},
  ],
)  # fmt: skip
def test_what_is_no_sign(row):
  assert feed([HEALTHY | row] * 3, patience=1) == [None] * 3


def test_a_healthy_row_gives_patience_back():
  bad = HEALTHY | {'diversity': 0.0}
  found = feed([bad, bad, HEALTHY, bad, bad, bad], patience=3)
  assert [f is not None for f in found] == [False] * 5 + [True]
  assert found[-1].healthy == 30


def test_other_rows_and_a_guard_that_is_off_say_nothing():
  assert feed([{'fid1k_digits': 0.0}], patience=1) == [None]
  bad = HEALTHY | {'diversity': 0.0}
  assert feed([bad], patience=1, action='off') == [None]


def test_a_resumed_run_remembers_its_rows(tmp_path):
  rows = [{'step': 10 * i} | HEALTHY | {'diversity': 0.0} for i in range(1, 4)]
  text = ''.join(json.dumps(row) + '\n' for row in rows)
  (tmp_path / 'metrics.jsonl').write_text(text)
  guard = failures.resume_guard(schema.Guard(), tmp_path, 20)
  assert guard.suspects
  (found,) = feed([HEALTHY | {'diversity': 0.0}], 3, guard)
  assert found.message.endswith('(step 30, and 3 logged steps in a row).')
  assert not failures.resume_guard(schema.Guard(), tmp_path / 'new', 0).suspects


# Digits and narrow nets: seconds, and long enough to fail or not to.
def config(**sections):
  values = {
    'data': {'name': 'digits'},
    'net': {
      'name': 'mlp', 'latent_size': 16, 'gen_widths': (64, 64),
      'critic_widths': (64, 64), 'conv': 'lax',
    },
    'loss': {'name': 'nonsaturating'},
    'penalty': {'preset': 'none', 'warmup_steps': 2},
    'optim': {'gen': {'lr': 1e-3}, 'critic': {'lr': 1e-3}},
    'train': {'critic_steps': 1, 'steps': 200},
    'log': {'every_steps': 10, 'tensorboard': False},
    'eval': {'every_steps': 1_000},
    'checkpoint': {'every_steps': 20, 'max_to_keep': 9},
  }  # fmt: skip
  for name, section in sections.items():
    values[name] = {**values.get(name, {}), **section}
  return from_config_dict(values)


FAILING = {
  'collapse': {
    'optim': {'gen': {'lr': 2e-2}}, 'train': {'critic_steps': 1, 'gen_steps': 5}
  },
  'critic_won': {
    'loss': {'name': 'minimax'}, 'train': {'critic_steps': 10},
    'optim': {'gen': {'lr': 1e-5}, 'critic': {'lr': 4e-3}},
  },
  'explosion': {
    'loss': {'name': 'wasserstein'}, 'optim': {'critic': {'lr': 1e-2}},
    'train': {'critic_steps': 5},
  },
}  # fmt: skip


@pytest.fixture(autouse=True)
def one_device(monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', lambda: mesh(1))


def mesh(devices):
  return jax.sharding.Mesh(jax.devices()[:devices], ('data',))


@pytest.mark.parametrize('name', small.quick(FAILING, 'explosion'))
def test_a_run_that_is_made_to_fail_is_stopped(name, tmp_path):
  failing = config(guard={'action': 'stop'}, **FAILING[name])
  sentence = BAD[name][1].split(':')[0]
  with pytest.raises(RunFailed, match=f'^{sentence}.*guard.action is stop'):
    train.train_and_evaluate(failing, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
  'sections',
  [
    {},
    small.slow(
      {'penalty': {'preset': 'iterative'}, 'loss': {'name': 'wasserstein'}}
    ),
    small.slow({'loss': {'name': 'relativistic'}, 'penalty': {'preset': 'r1'}}),
  ],
)
def test_healthy_runs_are_left_alone(sections, tmp_path):
  healthy = config(guard={'action': 'stop', 'patience': 1}, **sections)
  assert int(train.train_and_evaluate(healthy, tmp_path).step) == 200


@pytest.mark.slow
def test_a_failure_is_warned_of_and_the_run_goes_on(tmp_path, caplog):
  short = config(train={'steps': 40}, guard={'diversity': 99.0})
  assert int(train.train_and_evaluate(short, tmp_path).step) == 40
  assert caplog.text.count('Mode collapse: diversity') == 1


class Plant:
  """A sign that shows itself in some of its looks, whatever the row."""

  def __init__(self, *looks):
    self.looks, self.seen = looks, 0

  def __call__(self, row, config):
    self.seen += 1
    return 'it was planted' if self.seen in self.looks else ''


def plant(monkeypatch, *looks):
  monkeypatch.setattr(failures, 'SIGNS', {'plant': Plant(*looks)})


BACK = {'action': 'rollback', 'patience': 2}


def test_a_rollback_restores_the_last_good_checkpoint(tmp_path, monkeypatch):
  usual = config(train={'steps': 100})
  plain = train.train_and_evaluate(usual, tmp_path / 'plain')
  # Steps 50 and 60 look bad, so 40 is the last good checkpoint.
  plant(monkeypatch, 5, 6)
  back = dataclasses.replace(usual, guard=schema.Guard(**BACK))
  state = train.train_and_evaluate(back, tmp_path / 'run')
  assert int(state.step) == 100
  (record,) = workdir.rollbacks(tmp_path / 'run')
  assert record['to'] == 40
  assert record['because'].startswith('It was planted (step 60')
  rows = read_metrics(tmp_path / 'run' / 'metrics.jsonl')
  assert [row['step'] for row in rows] == list(range(10, 101, 10))
  # Up to there nothing has changed, and what follows is another attempt.
  before = read_metrics(tmp_path / 'plain' / 'metrics.jsonl')
  gaps = [[row['gap'] for row in story] for story in (before, rows)]
  assert gaps[0][:4] == gaps[1][:4]
  assert gaps[0][4] != gaps[1][4]
  with pytest.raises(AssertionError):
    chex.assert_trees_all_equal(state.variables, plain.variables)


@pytest.mark.slow
def test_an_interrupted_run_with_a_rollback_is_the_same(tmp_path, monkeypatch):
  whole = config(train={'steps': 100}, guard=BACK)
  plant(monkeypatch, 5, 6)
  expected = train.train_and_evaluate(whole, tmp_path / 'whole')
  short = config(train={'steps': 60}, guard=BACK)
  plant(monkeypatch, 5, 6)
  train.train_and_evaluate(short, tmp_path / 'cut')
  found = train.train_and_evaluate(
    whole, tmp_path / 'cut', accept_new_config=True
  )
  chex.assert_trees_all_equal(found.variables, expected.variables)


@pytest.mark.slow
@pytest.mark.parametrize('devices', [1, small.slow(8)])
def test_discarded_checkpoints_are_kept_in_rolled_back(
  devices, tmp_path, monkeypatch
):
  monkeypatch.setattr(mesh_lib, 'make_mesh', lambda: mesh(devices))
  # Step 60 is saved before step 70 looks bad; the sign began at 50.
  plant(monkeypatch, 5, 6, 7)
  back = config(train={'steps': 80}, guard=BACK | {'patience': 3})
  monkeypatch.setattr(Guard, 'suspects', False)
  train.train_and_evaluate(back, tmp_path)
  assert [p.name for p in (tmp_path / 'rolled_back').iterdir()] == ['60']
  steps = {int(p.name) for p in (tmp_path / 'checkpoints').iterdir()}
  assert steps == {20, 40, 60, 80}


@pytest.mark.slow
def test_a_failing_state_does_not_replace_a_good_one(tmp_path, monkeypatch):
  plant(monkeypatch, *range(5, 11))
  keep = {'every_steps': 20, 'max_to_keep': 1}
  back = config(
    train={'steps': 120}, guard=BACK | {'patience': 6}, checkpoint=keep
  )
  state = train.train_and_evaluate(back, tmp_path)
  assert workdir.rollbacks(tmp_path)[0]['to'] == 40
  assert int(state.step) == 120


def test_no_checkpoint_to_roll_back_to(tmp_path, monkeypatch):
  plant(monkeypatch, 1, 2)
  with pytest.raises(RunFailed, match='no checkpoint of step 0 or before'):
    train.train_and_evaluate(config(guard=BACK), tmp_path)


@pytest.mark.slow
def test_the_number_of_rollbacks_is_limited(tmp_path, monkeypatch):
  # After each way back to 20 the guard looks at 10 and 20 once more.
  plant(monkeypatch, 3, 4, 7, 8, 11, 12)
  with pytest.raises(
    RunFailed, match=r'rolled back 2 times, which is guard\.rollbacks'
  ):
    train.train_and_evaluate(config(guard=BACK | {'rollbacks': 2}), tmp_path)


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_rolled_back(tmp_path):
  explosive = {'gen': {'lr': 1e-3}, 'critic': {'lr': 1e20}}
  back = config(
    guard=BACK | {'rollbacks': 1}, optim=explosive,
    train={'steps': 30}, loss={'name': 'wasserstein'},
  )  # fmt: skip
  with pytest.raises(RunFailed, match=r'^A loss, .* not finite at step 1\.'):
    train.train_and_evaluate(back, tmp_path)


BROKEN = {
  'optim': {'gen': {'lr': 1e30}}, 'log': {'every_steps': 1},
  'checkpoint': {'every_steps': 1},
}  # fmt: skip


@pytest.mark.parametrize(
  ('action', 'error'),
  [('warn', FloatingPointError), ('rollback', RunFailed)],
)
@pytest.mark.parametrize('steps', [small.slow(1), 4])
def test_a_broken_generator_is_named_at_once_and_never_saved(
  steps, action, error, tmp_path
):
  broken = config(**BROKEN, train={'steps': steps}, guard={'action': action})
  with pytest.raises(error, match=r'at step 1\. There is no checkpoint'):
    train.train_and_evaluate(broken, tmp_path)
  assert not [p for p in (tmp_path / 'checkpoints').iterdir() if p.is_dir()]
  assert not workdir.rollbacks(tmp_path)


def test_a_broken_generator_is_not_evaluated(tmp_path):
  called = []
  broken = config(
    optim={'gen': {'lr': 1e30}}, train={'steps': 3}, eval={'every_steps': 1}
  )
  with pytest.raises(FloatingPointError, match='at step 1'):
    train.train_and_evaluate(
      broken, tmp_path, callback=lambda step, _: called.append(step)
    )
  assert not called


@pytest.mark.slow
def test_a_checkpoint_that_fails_at_once_is_left_for_the_one_before(
  tmp_path, monkeypatch
):
  make = train.step_lib.make_train_step
  grow = jax.jit(lambda tree: jax.tree.map(lambda x: x * 1e17, tree))
  called = []

  def make_broken(*args):
    def step(state, batch):
      called.append(1)
      state, metrics = original(state, batch)
      if len(called) == 2:  # Only the next steps can show it.
        gen = grow(state.variables.gen)
        variables = state.variables._replace(gen=gen)
        state = dataclasses.replace(state, variables=variables)
      return state, metrics

    original = make(*args)
    return step

  monkeypatch.setattr(train.step_lib, 'make_train_step', make_broken)
  run = config(train={'steps': 4}, guard=BACK, **{
    k: BROKEN[k] for k in ('log', 'checkpoint')})  # fmt: skip
  assert int(train.train_and_evaluate(run, tmp_path).step) == 4
  assert [r['to'] for r in workdir.rollbacks(tmp_path)] == [2, 1]
