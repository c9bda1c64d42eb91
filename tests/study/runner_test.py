"""Tests of whole studies: new, repeated, killed and resumed, in parallel."""

import dataclasses
import gzip
import json
import math
import pathlib
import signal
import subprocess
import sys
import threading
import time

import jax
import numpy as np
import pytest
from study import spec_test as study_spec_test

from jaxgan.gan import vmapped
from jaxgan.gan.replay import load_curve
from jaxgan.study import results, runner, spec

ROOT = pathlib.Path(__file__).parents[2]
METRIC = 'w1_100_pixels'


def small(**others):
  task = {**study_spec_test.TASK, 'real': 100}
  changes = {'penalty': {'preset': 'iterative', 'warmup_steps': 1}}
  arms = (
    {'name': 'a'},
    {'name': 'again'},
    {'name': 'moving', 'changes': changes},
    {'name': 'yoked', 'replays': 'moving'},
  )
  values = {
    'arms': arms, 'again': 'again', 'tasks': (task,), 'block': 3, **others,
  }  # fmt: skip
  return spec.parse(study_spec_test.values(**values))


def run(study, folder):
  folder.mkdir(exist_ok=True)
  runner.run_blocks(*_next(study, folder))
  return results.load(folder / 'results.jsonl')


def _next(study, folder):
  phase, blocks = runner.pending_blocks(study, folder)
  return phase, folder, blocks


def lone(arm, **others):
  """The same study with one of its arms only."""
  arms = [x for x in dataclasses.asdict(small())['arms'] if x['name'] == arm]
  return small(arms=arms, baseline=arm, again=arm, **others)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  return tmp_path_factory.mktemp('study') / 'w'


@pytest.fixture(scope='module')
def rows(folder):
  return run(small(), folder)


def timeless(row):
  return row._replace(seconds=0.0)


def of(rows, arm):
  return {(r.seed, r.step): r for r in rows if r.arm == arm}


@pytest.mark.slow
def test_every_run_is_measured_on_the_grid(rows):
  arms = ('a', 'again', 'moving', 'yoked')
  assert sorted((r.arm, r.seed, r.step) for r in rows) == sorted(
    (arm, seed, step)
    for arm in arms
    for seed in (5, 6, 7)
    for step in (0, 3, 6, 7)
  )
  for row in rows:
    names = {METRIC, 'swd100_pixels'}
    averaged = {f'ema/{name}' for name in names} if row.step == 7 else set()
    assert set(row.metrics) == names | averaged
    assert all(map(math.isfinite, row.metrics.values()))
    assert ('slope_real' in row.trace) == (row.step > 0)
    assert row.updates == 2 * row.step
    assert (row.seconds > 0) == (row.step > 0)


@pytest.mark.slow
def test_the_same_arm_under_another_name_is_the_same_run(rows):
  one, other = of(rows, 'a'), of(rows, 'again')
  for at, row in one.items():
    assert row._replace(arm='again', seconds=other[at].seconds) == other[at]


@pytest.mark.slow
def test_arms_start_alike_and_seeds_do_not(rows):
  starts = [
    [of(rows, arm)[seed, 0].metrics for arm in ('a', 'moving', 'yoked')]
    for seed in (5, 6)
  ]
  assert all(m == seed[0] for seed in starts for m in seed)
  assert starts[0][0] != starts[1][0]


@pytest.mark.slow
def test_two_studies_are_identical(rows, tmp_path):
  again = run(lone('moving'), tmp_path / 'w')
  first = of(rows, 'moving').values()
  assert [timeless(x) for x in again] == [timeless(x) for x in first]


@pytest.mark.slow
def test_a_run_does_not_depend_on_its_block(rows, tmp_path):
  alone = run(lone('a', seeds=(6,)), tmp_path / 'w')
  for row in alone:
    other = of(rows, row.arm)[6, row.step]
    for name, value in row.metrics.items():
      np.testing.assert_allclose(value, other.metrics[name], rtol=1e-4)


@pytest.mark.slow
def test_the_yoked_arm_replays_a_tuning_seed(rows, folder):
  yoked = of(rows, 'yoked')
  path = folder / 'curves' / 'ring-moving-0.jsonl'
  lines = [json.loads(line) for line in path.read_text().splitlines()]
  assert [line['step'] for line in lines] == list(range(1, 8))
  curve = load_curve(str(path))
  for (_, step), row in yoked.items():
    if step:
      ratio, weight = curve(jax.numpy.asarray(step - 1))
      assert row.trace['ratio'] == pytest.approx(float(ratio), 1e-5)
      assert row.trace['weight'] == pytest.approx(float(weight), 1e-5)
  assert lines[-1]['ratio'] < 1


