"""Trials side by side: as alone, and what becomes of each in a group."""

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


def search(
  folder, metric='gap', sampler='grid', prune='none', values=SPACE, **others
):
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(search_runner_test, 'BASE', {**BASE, **others})
    patch.setattr(search_runner_test, 'METRIC', metric)
    return search_runner_test.search(folder, sampler, prune, values=values)


def states(found):
  return [trial.state for trial in found.study.trials]


@pytest.fixture
def fleets(monkeypatch):
  """The rates of each group; `fleets.at` says what replicas come to.

  It maps (step, rates [R]) to metrics by name, and `diverged` among them.
  """

  class Fleets(list):
    at = staticmethod(lambda step, rates: {})

  found = Fleets()

  def train(reps, dataset):
    rates = np.array(reps.values['optim.gen.lr'])
    found.append(list(rates))
    for step in range(reps.config.train.steps + 1):
      found.steps.append(step)
      values = {'diversity': rates * 0 + 1, 'gap': rates, 'slope': rates * 0}
      values |= {name: rates * 0 for name in METRICS if name not in values}
      values |= found.at(step, rates)
      gone = values.pop('diverged', rates * 0 - 1)
      yield vmapped_runs.Moment(
        step, types.SimpleNamespace(diverged_step=gone, ema={}), None, values
      )

  found.steps = []
  monkeypatch.setattr(vmapped_runs, 'train', train)
  monkeypatch.setattr(groups.Shared, 'dataset', lambda self: None)
  return found


def test_a_trial_in_a_group_is_worth_what_it_is_alone(tmp_path, monkeypatch):
  """Under another seed too, whose data and latents are others."""
  # Compiling for eight takes longer.
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  values = {
    'optim.gen.lr': {'choices': (1e-1, 1e-3)},
    'seed': {'choices': (4, 3)},
  }
  metric = 'w1_100_pixels'
  alone = search(tmp_path / 'alone', metric, values=values)
  trials.ask(alone, 9, 1)  # Left to the group.
  runner.run(alone, 1)
  together = search(tmp_path / 'together', metric, values=values)
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


def test_groups_are_asked_for_until_there_are_enough(fleets, tmp_path):
  values = {'optim.gen.lr': {**SPACE['optim.gen.lr'], 'num': 6}}
  found = search(tmp_path, values=values)
  runner.run(found, 5, 3)
  assert [len(rates) for rates in fleets] == [3, 2]
  runner.run(search(tmp_path, values=values), 100, 3)
  assert [len(rates) for rates in fleets] == [3, 2, 1]
  assert len({rate for rates in fleets for rate in rates}) == 6
  assert states(found) == [TrialState.COMPLETE] * 6
  assert found.study.best_value == pytest.approx(1e-4)


def test_what_is_asked_for_at_once_is_spread(tmp_path):
  """Where one rate was the best so far, not all of a group go to it."""
  found = search(tmp_path, sampler='tpe')
  for exponent in np.linspace(-4, -1, 10):
    found.study.add_trial(
      optuna.trial.create_trial(
        params={'optim.gen.lr': float(10**exponent)},
        distributions=study_lib.distributions(found.space),
        value=float(abs(exponent + 3)),
      )
    )
  asked = trials.ask(found, 99, 8)
  rates = [trial.params['optim.gen.lr'] for trial in asked]
  assert np.std(np.log10(rates)) > 0.3


def test_a_member_is_pruned_and_the_others_go_on(fleets, tmp_path, monkeypatch):
  runner.run(search(tmp_path, sampler='random'), 6, 6)
  fleets.at = lambda step, rates: {'gap': np.array([0.0, 100.0, 0.0])}
  asked = []
  value = groups.Shared.value

  def counted(self, config, row, ema, step):
    asked.append((step, row['gap']))
    return value(self, config, row, ema, step)

  monkeypatch.setattr(groups.Shared, 'value', counted)
  found = search(tmp_path, sampler='random', prune='median')
  runner.run(found, 9, 3)
  done, pruned = TrialState.COMPLETE, TrialState.PRUNED
  assert states(found)[6:] == [done, pruned, done]
  assert found.study.trials[7].last_step == 2
  assert asked == [(2, 0), (2, 100), (2, 0), (4, 0), (4, 0)]


def test_a_group_ends_when_all_of_it_are_over(fleets, tmp_path):
  runner.run(search(tmp_path, sampler='random'), 6, 6)
  fleets.at = lambda step, rates: {'gap': rates * 0 + 100}
  found = search(tmp_path, sampler='random', prune='median')
  runner.run(found, 8, 2)
  assert states(found)[6:] == [TrialState.PRUNED] * 2
  assert fleets.steps == [0, 1, 2, 3, 4, 0, 1, 2]


