"""How trials start, end, fail and restart; runs only pretend to train."""

import json
import logging
import math
import runpy

import optuna
import pytest
import small
import sqlalchemy
from optuna.trial import TrialState

from jaxgan.config import files, load_config, replace
from jaxgan.search import objective as objective_lib
from jaxgan.search import report, runner, space, trials
from jaxgan.search import study as study_lib
from jaxgan.storage import workdir
from jaxgan.training import train
from jaxgan.training.failures import RunFailed
from jaxgan.training.preemption import Interrupted

METRIC = 'w1_100_pixels'
BASE = {
  'net': {'name': 'mlp', 'gen_widths': (8,), 'critic_widths': (8,)},
  'train': {'steps': 4},
  'eval': {'every_steps': 2},
  'log': {'every_steps': 1},
}
SPACE = {
  'optim.gen.lr': {'low': 1e-6, 'high': 1e-1, 'log': True, 'num': 6},
}


def make_search(folder, sampler='tpe', prune='none', seed=0, values=SPACE):
  base, objective = objective_lib.parse(BASE, METRIC, 'minimise')
  parsed = space.parse(values, base)
  plain, goal = space.to_plain(parsed), objective._asdict()
  shared = {'config': base, 'space': plain, 'goal': goal}
  workdir.make(folder)
  url = study_lib.sqlite_url(folder)
  study = study_lib.create_or_load(url, 'search', objective, shared)
  study_lib.configure(study, sampler, seed, prune)
  grid = sampler == 'grid'
  points = space.grid(parsed) if grid else space.initial(parsed, base)
  return trials.Search(
    study, base, parsed, objective, folder, tuple(points), grid
  )


def distance(config):
  """Returns an objective whose least value, 1, is at a rate of 1e-3."""
  return 1 + math.log10(config.optim.gen.lr / 1e-3) ** 2


@pytest.fixture
def runs(monkeypatch):
  """Lists (folder, rate) of each run.

  `runs.fail` maps a config to an error to raise, `runs.value` to the metric.
  """

  class Runs(list):
    fail = staticmethod(lambda config: None)
    value = staticmethod(distance)

  runs = Runs()

  def fake(config, folder, *, callback):
    runs.append((folder.name, config.optim.gen.lr))
    workdir.write_config(folder, config)
    lines = []
    for step in (2, 4):
      values = {METRIC: runs.value(config) + 4 - step}
      lines.append(json.dumps({'step': step, **values}) + '\n')
      (folder / 'metrics.jsonl').write_text(''.join(lines))
      callback(step, values)
      if error := runs.fail(config):
        raise error

  monkeypatch.setattr(train, 'train_and_evaluate', fake)
  return runs


def states(search):
  return [trial.state for trial in search.study.trials]


@pytest.mark.parametrize('sampler', small.quick(['tpe', 'random'], 'random'))
def test_a_search_starts_at_the_config_and_gets_better(sampler, runs, tmp_path):
  search = make_search(tmp_path, sampler)
  runner.run(search, 12)
  assert len(runs) == 12
  assert runs[0] == ('0000', 1e-4)
  assert search.study.best_value < search.study.trials[0].value == 2
  assert len({rate for _, rate in runs}) == 12


@pytest.mark.slow
def test_a_search_does_not_depend_on_interruptions(runs, tmp_path):
  whole, cut = tmp_path / 'whole', tmp_path / 'cut'
  runner.run(make_search(whole), 9)
  rates = [rate for _, rate in runs]
  for num in (2, 7, 9):
    runner.run(make_search(cut), num)
  assert [rate for _, rate in runs[9:]] == rates
  runner.run(make_search(tmp_path / 'other', seed=1), 9)
  assert [rate for _, rate in runs[18:]] != rates


def test_keys_are_sampled_independently(runs, tmp_path):
  values = {**SPACE, 'optim.critic.lr': SPACE['optim.gen.lr']}
  search = make_search(tmp_path, 'random', values=values)
  runner.run(search, 3)
  gen, critic = search.study.trials[1].params.values()
  assert gen != pytest.approx(critic, rel=1e-3)


def test_a_grid_is_tried_once_in_order(runs, tmp_path):
  runner.run(make_search(tmp_path, 'grid'), 4)
  runner.run(make_search(tmp_path, 'grid'), 100)
  rates = [rate for _, rate in runs]
  assert rates == pytest.approx([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1])