def test_two_processes_record_a_curve_once(tmp_path, monkeypatch):
  recorded = []
  (tmp_path / 'curves').mkdir()

  def record(config, seed, path):
    recorded.append(seed)
    time.sleep(0.5)
    path.write_text(f'{len(recorded)}')

  monkeypatch.setattr(runner, '_record', record)
  study, read = small(), []
  (block,) = [b for b in study.blocks(tuning=False) if b.arm.replays]

  def replay():
    path = runner.replay_path(study, block, tmp_path)
    read.append(pathlib.Path(path).read_text())

  both = [threading.Thread(target=replay) for _ in range(2)]
  for thread in both:
    thread.start()
  for thread in both:
    thread.join()
  assert read == ['1', '1']
  assert len(recorded) == 1


@pytest.mark.slow
def test_a_diverged_run_is_kept_as_such(tmp_path):
  gone = {'optim': {'critic': {'name': 'sgd', 'lr': 1e30}}}
  arms = ({'name': 'a', 'changes': gone},)
  study = small(arms=arms, again='a', seeds=(5,))
  rows = of(run(study, tmp_path / 'w'), 'a')
  assert math.isfinite(rows[5, 0].metrics[METRIC])
  assert math.isnan(rows[5, 7].metrics[METRIC])
  assert math.isnan(rows[5, 7].metrics['ema/' + METRIC])


def test_the_probe_measures_the_slope_of_a_linear_critic():
  """A critic without hidden layers has the same slope everywhere."""
  from jaxgan.gan import problem as problem_lib
  from jaxgan.nets import catalog as nets_lib
  from jaxgan.study.probe import make_probe
  from jaxgan.types import Batch

  study = small()
  config = study.config(study.tasks[0], study.arms[0])
  problem = problem_lib.build(config, (2,))
  reps = vmapped.Replicas(config, {'seed': (1, 2)})
  mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ('data',))
  states = vmapped.create(reps, problem, mesh)
  image = np.random.default_rng(0).normal(size=(2, 2, 8, 2))
  batch = Batch(image.astype(np.float32), np.zeros((2, 2, 8), np.int32))
  slopes = jax.device_get(make_probe(problem)(states, batch))
  nets = nets_lib.build(config.net, (2,))
  score = lambda r, x: nets.critic.apply(
    vmapped.take(states.variables.critic, r), x, np.zeros(8, np.int32),
    train=False,
  )  # fmt: skip
  for r in range(2):
    gradients = jax.grad(lambda x, r=r: score(r, x).sum())(image[r, -1])
    expected = np.linalg.norm(gradients, axis=1).mean()
    np.testing.assert_allclose(slopes['slope_real'][r], expected, rtol=1e-5)
  assert slopes['slope_fake'].shape == slopes['slope_between'].shape == (2,)
  assert not np.allclose(slopes['slope_real'], slopes['slope_fake'])


def command(folder, *flags):
  return [
    sys.executable, '-m', 'jaxgan.study', f'--workdir={folder}',
    '--config=configs/studies/toy.py:tiny', *flags,
  ]  # fmt: skip


def start(folder, *flags):
  return subprocess.run(
    command(folder, *flags), cwd=ROOT, capture_output=True, text=True
  )


@pytest.fixture(scope='module')
def toy(tmp_path_factory):
  """A tiny study that is killed after its first rows, then resumed."""
  folder = tmp_path_factory.mktemp('toy') / 'w'
  path = folder / 'results.jsonl'
  process = subprocess.Popen(
    command(folder), cwd=ROOT, stderr=subprocess.DEVNULL
  )
  while not path.exists() and process.poll() is None:
    time.sleep(0.05)
  process.send_signal(signal.SIGKILL)
  process.wait()
  before = path.read_text()
  done = start(folder)
  assert done.returncode == 0, done.stderr
  return folder, before, done


