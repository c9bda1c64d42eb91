"""Tests of a study on a dask cluster: processes over TCP, one is killed."""

import json
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

from jaxgan.study import results

ROOT = pathlib.Path(__file__).parents[2]
COMMAND = [
  sys.executable, '-m', 'jaxgan.study', '--config=configs/studies/toy.py:tiny',
]  # fmt: skip


def start(*command):
  return subprocess.Popen(
    command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
    stderr=subprocess.STDOUT,
  )  # fmt: skip


def dask(*arguments):
  return start(sys.executable, '-m', 'distributed.cli.dask_' + arguments[0],
               *arguments[1:])  # fmt: skip


def worker(file):
  return dask(
    'worker', '--scheduler-file', str(file), '--nthreads=1', '--no-nanny',
    '--no-dashboard',
  )  # fmt: skip


def wait_for(condition, *processes):
  while not condition():
    assert all(p.poll() is None for p in processes), 'a process has ended'
    time.sleep(0.1)


@pytest.fixture(scope='module')
def address(tmp_path_factory):
  """Two workers; yields the address, and the first of them."""
  pytest.importorskip('distributed')
  file = tmp_path_factory.mktemp('dask') / 'scheduler.json'
  processes = [
    dask('scheduler', '--port=0', '--no-dashboard', '--scheduler-file', file)
  ]
  wait_for(file.exists, *processes)
  processes += [worker(file), worker(file)]
  yield json.loads(file.read_text())['address'], processes[1]
  for process in processes:
    process.kill()
    process.communicate()


def rows(folder):
  loaded = results.load(folder / 'results.jsonl')
  return {(x.arm, x.seed, x.step): x._replace(seconds=0.0) for x in loaded}


@pytest.mark.slow
def test_a_lost_worker_changes_no_row(address, tmp_path):
  scheduler, first = address
  here, there = tmp_path / 'here', tmp_path / 'there'
  done = start(*COMMAND, f'--workdir={there}', f'--scheduler={scheduler}')
  wait_for((there / 'results.jsonl').exists, done, first)
  first.kill()  # In the middle of a block.
  output, _ = done.communicate()
  assert done.returncode == 0, output
  expected = start(*COMMAND, f'--workdir={here}')
  output, _ = expected.communicate()
  assert expected.returncode == 0, output
  # Replayed curves are recorded by the driver, so they are equal too.
  assert rows(there) == rows(here)
  # Another number of workers, or none, continues the study.
  part = tmp_path / 'part'
  part.mkdir()
  lines = (there / 'results.jsonl').read_text().splitlines(keepends=True)
  (part / 'results.jsonl').write_text(''.join(lines[: len(lines) // 2]))
  shutil.copy(there / 'study.json', part)
  done = start(*COMMAND, f'--workdir={part}', f'--scheduler={scheduler}')
  output, _ = done.communicate()
  assert done.returncode == 0, output
  assert rows(part) == rows(here)


@pytest.mark.slow
def test_an_unknown_scheduler_is_one_sentence(tmp_path):
  done = start(*COMMAND, f'--workdir={tmp_path}', '--scheduler=tcp://nobody')
  output, _ = done.communicate()
  assert done.returncode == 2
  assert output.count('jaxgan: ') == 1
  assert '--scheduler' in output
