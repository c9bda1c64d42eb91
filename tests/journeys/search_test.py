"""A search as a user runs it: a bad start, a kill, two processes at once."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
import small

from jaxgan.storage.writers import read_metrics

ROOT = pathlib.Path(__file__).parents[2]
SPACE = """
def get_space():
  rate = {'low': 1e-5, 'high': 1e-1, 'log': True}
  return {'optim.gen.lr': rate, 'optim.critic.lr': rate}
"""
# The smallest run that separates a good learning rate from a bad one.
RUN = (
  '--config=configs/digits.py:tiny',
  '--config.net.gen_widths=(16,)',
  '--config.net.critic_widths=(16,)',
  '--config.train.critic_steps=1',
  '--config.train.steps=200',
  '--config.train.ema_decay=0.9',
  '--config.eval.every_steps=50',
  '--config.checkpoint.every_steps=50',
  '--config.log.every_steps=50',
  '--config.log.tensorboard=False',
  '--config.optim.gen.lr=1e-5',
  '--config.optim.critic.lr=1e-5',
  '--metric=w1_200_pixels',
)


def start(folder, *arguments):
  space = folder.parent / 'space.py'
  space.write_text(SPACE)
  command = [
    sys.executable, '-m', 'jaxgan.search', f'--workdir={folder}', *RUN,
    f'--space={space}', *arguments,
  ]  # fmt: skip
  return subprocess.Popen(
    command, cwd=ROOT, text=True, env=small.environment(),
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
  )  # fmt: skip


def finish(process, status=0):
  output, _ = process.communicate(timeout=600)
  assert process.returncode == status, output
  return output


def kill_at(process, folder, step):
  """Kills a search whose first trial has saved a step."""
  saved = folder / 'trials' / '0000' / 'checkpoints' / str(step)
  while process.poll() is None and not saved.exists():
    time.sleep(0.01)
  process.send_signal(signal.SIGKILL)
  process.communicate()
  assert process.returncode == -signal.SIGKILL


@pytest.fixture(scope='module')
def searched(tmp_path_factory):
  """A search that was killed and then continued by two processes."""
  folder = tmp_path_factory.mktemp('search') / 'w'
  kill_at(start(folder, '--trials=10'), folder, 50)
  both = [start(folder, '--trials=10') for _ in range(2)]
  return folder, [finish(process) for process in both]


def table(text):
  lines = [line for line in text.splitlines() if line.startswith('| ')]
  heads, _, *rows = [line.strip('| ').split(' | ') for line in lines]
  return [dict(zip(heads, row, strict=True)) for row in rows]


@pytest.mark.slow
def test_ten_trials_improve_on_a_bad_start(searched):
  rows = table((searched[0] / 'report' / 'report.md').read_text())
  assert len(rows) == 10
  (own,) = [r for r in rows if r['optim.gen.lr'] == r['optim.critic.lr']]
  assert own['optim.gen.lr'] == '1e-05'
  best = rows[0]
  assert float(best['w1_200_pixels']) < 0.8 * float(own['w1_200_pixels'])
  assert float(best['optim.gen.lr']) > 1e-4


@pytest.mark.slow
def test_a_killed_trial_continues_from_its_checkpoint(searched):
  folder, outputs = searched
  assert 'Trial 0 was killed; it is tried again.' in ''.join(outputs)
  assert 'Resuming from step' in ''.join(outputs)
  rows = read_metrics(folder / 'trials' / '0000' / 'metrics.jsonl')
  assert [r['step'] for r in rows if 'gap' in r] == [50, 100, 150, 200]
  (own,) = [
    r
    for r in table((folder / 'report' / 'report.md').read_text())
    if r['folder'] == 'trials/0000'
  ]
  assert own['trial'] == '1'
  assert float(own['w1_200_pixels']) == pytest.approx(
    [r['w1_200_pixels'] for r in rows if 'w1_200_pixels' in r][-1], rel=1e-5
  )


@pytest.mark.slow
def test_two_processes_share_the_trials(searched):
  folder, outputs = searched
  done = [
    set(re.findall(r'Trial (\d+)(?: is pruned|: w1)', text)) for text in outputs
  ]
  assert all(done)
  assert not done[0] & done[1]
  assert len(done[0] | done[1]) == 10
  runs = sorted(p.name for p in (folder / 'trials').iterdir())
  # Trial 1 continued in the folder of trial 0.
  assert runs == ['0000', *(f'{n:04d}' for n in range(2, 11))]
  for run in runs:
    config = json.loads((folder / 'trials' / run / 'config.json').read_text())
    assert config['train']['steps'] == 200


@pytest.mark.slow
def test_a_finished_search_stays_and_another_is_refused(searched):
  folder, _ = searched
  output = finish(start(folder, '--trials=10'))
  assert 'Trial' not in output
  assert (folder / 'report' / 'report.md').read_text() in output
  output = finish(start(folder, '--config.train.critic_steps=2'), 2)
  assert (
    'holds another search: config.train.critic_steps (1 there, 2 now)' in output
  )


@pytest.mark.slow
def test_the_best_config_trains(searched, tmp_path):
  folder, _ = searched
  best = folder / 'report' / 'best.py'
  done = subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.main', f'--config={best}',
      '--config.train.steps=1', f'--workdir={tmp_path / "w"}',
    ],
    cwd=tmp_path, capture_output=True, text=True,
    env=small.environment(PYTHONPATH=str(ROOT)),
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  config = json.loads((tmp_path / 'w' / 'config.json').read_text())
  row = table((folder / 'report' / 'report.md').read_text())[0]
  assert f'{config["optim"]["gen"]["lr"]:.4g}' == row['optim.gen.lr']


@pytest.mark.parametrize('missing', small.quick(['config', 'space', 'workdir']))
def test_a_search_needs_all_three(missing, tmp_path):
  flags = {
    'config': '--config=configs/digits.py:tiny',
    'space': '--space=configs/search/digits.py',
    'workdir': f'--workdir={tmp_path}',
  }
  del flags[missing]
  done = subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.search', '--metric=gap', *flags.values()
    ],
    cwd=ROOT, capture_output=True, text=True,
  )  # fmt: skip
  assert done.returncode == 2
  assert done.stderr.startswith(f'jaxgan: --{missing} is missing')


def test_without_optuna_the_error_says_how_to_install_it(tmp_path):
  code = (
    "import sys; sys.modules['optuna'] = None; "
    'from jaxgan.search import __main__ as s; s.run()'
  )
  done = subprocess.run(
    [sys.executable, '-c', code, f'--workdir={tmp_path}'],
    cwd=ROOT, capture_output=True, text=True,
  )  # fmt: skip
  assert done.returncode == 2
  assert "pip install 'jaxgan[search]' installs it" in done.stderr