def test_a_hopeless_trial_is_pruned_at_an_evaluation(runs, tmp_path):
  runner.run(make_search(tmp_path), 6)
  runs.value = lambda config: 100.0
  search = make_search(tmp_path, prune='median')
  runner.run(search, 7)
  last = search.study.trials[-1]
  assert (last.state, last.last_step) == (TrialState.PRUNED, 2)
  assert len(json.loads((tmp_path / 'trials/0006/config.json').read_text()))


@pytest.mark.parametrize(
  'error', [FloatingPointError('A loss was not finite.'), RunFailed('It won.')]
)
def test_a_failed_run_is_the_worst(error, runs, tmp_path):
  runs.fail = lambda config: error if config.optim.gen.lr == 1e-4 else None
  search = make_search(tmp_path)
  runner.run(search, 3)
  assert states(search) == [TrialState.PRUNED, *[TrialState.COMPLETE] * 2]
  ranked = report.rank(search.study, search.objective)
  assert ranked[-1].number == 0
  assert str(error) in report.table(
    search.study, search.space, search.objective
  )


def test_a_value_that_is_not_finite_is_the_worst(runs, tmp_path):
  runs.value = lambda config: math.inf
  search = make_search(tmp_path)
  runner.run(search, 1)
  assert states(search) == [TrialState.PRUNED]
  assert 'not finite' in search.study.trials[0].user_attrs['why']


def test_incompatible_values_are_the_worst(runs, tmp_path):
  values = {
    'penalty.target_law': {'choices': ('constant', 'ratio')},
    'penalty.sides': {'choices': ('two', 'one')},
  }
  base = {**BASE, 'penalty': {'sides': 'one'}}
  with pytest.MonkeyPatch.context() as patch:
    patch.setitem(BASE, 'penalty', base['penalty'])
    search = make_search(tmp_path, 'grid', values=values)
    runner.run(search, 4)
  assert len(runs) == 3
  (wrong,) = [t for t in search.study.trials if t.state == TrialState.PRUNED]
  assert 'must be one-sided' in wrong.user_attrs['why']


def test_an_interrupted_trial_continues_first_in_its_folder(runs, tmp_path):
  event = Interrupted('stopped', 143)
  runs.fail = lambda config: event if config.optim.gen.lr < 5e-6 else None
  for _ in range(5):  # However often it is interrupted.
    with pytest.raises(Interrupted):
      runner.run(make_search(tmp_path, 'grid'), 2)
  runs.fail = lambda config: None
  search = make_search(tmp_path, 'grid')
  runner.run(search, 2)
  assert [name for name, _ in runs] == ['0000'] * 6 + ['0006']
  assert states(search) == [TrialState.FAIL] * 5 + [TrialState.COMPLETE] * 2
  assert search.study.trials[5].params == search.study.trials[0].params


def test_a_trial_is_pruned_after_three_attempts(runs, tmp_path):
  runs.fail = lambda config: OSError('disk full')
  for _ in range(3):
    with pytest.raises(OSError, match='disk full'):
      runner.run(make_search(tmp_path, 'grid'), 2)
  assert {name for name, _ in runs} == {'0000'}
  runs.fail = lambda config: None
  search = make_search(tmp_path, 'grid')
  runner.run(search, 2)
  (wrong,) = [t for t in search.study.trials if t.state == TrialState.PRUNED]
  assert wrong.user_attrs['why'] == 'The process of the trial ended 3 times.'


def test_a_trial_of_another_workdir_is_left_alone(runs, tmp_path):
  """Another machine may be training it."""
  here = make_search(tmp_path / 'here')
  there = here._replace(folder=tmp_path / 'there')
  workdir.make(there.folder)
  trials.assign_folder(there, trials.ask(there, 9, 1))
  runner.run(here, 2)
  assert states(here) == [TrialState.RUNNING, TrialState.COMPLETE]
  runner.run(there, 3)
  assert states(here)[0] == TrialState.FAIL
  assert states(here)[1:] == [TrialState.COMPLETE] * 3


