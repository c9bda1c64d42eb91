"""Full, read-only and removed disks: each row of docs/security.md is a case."""

import errno
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time

import chex
import data_testing
import pytest
import small

from jaxgan.config import Data
from jaxgan.data import cache, sources
from jaxgan.data.builders import builder as builder_lib
from jaxgan.evaluation import restore
from jaxgan.gan import sharding as mesh_lib
from jaxgan.storage.atomic import DiskError
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.training import train

# Orbax does not await its writers if one of them fails.
pytestmark = [
  pytest.mark.filterwarnings(
    'ignore::pytest.PytestUnraisableExceptionWarning',
    'ignore:coroutine .* was never awaited',
  ),
]
STEPS = 12


@pytest.fixture(autouse=True)
def one_device(monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)


@pytest.fixture
def mount():
  """Mounts a small file system, and changes how it is mounted."""
  mounted = []

  def call(folder, options):
    command = ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
      pytest.skip('file systems cannot be mounted here')
    mounted.append(folder)

  yield call
  for folder in mounted:
    # Lazily, since arrays of it may still be mapped into memory.
    subprocess.run(['umount', '-l', folder], check=True, capture_output=True)


def remount(folder, options):
  command = ['mount', '-o', f'remount,{options}', str(folder)]
  for _ in range(1000):  # It fails while a file is open for writing.
    if not subprocess.run(command, check=False, capture_output=True).returncode:
      return
    time.sleep(0.01)
  pytest.fail(f'{folder} cannot be remounted')


def said(root, row):
  """What the table says in a row."""
  page = (root / 'docs/security.md').read_text()
  return re.search(rf'(?m)^\| {row} \|.*\| `?(.*?)`? \|$', page)[1]


# Data.


def load(folder):
  return sources.load(
    Data(name='folder', path=str(folder / 'images'), dir=str(folder / 'data'))
  )


def write_images(folder, num=40):
  images = data_testing.random_images(num, 8, 8, 3)
  data_testing.write_folder(folder / 'images', images)
  return data_testing.as_set(images)


def the_file(folder, pattern):
  (file,) = folder.glob(pattern)
  return file


def flip(file, at):
  data = bytearray(file.read_bytes())
  data[at] ^= 16
  file.write_bytes(data)


def test_of_two_processes_one_prepares_and_the_other_waits(
  root, tmp_path, monkeypatch, caplog
):
  caplog.set_level('INFO')
  expected = write_images(tmp_path)
  prepare, began, waits = builder_lib.prepare, threading.Event(), []

  def slow(builder, **options):
    began.set()
    waits.append(builder)
    while 'Waiting' not in caplog.text:
      pass
    prepare(builder, **options)

  monkeypatch.setattr(builder_lib, 'prepare', slow)
  found = []
  threads = [
    threading.Thread(target=lambda: found.append(load(tmp_path)))
    for _ in range(2)
  ]
  for thread in threads:
    thread.start()
    began.wait()
  for thread in threads:
    thread.join()
  for data in found:
    assert data_testing.as_set(data.images) == expected
  assert len(waits) == 1
  folder = the_file(tmp_path / 'data', 'jaxgan/*')
  row = said(root, 'two processes prepare the same data')
  assert row.replace('FOLDER', str(folder)) in caplog.text


def test_a_killed_process_leaves_nothing_that_is_used(root, tmp_path):
  expected = write_images(tmp_path)
  code = f"""
import os
from jaxgan.data import images, sources
from jaxgan.config import Data
real, calls = images.shape_of, []
def kill(image):
  calls.append(1)
  if len(calls) == 30:
    os.kill(os.getpid(), 9)
  return real(image)
images.shape_of = kill
sources.load(Data(name='folder', path={str(tmp_path / 'images')!r},
                  dir={str(tmp_path / 'data')!r}))
"""
  done = subprocess.run(
    [sys.executable, '-c', code], check=False, capture_output=True
  )
  assert done.returncode == -9, done.stderr
  assert list(tmp_path.glob('data/jaxgan/*/incomplete.*'))
  assert data_testing.as_set(load(tmp_path).images) == expected
  assert not list(tmp_path.glob('data/jaxgan/*/incomplete.*'))
  assert said(root, '`kill -9` while preparing') == 'nothing'


def test_a_changed_byte_of_the_arrays_is_never_trained_on(
  root, tmp_path, caplog
):
  expected = write_images(tmp_path)
  load(tmp_path)
  file = the_file(tmp_path, 'data/jaxgan_arrays/*/images.npy')
  flip(file, 1000)
  assert data_testing.as_set(load(tmp_path).images) == expected
  row = said(root, 'damaged arrays').replace('FOLDER', str(file.parent))
  assert caplog.text.count('Decoding again') == 1
  assert row in caplog.text
  caplog.clear()
  load(tmp_path)
  assert not caplog.text


@pytest.mark.parametrize('damage', ['flip', 'truncate', 'remove', 'info'])
def test_a_damaged_record_is_refused(root, tmp_path, damage):
  write_images(tmp_path)
  load(tmp_path)
  shutil.rmtree(tmp_path / 'data/jaxgan_arrays')
  file = the_file(tmp_path, 'data/jaxgan/*/1.0.0/*array_record*')
  folder = file.parent
  if damage == 'flip':
    flip(file, 5000)
  elif damage == 'truncate':
    os.truncate(file, 5000)
  elif damage == 'remove':
    file.unlink()
  else:
    os.truncate(folder / 'dataset_info.json', 100)
    folder = folder.parent
  with pytest.raises(ValueError, match='is damaged') as caught:
    load(tmp_path)
  before, _, after = said(root, 'damaged records').partition('REASON')
  assert str(caught.value).startswith(before.replace('FOLDER', str(folder)))
  assert str(caught.value).endswith(after)
  shutil.rmtree(folder)  # As the sentence says.
  assert len(load(tmp_path).images) == 40


