"""Trials in a group give the values of single trials, and end one by one."""

import re
import runpy
import signal
import subprocess
import sys
import types

import numpy as np
import optuna
import pytest
import small
from journeys import search_test as search_journey_test
from optuna.trial import TrialState
from search import runner_test as search_runner_test

from jaxgan.gan import sharding as mesh_lib
from jaxgan.search import groups, report, runner, space, trials
from jaxgan.search import study as study_lib
from jaxgan.storage import workdir
from jaxgan.training import train, vmapped_runs
from jaxgan.training.preemption import Interrupted
from jaxgan.types import METRICS

BASE = {
  'data': {'name': 'digits', 'mock_examples': 200},
  'net': {
    'name': 'mlp', 'latent_size': 4, 'gen_widths': (8,), 'critic_widths': (8,),
  },
  'train': {'steps': 4, 'batch_size': 8, 'critic_steps': 1, 'ema_decay': 0.5},
  'eval': {'every_steps': 2},
  'log': {'every_steps': 1, 'tensorboard': False},
  'guard': {'patience': 1},
  'optim': {'gen': {'name': 'sgd'}, 'critic': {'name': 'sgd', 'lr': 0.3}},
  'penalty': {'preset': 'none'},
}  # fmt: skip
SPACE = {
  'optim.gen.lr': {'low': 1e-4, 'high': 1e-1, 'log': True, 'num': 4},
}


def make_search(
  folder, metric='gap', sampler='grid', prune='none', values=SPACE, **others
):
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(search_runner_test, 'BASE', {**BASE, **others})
    patch.setattr(search_runner_test, 'METRIC', metric)
    return search_runner_test.make_search(folder, sampler, prune, values=values)


def states(search):
  return [trial.state for trial in search.study.trials]


@pytest.fixture
def programs(monkeypatch):
  """Lists the rates of each group that one program trains.

  `programs.at` maps (step, rates [R]) to metrics by name; its entry `diverged`
  gives the steps at which losses were not finite.
  """

  class Programs(list):
    at = staticmethod(lambda step, rates: {})

  programs = Programs()

  def train(reps, dataset):
    rates = np.array(reps.values['optim.gen.lr'])
    programs.append(list(rates))
    for step in range(reps.config.train.steps + 1):
      programs.steps.append(step)
      values = {'diversity': rates * 0 + 1, 'gap': rates, 'slope': rates * 0}
      values |= {name: rates * 0 for name in METRICS if name not in values}
      values |= programs.at(step, rates)
      diverged = values.pop('diverged', rates * 0 - 1)
      yield vmapped_runs.Snapshot(
        step,
        types.SimpleNamespace(diverged_step=diverged, ema={}),
        None,
        values,
      )

  programs.steps = []
  monkeypatch.setattr(vmapped_runs, 'train', train)
  monkeypatch.setattr(groups.Resources, 'dataset', None)
  return programs


@pytest.mark.slow
def test_a_trial_in_a_group_equals_a_single_trial(tmp_path, monkeypatch):
  """Also under another seed, with other batches and latents."""
  # Compiling for eight takes longer.
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  values = {
    'optim.gen.lr': {'choices': (1e-1, 1e-3)},
    'seed': {'choices': (4, 3)},
  }
  metric = 'w1_100_pixels'
  alone = make_search(tmp_path / 'alone', metric, values=values)
  trials.ask(alone, 9, 1)  # Left to the group.
  runner.run(alone, 1)
  together = make_search(tmp_path / 'together', metric, values=values)
  runner.run(together, 2, 2)
  one, (other, same) = alone.study.trials[1], together.study.trials
  assert same.params == one.params
  assert same.value != other.value
  assert [*same.intermediate_values] == [2, 4]
  np.testing.assert_allclose(
    [*same.intermediate_values.values(), same.value],
    [*one.intermediate_values.values(), one.value],
    rtol=1e-4,
  )


@pytest.mark.slow
def test_groups_are_trained_until_there_are_enough_trials(programs, tmp_path):
  values = {'optim.gen.lr': {**SPACE['optim.gen.lr'], 'num': 6}}
  search = make_search(tmp_path, values=values)
  runner.run(search, 5, 3)
  assert [len(rates) for rates in programs] == [3, 2]
  runner.run(make_search(tmp_path, values=values), 100, 3)
  assert [len(rates) for rates in programs] == [3, 2, 1]
  assert len({rate for rates in programs for rate in rates}) == 6
  assert states(search) == [TrialState.COMPLETE] * 6
  assert search.study.best_value == pytest.approx(1e-4)


