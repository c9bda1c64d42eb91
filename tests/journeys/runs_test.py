"""Real processes: from the command line to the picture, back from a kill."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import small
from PIL import Image
from tensorboard.backend.event_processing import event_accumulator

from jaxgan.storage.writers import read_metrics

ROOT = pathlib.Path(__file__).parents[2]
STEPS = 160
# Long enough to be caught in the middle, small enough to take seconds.
RUN = (
  '--config=configs/digits.py:tiny',
  f'--config.train.steps={STEPS}',
  '--config.checkpoint.every_steps=10',
  '--config.log.every_steps=10',
  '--config.eval.every_steps=80',
  '--config.checkpoint.max_to_keep=3',
)


@pytest.fixture(scope='module')
def environment():
  """One device."""
  return small.environment()


def start(environment, *arguments, module='jaxgan.main'):
  return subprocess.Popen(
    [sys.executable, '-m', module, *arguments],
    cwd=ROOT, env=environment, text=True,
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
  )  # fmt: skip


def finish(process, status=0):
  output, _ = process.communicate(timeout=120)
  assert process.returncode == status, output
  return output


def command(environment, *arguments, module='jaxgan.main', status=0):
  return finish(start(environment, *arguments, module=module), status)


def digest(workdir, step):
  (path,) = (workdir / 'checkpoints' / str(step) / 'digest').glob('meta*')
  return json.loads(path.read_text())['sha256']


def curve(workdir):
  rows = read_metrics(workdir / 'metrics.jsonl')
  return [{k: v for k, v in row.items() if 'second' not in k} for row in rows]


def wait_for_step(process, workdir, step):
  while process.poll() is None:
    saved = [p.name for p in (workdir / 'checkpoints').glob('*')]
    if any(name.isdigit() and int(name) >= step for name in saved):
      return
    time.sleep(0.01)
  pytest.fail(f'it ended before it was caught: {process.communicate()[0]}')


@pytest.fixture(scope='module')
def whole(environment, tmp_path_factory):
  """A run that was never stopped."""
  workdir = tmp_path_factory.mktemp('whole')
  report = '--config.log.report=True'
  output = command(environment, *RUN, report, f'--workdir={workdir}')
  return workdir, output


def test_a_run_leaves_what_it_promised(whole):
  workdir, output = whole
  names = {p.name for p in workdir.iterdir() if 'events' not in p.name}
  assert names == {
    '.lock', 'checkpoints', 'config.json', 'data.json', 'environment.json',
    'metrics.jsonl', 'report.html', 'run.json', 'samples',
  }  # fmt: skip
  assert list(workdir.glob('events*'))
  assert {p.stem for p in (workdir / 'samples').iterdir()} == {
    'real', 'step_0000000', 'step_0000080', 'step_0000160'
  }  # fmt: skip
  steps = {int(p.name) for p in (workdir / 'checkpoints').iterdir()}
  assert steps == {140, 150, 160}
  assert f'python -m jaxgan.sample --workdir={workdir}' in output
  assert f'report       {workdir}/report.html' in output
  assert json.loads((workdir / 'config.json').read_text())['seed'] == 0


def test_metrics_hold_every_scalar(whole):
  rows = read_metrics(whole[0] / 'metrics.jsonl')
  assert [row['step'] for row in rows] == list(range(10, STEPS + 1, 10))
  expected = {
    'step', 'gap', 'critic_loss', 'gen_loss', 'penalty', 'penalty_share',
    'slope', 'weight', 'ratio', 'distance', 'score_real', 'score_fake',
    'accuracy_real', 'accuracy_fake', 'grad_norm_critic', 'grad_norm_gen',
    'diversity', 'augmented', 'guessed',
    'steps_per_second',
  }  # fmt: skip
  for row in rows:
    assert row.pop('train_precision') == 'float32'
    assert set(row) == expected
    assert all(np.isfinite(value) for value in row.values())
  assert len({row['ratio'] for row in rows}) > 3


def test_tensorboard_reads_the_run(whole):
  board = event_accumulator.EventAccumulator(str(whole[0])).Reload()
  row = read_metrics(whole[0] / 'metrics.jsonl')[-1]
  tags = board.Tags()
  assert set(tags['scalars']) == set(row) - {'step', 'train_precision'}
  assert set(tags['images']) == {'generated', 'real'}
  last = board.Scalars('gap')[-1]
  assert (last.step, last.value) == (STEPS, pytest.approx(row['gap']))
  assert [p.step for p in board.Images('generated')] == [0, 80, 160]


@pytest.mark.parametrize(
  ('number', 'status'),
  [
    small.slow(signal.SIGKILL, -signal.SIGKILL),
    (signal.SIGTERM, 128 + signal.SIGTERM),
    small.slow(signal.SIGINT, 128 + signal.SIGINT),
  ],
)
def test_a_stopped_run_ends_where_the_whole_one_does(
  environment, whole, tmp_path, number, status
):
  process = start(environment, *RUN, f'--workdir={tmp_path}')
  wait_for_step(process, tmp_path, 50)
  process.send_signal(number)
  output = finish(process, status)
  assert not (tmp_path / 'checkpoints' / str(STEPS)).exists()
  if number != signal.SIGKILL:
    stopped_at = int(output.split('stopped after step ')[1].split(',')[0])
    assert (tmp_path / 'checkpoints' / str(stopped_at)).is_dir()
  output = command(environment, *RUN, f'--workdir={tmp_path}')
  assert 'Resuming from step' in output
  assert digest(tmp_path, STEPS) == digest(whole[0], STEPS)
  assert curve(tmp_path) == curve(whole[0])


@pytest.mark.slow
def test_a_truncated_checkpoint_costs_only_its_own_steps(
  environment, whole, tmp_path
):
  workdir = tmp_path / 'run'
  subprocess.run(['cp', '-r', str(whole[0]), str(workdir)], check=True)
  newest = workdir / 'checkpoints' / str(STEPS)
  files = [p for p in newest.rglob('*') if p.is_file()]
  largest = max(files, key=lambda p: p.stat().st_size)
  os.truncate(largest, largest.stat().st_size // 2)
  output = command(environment, *RUN, f'--workdir={workdir}')
  assert f'Checkpoint {STEPS} in' in output
  assert 'Resuming from step 150' in output
  assert digest(workdir, STEPS) == digest(whole[0], STEPS)


@pytest.mark.slow
def test_a_finished_run_says_so_and_changes_nothing(environment, whole):
  before = curve(whole[0])
  output = command(environment, *RUN, f'--workdir={whole[0]}')
  assert f'Done: {STEPS} steps.' in output
  assert curve(whole[0]) == before


def test_another_configuration_is_refused(environment, whole):
  output = command(
    environment, *RUN, '--config.seed=1', f'--workdir={whole[0]}', status=2
  )
  assert 'differs in seed (0 there, 1 now)' in output
  assert 'Traceback' not in output


def sample(environment, workdir, out, *arguments, status=0):
  return command(
    environment, f'--workdir={workdir}', f'--out={out}', *arguments,
    module='jaxgan.sample', status=status,
  )  # fmt: skip


# One process for many commands, which each would start for seconds.
SAMPLES = """
import sys
from absl.testing import flagsaver
from jaxgan import sample
workdir, folder, *commands = sys.argv[1:]
for command in commands:
  name, *rest = command.split()
  with flagsaver.flagsaver():
    given = [f'--workdir={workdir}', f'--out={folder}/{name}', *rest]
    sample.flags.FLAGS(['sample', *given])
    assert sample.main(['sample']) == 0