def test_a_running_trial_is_not_taken_for_killed(runs, tmp_path):
  search = make_search(tmp_path)
  folder = trials.assign_folder(search, trials.ask(search, 9, 1))
  with workdir.lock(folder, '.trial'):
    runner.run(make_search(tmp_path), 2)
    assert states(search) == [TrialState.RUNNING, TrialState.COMPLETE]
  runner.run(make_search(tmp_path), 2)
  assert states(search)[0] == TrialState.FAIL


def test_another_search_in_the_storage_is_refused(tmp_path):
  make_search(tmp_path)
  other = {'optim.gen.lr': {**SPACE['optim.gen.lr'], 'high': 1.0}}
  with pytest.raises(ValueError, match=r'another search: space.optim.gen.lr.'):
    make_search(tmp_path, values=other)


@pytest.mark.parametrize('url', ['nonsense', 'nosql://x', 'sqlite:////no/x.db'])
def test_a_bad_storage_url_is_one_sentence(url):
  with pytest.raises(ValueError, match='--storage cannot be opened'):
    study_lib.load(url, 'search')


def test_a_report_ranks_draws_and_writes_a_config(runs, tmp_path, monkeypatch):
  pytest.importorskip('matplotlib')
  search = make_search(tmp_path, 'grid')
  runner.run(search, 6)
  facts = {
    'file': 'configs/digits.py:tiny', 'config': search.base,
    'space': space.to_plain(search.space), 'goal': search.objective._asdict(),
  }  # fmt: skip
  text = report.write(search.study, facts, tmp_path)
  rows = [line.split(' | ') for line in text.splitlines()[4:]]
  assert rows[0][1:5] == ['trials/0003', '1', '4', 'done']
  assert [float(row[2]) for row in rows] == sorted(float(r[2]) for r in rows)
  out = tmp_path / 'report'
  assert (out / 'report.md').read_text() == text
  assert (out / 'values.png').stat().st_size > 10_000
  config = runpy.run_path(str(out / 'best.py'))['get_config']()
  assert config.optim.gen.lr == pytest.approx(1e-3)
  assert config.eval.metrics == (METRIC,)
  assert config.train.steps == 4
  assert (
    config.net.latent_size == 8
  )  # From the file; the search does not set it.


def test_the_best_config_has_the_preset_of_the_command_line(tmp_path):
  changes = {'penalty.preset': 'r1', 'penalty.floor': 0.2}
  values = replace(files.read('toy').to_dict(), changes)
  facts = {
    'file': 'configs/toy.py', 'config': files.apply_preset(values, changes),
    'space': space.to_plain(space.parse(SPACE, values)),
    'goal': {'metric': METRIC},
  }  # fmt: skip
  trial = optuna.trial.create_trial(
    value=1.0,
    params={'optim.gen.lr': 1e-3},
    distributions={
      'optim.gen.lr': optuna.distributions.FloatDistribution(1e-6, 1e-1)
    },
  )
  (tmp_path / 'best.py').write_text(report.config_file(trial, facts, tmp_path))
  changes['optim.gen.lr'] = 1e-3
  assert load_config(f'{tmp_path}/best.py') == load_config('toy', changes)


def test_optuna_prints_nothing(runs, tmp_path, capfd, monkeypatch):
  # Without the messages of jaxgan, which a command may have enabled.
  monkeypatch.setattr(logging.getLogger('jaxgan'), 'handlers', [])
  optuna.logging.set_verbosity(optuna.logging.INFO)
  runner.run(make_search(tmp_path), 1)
  assert capfd.readouterr().err == ''


def test_processes_may_create_the_tables_at_once(tmp_path, monkeypatch):
  real, failures = optuna.storages.RDBStorage, ['first', 'second']

  def storage(*arguments, **options):
    if failures:
      raise sqlalchemy.exc.IntegrityError(failures.pop(), None, Exception())
    return real(*arguments, **options)

  monkeypatch.setattr(optuna.storages, 'RDBStorage', storage)
  monkeypatch.setattr(study_lib.time, 'sleep', lambda _: None)
  url = f'sqlite:///{tmp_path / "x.db"}'
  assert study_lib._storage(url).get_all_studies() == []
  failures.extend('x' * 9)
  with pytest.raises(ValueError, match='--storage cannot be opened'):
    study_lib._storage(url)