def test_trials_sampled_at_once_are_spread(tmp_path):
  """Not all trials of a group go to the best rate so far."""
  search = make_search(tmp_path, sampler='tpe')
  for exponent in np.linspace(-4, -1, 10):
    search.study.add_trial(
      optuna.trial.create_trial(
        params={'optim.gen.lr': float(10**exponent)},
        distributions=study_lib.distributions(search.space),
        value=float(abs(exponent + 3)),
      )
    )
  new = trials.ask(search, 99, 8)
  rates = [trial.params['optim.gen.lr'] for trial in new]
  assert np.std(np.log10(rates)) > 0.3


def test_a_member_is_pruned_and_the_others_continue(
  programs, tmp_path, monkeypatch
):
  runner.run(make_search(tmp_path, sampler='random'), 6, 6)
  programs.at = lambda step, rates: {'gap': np.array([0.0, 100.0, 0.0])}
  evaluated = []
  value = groups.Resources.value

  def counted(self, config, row, ema, step):
    evaluated.append((step, row['gap']))
    return value(self, config, row, ema, step)

  monkeypatch.setattr(groups.Resources, 'value', counted)
  search = make_search(tmp_path, sampler='random', prune='median')
  runner.run(search, 9, 3)
  done, pruned = TrialState.COMPLETE, TrialState.PRUNED
  assert states(search)[6:] == [done, pruned, done]
  assert search.study.trials[7].last_step == 2
  assert evaluated == [(2, 0), (2, 100), (2, 0), (4, 0), (4, 0)]


@pytest.mark.slow
def test_a_group_ends_when_all_members_are_finished(programs, tmp_path):
  runner.run(make_search(tmp_path, sampler='random'), 6, 6)
  programs.at = lambda step, rates: {'gap': rates * 0 + 100}
  search = make_search(tmp_path, sampler='random', prune='median')
  runner.run(search, 8, 2)
  assert states(search)[6:] == [TrialState.PRUNED] * 2
  assert programs.steps == [0, 1, 2, 3, 4, 0, 1, 2]


@pytest.mark.parametrize(
  ('wrong', 'why'),
  [
    ({'diverged': [-1, 3, -1, -1]}, 'A loss, .* not finite at step 3.'),
    small.slow(
      {'diversity': [1, 0, 1, 1]}, 'Mode collapse: diversity 0.*is stop.'
    ),
    small.slow({'gap': [1, np.nan, 1, 1]}, 'gap was not finite.'),
  ],
)
def test_a_failed_member_is_the_worst(wrong, why, programs, tmp_path):
  guard = {'action': 'stop', 'patience': 1}
  programs.at = lambda step, rates: {
    name: np.array(value) for name, value in wrong.items() if step == 4
  }
  search = make_search(tmp_path, guard=guard)
  runner.run(search, 4, 4)
  done, pruned = TrialState.COMPLETE, TrialState.PRUNED
  assert states(search) == [done, pruned, done, done]
  ranked = report.rank(search.study, search.objective)
  assert ranked[-1].number == 1
  assert re.fullmatch(why, ranked[-1].user_attrs['why'])


def test_a_member_with_incompatible_values(programs, tmp_path, monkeypatch):
  make_config = groups.space_lib.make_config

  def refuse(base, params):
    if params.get('optim.gen.lr') == 1e-4:
      raise ValueError('No such pair.')
    return make_config(base, params)

  search = make_search(tmp_path)
  monkeypatch.setattr(groups.space_lib, 'make_config', refuse)
  runner.run(search, 4, 2)
  assert [len(rates) for rates in programs] == [1, 2]
  assert states(search) == [TrialState.PRUNED] + [TrialState.COMPLETE] * 3


def test_a_group_that_ends_its_process_restarts(programs, tmp_path):
  def full(step, rates):
    if step == 3:
      raise OSError('disk full')
    return {}

  programs.at = full
  for _ in range(3):
    with pytest.raises(OSError, match='disk full'):
      runner.run(make_search(tmp_path), 3, 2)
  assert programs[0] == programs[1] == programs[2]
  programs.at = lambda step, rates: {}
  search = make_search(tmp_path)
  runner.run(search, 3, 2)
  wrong = [t for t in search.study.trials if t.state == TrialState.PRUNED]
  assert [t.user_attrs['why'] for t in wrong] == [
    'The process of the trial ended 3 times.'
  ] * 2
  assert len(programs[-1]) == 1
  assert programs[-1][0] not in programs[0]