"""


@pytest.mark.slow
def test_samples_of_a_run(environment, whole, tmp_path):
  sample(environment, whole[0], tmp_path / 'a.npz', '--num=300')
  commands = (
    'b.npz --num=300 --seed=0',
    'c.npz --num=300 --seed=1',
    'raw.npz --num=300 --weights=raw',
    'middle.npz --num=300 --truncation=0.5',
    'strip.png --num=5 --latents=interpolation',
    'folder --num=3',
  )
  subprocess.run(
    [sys.executable, '-c', SAMPLES, whole[0], tmp_path, *commands],
    cwd=ROOT, env=environment, check=True,
  )  # fmt: skip
  load = lambda name: np.load(tmp_path / name)['images']
  assert load('a.npz').shape == (300, 8, 8, 1)
  np.testing.assert_array_equal(load('a.npz'), load('b.npz'))
  for other in ('c.npz', 'raw.npz', 'middle.npz'):
    assert (load('a.npz') != load(other)).any()
  with Image.open(tmp_path / 'strip.png') as strip:
    assert strip.width > 4 * strip.height
  assert len(list((tmp_path / 'folder').iterdir())) == 3


@pytest.mark.slow
def test_nothing_to_sample_from(environment, whole, tmp_path):
  output = sample(environment, tmp_path, tmp_path / 'x.png', status=2)
  assert 'holds no run: config.json is missing' in output
  for name in ('config.json', 'data.json'):
    (tmp_path / name).write_text((whole[0] / name).read_text())
  output = sample(environment, tmp_path, tmp_path / 'x.png', status=2)
  assert 'holds no checkpoint to sample from' in output


@pytest.mark.parametrize(
  ('arguments', 'sentence'),
  [
    small.slow(('--config.data.name=folder',), 'data.path'),
    small.slow(
      ('--config.data.name=folder', '--config.data.path=nowhere'), 'nowhere'
    ),
    (('--config.train.batch_size=4000',), '1797 examples'),
    small.slow(
      ('--config.net.name=dcgan', '--config.net.gen_widths=(8,8,8,8,8)'),
      'net.gen_widths',
    ),
    small.slow(('--config.penalty.power=2.0',), 'penalty.power is 2'),
    small.slow(('--config.data.name=digitz',), 'digitz'),
    (('--config.optim.gen.lrr=1.0',), 'Unknown config key optim.gen.lrr; '),
    (('--config=configs/none.py',), "There is no config 'configs/none.py'; "),
  ],
)  # fmt: skip
def test_bad_input_gets_one_sentence(
  environment, tmp_path, arguments, sentence
):
  output = command(
    environment, *RUN, *arguments, f'--workdir={tmp_path}/w', status=2
  )
  assert 'Traceback' not in output
  last = output.strip().splitlines()[-1]
  assert last.startswith('jaxgan: ')
  assert sentence in last


@pytest.mark.slow
def test_a_run_that_diverges_names_the_step_and_the_last_good_one(
  environment, tmp_path
):
  output = command(
    environment, *RUN, f'--workdir={tmp_path}',
    '--config.optim.critic.lr=1e30', '--config.penalty.clip=0.0',
    '--config.checkpoint.every_steps=1', '--config.log.every_steps=1',
    status=3,
  )  # fmt: skip
  assert 'parameter was not finite at step 1.' in output
  assert 'checkpoint' in output.splitlines()[-1]
  assert 'Traceback' not in output


@pytest.mark.slow
def test_compiled_programs_are_kept_for_the_next_start(environment, tmp_path):
  plain = {k: v for k, v in environment.items() if 'COMPILATION' not in k}
  command(
    plain | {'XDG_CACHE_HOME': str(tmp_path / 'cache')},
    *RUN, f'--workdir={tmp_path}/run', '--config.train.steps=1',
  )  # fmt: skip
  assert list((tmp_path / 'cache' / 'jaxgan' / 'programs').iterdir())