@pytest.mark.parametrize('size', ['32k', '64k', '72k'])
def test_a_full_disk_under_the_cache(root, tmp_path, mount, size):
  expected = write_images(tmp_path, 240)
  (tmp_path / 'data').mkdir()
  mount(tmp_path / 'data', f'size={size}')
  with pytest.raises(DiskError) as caught:
    load(tmp_path)
  folder, _, sentence = str(caught.value).partition(' ')
  assert pathlib.Path(folder).is_relative_to(tmp_path / 'data')
  assert f'FOLDER {sentence}' == said(root, 'full disk under the cache')
  assert not list((tmp_path / 'data').rglob('*.tmp'))
  remount(tmp_path / 'data', 'size=8m')
  assert data_testing.as_set(load(tmp_path).images) == expected


def test_a_full_disk_under_the_arrays(root, tmp_path, monkeypatch):
  write_images(tmp_path)

  def fail(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

  monkeypatch.setattr(cache, '_write', fail)
  with pytest.raises(DiskError) as caught:
    load(tmp_path)
  folder = the_file(tmp_path, 'data/jaxgan_arrays/*')
  row = said(root, 'full disk under the cache')
  assert str(caught.value) == row.replace('FOLDER', str(folder))
  assert not list(folder.iterdir())


# Runs.


def run(folder, callback=lambda *_: None, **sections):
  settings = small.config(
    **sections,
    train={'steps': STEPS, 'batch_size': 8},
    log={'every_steps': 1},
    eval={'every_steps': 2, 'num_images': 4},
    checkpoint={'every_steps': 1, 'max_to_keep': 99},
  )
  return train.train_and_evaluate(settings, folder, callback=callback)


@pytest.fixture(scope='module')
def whole(tmp_path_factory):
  """The folder and the last state of a run that was never stopped."""
  folder = tmp_path_factory.mktemp('whole')
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    return folder, run(folder)


def ends_with(root, row, folder, function, *arguments):
  """Checks the sentence with which a function ends."""
  with pytest.raises((DiskError, ValueError)) as caught:
    function(*arguments)
  assert str(caught.value) == said(root, row).replace('FOLDER', str(folder))


def check_resumes(folder, whole):
  """Checks that the newest checkpoint opens and the run ends as a whole one."""
  newest = int(restore.load_state(folder)[1].step)
  assert 0 < newest < STEPS
  chex.assert_trees_all_equal(run(folder).variables, whole[1].variables)


@pytest.mark.slow
def test_a_full_disk_under_the_workdir(root, tmp_path, mount, whole):
  mount(tmp_path, 'size=900k')
  ends_with(root, 'full disk under the workdir', tmp_path, run, tmp_path)
  remount(tmp_path, 'size=20m')
  check_resumes(tmp_path, whole)


@pytest.mark.slow
def test_a_save_on_a_full_disk(root, tmp_path, monkeypatch, whole):
  save = Checkpoints.save

  def fail(self, state, metrics):
    if int(state.step) == 4:
      raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    save(self, state, metrics)

  with monkeypatch.context() as patch:
    patch.setattr(Checkpoints, 'save', fail)
    ends_with(root, 'full disk under the workdir', tmp_path, run, tmp_path)
  check_resumes(tmp_path, whole)


@pytest.mark.slow
def test_a_workdir_that_becomes_read_only(root, tmp_path, mount, whole):
  # Open files keep the workdir itself writable.
  (tmp_path / 'checkpoints').mkdir()
  mount(tmp_path / 'checkpoints', 'size=20m')
  make = lambda *_: remount(tmp_path / 'checkpoints', 'ro')
  ends_with(root, 'read-only workdir', tmp_path, run, tmp_path, make)
  remount(tmp_path / 'checkpoints', 'rw')
  check_resumes(tmp_path, whole)


@pytest.mark.parametrize('again', [False, True])
def test_a_workdir_that_is_removed(root, tmp_path, again):
  folder = tmp_path / 'run'

  def remove(*_):
    folder.rename(tmp_path / 'elsewhere')
    if again:
      shutil.copytree(tmp_path / 'elsewhere', folder)

  ends_with(root, 'removed workdir', folder, run, folder, remove)


def test_a_checkpoint_of_another_run_is_refused(root, tmp_path, whole):
  shutil.copytree(whole[0], tmp_path / 'run')
  checkpoints = tmp_path / 'run/checkpoints'
  for step in range(3, STEPS + 1):
    shutil.rmtree(checkpoints / str(step))
  saved = {path: path.stat().st_mtime_ns for path in checkpoints.rglob('*')}
  row = 'checkpoint of another run'
  (tmp_path / 'run/run.json').write_text('{"id": "0", "since": 0}')
  for function in (run, restore.load_state):
    ends_with(root, row, tmp_path / 'run', function, tmp_path / 'run')
  after = {path: path.stat().st_mtime_ns for path in checkpoints.rglob('*')}
  assert after == saved