@pytest.mark.slow
def test_a_killed_study_resumes_without_repeating_runs(toy):
  folder, before, _ = toy
  text = (folder / 'results.jsonl').read_text()
  assert before
  assert text.startswith(before)
  names = [
    (r['arm'], r['seed'], r['step']) for r in map(json.loads, text.splitlines())
  ]
  assert len(set(names)) == len(names) == 6 * 2 * 4


@pytest.mark.slow
def test_a_finished_study_has_nothing_to_do(toy):
  folder, _, _ = toy
  study = spec.parse(json.loads((folder / 'study.json').read_text()))
  assert runner.pending_blocks(study, folder)[1] == []


def test_a_start_without_results_claims_nothing(tmp_path):
  one, other = (small(every_steps=n) for n in (1, 2))
  for study in (one, other):  # The first was refused before any result.
    runner.claim(study, tmp_path)
  assert json.loads((tmp_path / 'study.json').read_text())['every_steps'] == 2
  (tmp_path / 'results.jsonl').touch()
  runner.claim(other, tmp_path)
  with pytest.raises(ValueError, match=r'holds another study: every_steps'):
    runner.claim(one, tmp_path)


def test_a_study_of_an_older_version_is_continued(tmp_path):
  old, new = small(), small()
  runner.claim(old, tmp_path)
  (tmp_path / 'results.jsonl').touch()
  base = {**new.base, 'loss': {**new.base.get('loss', {}), 'cycle': 0.0}}
  runner.claim(dataclasses.replace(new, base=base), tmp_path)
  base['loss']['cycle'] = 1.0
  message = r'another study: base\.loss\.cycle \(0\.0 there, 1\.0 now\)'
  with pytest.raises(ValueError, match=message):
    runner.claim(dataclasses.replace(new, base=base), tmp_path)


@pytest.mark.slow
def test_another_study_is_refused(toy):
  folder, _, _ = toy
  before = (folder / 'results.jsonl').read_bytes()
  done = start(folder, '--config.every_steps=1')
  assert done.returncode == 2
  assert 'holds another study: every_steps (2 there, 1 now)' in done.stderr
  assert (folder / 'results.jsonl').read_bytes() == before


def summarize(*flags):
  done = subprocess.run(
    [sys.executable, '-m', 'jaxgan.study', 'summarise', *flags],
    cwd=ROOT, capture_output=True, text=True,
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  return done.stdout


@pytest.fixture(scope='module')
def summary(toy, tmp_path_factory):
  """Output of summarise, and the folder that it writes."""
  out = tmp_path_factory.mktemp('summary') / 'out'
  return summarize(f'--workdir={toy[0]}', f'--out={out}'), out


@pytest.mark.slow
def test_summarise_writes_what_it_prints(summary):
  printed, out = summary
  assert printed == (out / 'summary.md').read_text()
  assert 'wgan_gp again' in printed


@pytest.mark.slow
def test_stored_results_are_summarised_alike(toy, summary, tmp_path):
  packed = tmp_path / 'stored.jsonl.gz'
  packed.write_bytes(gzip.compress((toy[0] / 'results.jsonl').read_bytes()))
  printed = summarize(
    f'--results={packed}', '--config=configs/studies/toy.py:tiny',
    f'--out={tmp_path / "out"}',
  )  # fmt: skip
  assert printed == summary[0]


@pytest.mark.slow
def test_two_processes_give_the_rows_of_one(toy, tmp_path):
  folder, _, _ = toy
  done = start(tmp_path / 'w', '--jobs=2')
  assert done.returncode == 0, done.stderr
  one, two = (
    {(r.arm, r.seed, r.step): r for r in results.load(f / 'results.jsonl')}
    for f in (folder, tmp_path / 'w')
  )
  assert set(one) == set(two)
  for at, row in one.items():
    for name, value in row.metrics.items():
      np.testing.assert_allclose(two[at].metrics[name], value, rtol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize('missing', ['config', 'workdir'])
def test_config_and_workdir_are_required(missing, tmp_path):
  flags = {
    'config': '--config=configs/studies/toy.py:tiny',
    'workdir': f'--workdir={tmp_path}',
  }
  del flags[missing]
  done = subprocess.run(
    [sys.executable, '-m', 'jaxgan.study', *flags.values()],
    cwd=ROOT, capture_output=True, text=True,
  )  # fmt: skip
  assert done.returncode == 2
  assert done.stderr.startswith(f'jaxgan: --{missing} is missing')