@pytest.mark.slow
def test_an_interrupted_group_does_not_count_as_an_attempt(programs, tmp_path):
  def stop(step, rates):
    if step == 3:
      signal.raise_signal(signal.SIGTERM)
    return {}

  programs.at = stop
  for _ in range(4):
    with pytest.raises(Interrupted, match='after step 3, without') as event:
      runner.run(make_search(tmp_path), 2, 2)
    assert event.value.status == 143
  programs.at = lambda step, rates: {}
  search = make_search(tmp_path)
  runner.run(search, 2, 2)
  assert states(search)[-2:] == [TrialState.COMPLETE] * 2
  assert {tuple(rates) for rates in programs} == {(1e-4, 1e-3)}


def test_a_killed_group_restarts_and_a_running_one_does_not(programs, tmp_path):
  search = make_search(tmp_path)
  folder = trials.assign_folder(search, trials.ask(search, 9, 2), group=True)
  with workdir.lock(folder, '.trial'):
    runner.run(make_search(tmp_path), 3, 4)
    running, done = TrialState.RUNNING, TrialState.COMPLETE
    assert states(search) == [running, running, done]
  runner.run(make_search(tmp_path), 3, 4)
  assert states(search)[:2] == [TrialState.FAIL] * 2
  assert states(search)[3:] == [done] * 2
  assert [len(rates) for rates in programs] == [1, 2]


@pytest.mark.slow
def test_a_member_of_a_group_may_restart_as_a_single_trial(
  programs, tmp_path, monkeypatch
):
  search = make_search(tmp_path)
  trials.assign_folder(search, trials.ask(search, 9, 2), group=True)
  names = []

  def single(config, folder, *, callback):
    names.append(folder.name)
    (folder / 'metrics.jsonl').write_text('{"step": 4, "gap": 1.0}\n')

  monkeypatch.setattr(train, 'train_and_evaluate', single)
  runner.run(make_search(tmp_path), 2)
  assert names == ['0002', '0003']
  text = report.table(search.study, search.space, search.objective)
  assert 'trials/0002' in text


@pytest.mark.slow
def test_the_best_of_a_group_is_reported(programs, tmp_path):
  pytest.importorskip('matplotlib')
  search = make_search(tmp_path)
  runner.run(search, 4, 4)
  facts = {
    'file': 'configs/digits.py:tiny', 'config': search.base,
    'space': space.to_plain(search.space), 'goal': search.objective._asdict(),
  }  # fmt: skip
  text = report.write(search.study, facts, tmp_path)
  rows = [line.split(' | ') for line in text.splitlines()[4:]]
  assert [row[1] for row in rows] == [''] * 4
  config = runpy.run_path(str(tmp_path / 'report/best.py'))['get_config']()
  assert config.optim.gen.lr == pytest.approx(1e-4)


@pytest.mark.parametrize(
  ('others', 'values', 'words'),
  [
    (
      {}, {'train.critic_steps': {'choices': (1, 2)}},
      'train.critic_steps in the space .* may change only seed, penalty.weight',
    ),
    (
      {'data': {'placement': 'host'}}, SPACE,
      'data.placement is host, .*; set another value',
    ),
    (
      {'data': {'name': 'mnist', 'placement': 'stream'}}, SPACE,
      'data.placement is stream, .*; set another value',
    ),
    (
      {'guard': {'action': 'rollback'}}, SPACE,
      'guard.action is rollback, .* no checkpoints',
    ),
  ],
)  # fmt: skip
def test_a_search_that_cannot_be_grouped_is_refused(others, values, words):
  base = {**BASE, **others}
  with pytest.raises(ValueError, match=words):
    groups.check(space.parse(values, base), base)
  groups.check(space.parse(SPACE, BASE), BASE)


@pytest.mark.slow
def test_the_command_refuses_before_any_work(tmp_path):
  done = subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.search', '--together=2', '--metric=gap',
      '--config=configs/digits.py:tiny', f'--workdir={tmp_path / "w"}',
      '--space=configs/search/digits.py',
    ],
    cwd=search_journey_test.ROOT, capture_output=True, text=True,
  )  # fmt: skip
  assert done.returncode == 2
  assert done.stderr.startswith('jaxgan: train.critic_steps in the space')
  assert not (tmp_path / 'w').exists()