@pytest.mark.parametrize(
  ('wrong', 'why'),
  [
    ({'diverged': [-1, 3, -1, -1]}, 'A loss was not finite at step 3.'),
    ({'diversity': [1, 0, 1, 1]}, 'Mode collapse: diversity 0.*is stop.'),
    ({'gap': [1, np.nan, 1, 1]}, 'gap was not finite.'),
  ],
)
def test_a_member_that_goes_wrong_is_the_worst(wrong, why, fleets, tmp_path):
  guard = {'action': 'stop', 'patience': 1}
  fleets.at = lambda step, rates: {
    name: np.array(value) for name, value in wrong.items() if step == 4
  }
  found = search(tmp_path, guard=guard)
  runner.run(found, 4, 4)
  done, pruned = TrialState.COMPLETE, TrialState.PRUNED
  assert states(found) == [done, pruned, done, done]
  ranked = report.ranked(found.study, found.goal)
  assert ranked[-1].number == 1
  assert re.fullmatch(why, ranked[-1].user_attrs['why'])


def test_a_member_whose_values_exclude_each_other(
  fleets, tmp_path, monkeypatch
):
  config_of = groups.space_lib.config_of

  def refuse(base, params):
    if params.get('optim.gen.lr') == 1e-4:
      raise ValueError('No such pair.')
    return config_of(base, params)

  found = search(tmp_path)
  monkeypatch.setattr(groups.space_lib, 'config_of', refuse)
  runner.run(found, 4, 2)
  assert [len(rates) for rates in fleets] == [1, 2]
  assert states(found) == [TrialState.PRUNED] + [TrialState.COMPLETE] * 3


def test_a_group_that_ends_its_process_is_tried_from_its_start(
  fleets, tmp_path
):
  def full(step, rates):
    if step == 3:
      raise OSError('disk full')
    return {}

  fleets.at = full
  for _ in range(3):
    with pytest.raises(OSError, match='disk full'):
      runner.run(search(tmp_path), 3, 2)
  assert fleets[0] == fleets[1] == fleets[2]
  fleets.at = lambda step, rates: {}
  found = search(tmp_path)
  runner.run(found, 3, 2)
  wrong = [t for t in found.study.trials if t.state == TrialState.PRUNED]
  assert [t.user_attrs['why'] for t in wrong] == [
    'It ended its process 3 times.'
  ] * 2
  assert len(fleets[-1]) == 1
  assert fleets[-1][0] not in fleets[0]


def test_an_interrupted_group_does_not_count_as_an_attempt(fleets, tmp_path):
  def stop(step, rates):
    if step == 3:
      signal.raise_signal(signal.SIGTERM)
    return {}

  fleets.at = stop
  for _ in range(4):
    with pytest.raises(Interrupted, match='after step 3, of which') as event:
      runner.run(search(tmp_path), 2, 2)
    assert event.value.status == 143
  fleets.at = lambda step, rates: {}
  found = search(tmp_path)
  runner.run(found, 2, 2)
  assert states(found)[-2:] == [TrialState.COMPLETE] * 2
  assert {tuple(rates) for rates in fleets} == {(1e-4, 1e-3)}


def test_a_killed_group_is_noticed_and_what_runs_is_not(fleets, tmp_path):
  found = search(tmp_path)
  folder = trials.claim(found, trials.ask(found, 9, 2), group=True)
  with workdir.held(folder, '.trial'):
    runner.run(search(tmp_path), 3, 4)
    running, done = TrialState.RUNNING, TrialState.COMPLETE
    assert states(found) == [running, running, done]
  runner.run(search(tmp_path), 3, 4)
  assert states(found)[:2] == [TrialState.FAIL] * 2
  assert states(found)[3:] == [done] * 2
  assert [len(rates) for rates in fleets] == [1, 2]


def test_what_was_in_a_group_may_go_on_alone(fleets, tmp_path, monkeypatch):
  found = search(tmp_path)
  trials.claim(found, trials.ask(found, 9, 2), group=True)
  names = []

  def alone(config, folder, *, watch):
    names.append(folder.name)
    (folder / 'metrics.jsonl').write_text('{"step": 4, "gap": 1.0}\n')

  monkeypatch.setattr(train, 'train_and_evaluate', alone)
  runner.run(search(tmp_path), 2)
  assert names == ['0002', '0003']
  text = report.table(
    report.ranked(found.study, found.goal),
    found.space,
    found.goal,
    found.study,
  )
  assert 'trials/0002' in text


def test_the_best_of_a_group_is_written_down(fleets, tmp_path):
  pytest.importorskip('matplotlib')
  found = search(tmp_path)
  runner.run(found, 4, 4)
  facts = {
    'file': 'configs/digits.py:tiny', 'config': found.base,
    'space': space.to_plain(found.space), 'goal': found.goal._asdict(),
  }  # fmt: skip
  text = report.write(found.study, facts, tmp_path)
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
      'data.placement is host, .*; set another one',
    ),
    (
      {'guard': {'action': 'rollback'}}, SPACE,
      'guard.action is rollback, .* no checkpoints',
    ),
  ],
)  # fmt: skip
def test_what_cannot_be_trained_together_is_refused(others, values, words):
  base = {**BASE, **others}
  with pytest.raises(ValueError, match=words):
    groups.check(space.parse(values, base), base)
  groups.check(space.parse(SPACE, BASE), BASE)


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
