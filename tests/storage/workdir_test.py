"""Tests of the workdir: configuration, data set, lock, rollbacks."""

import json
import os
import subprocess
import sys
import threading

import pytest
import small

from jaxgan.storage import workdir

FACTS = {'name': 'x', 'shape': (6, 5, 1), 'num_classes': 3, 'num_examples': 9}


def test_the_same_configuration_may_open_a_workdir_again(tmp_path):
  config = small.config(net={'gen_widths': (8, 4)})
  for _ in range(2):
    workdir.open_run(tmp_path / 'a' / 'b', config)
  assert workdir.load_config(tmp_path / 'a' / 'b') == config


def test_another_configuration_is_refused_and_the_keys_are_named(tmp_path):
  workdir.open_run(tmp_path, small.config())
  before = (tmp_path / 'config.json').read_text()
  other = small.config(train={'steps': 51}, penalty={'preset': 'wgan_gp'})
  with pytest.raises(ValueError, match='another configuration') as caught:
    workdir.open_run(tmp_path, other)
  sentence = str(caught.value)
  assert 'train.steps (50 there, 51 now)' in sentence
  assert 'penalty.points (warp there, uniform now)' in sentence
  assert 'train.batch_size' not in sentence
  assert (tmp_path / 'config.json').read_text() == before


def test_another_configuration_can_be_accepted_and_the_old_is_kept(tmp_path):
  for steps in (50, 60, 70):
    config = small.config(train={'steps': steps})
    workdir.open_run(tmp_path, config, accept_new_config=True)
  assert workdir.load_config(tmp_path).train.steps == 70
  old = [
    json.loads((tmp_path / f'config.{n}.json').read_text()) for n in (1, 2)
  ]
  assert [o['train']['steps'] for o in old] == [50, 60]


def test_other_data_are_refused(tmp_path):
  for _ in range(2):
    workdir.check_data(tmp_path, FACTS)
  assert workdir.load_data(tmp_path)['shape'] == [6, 5, 1]
  with pytest.raises(ValueError, match=r'num_examples \(9 there, 8 now\)'):
    workdir.check_data(tmp_path, {**FACTS, 'num_examples': 8})


def test_facts_missing_in_an_older_file_are_added(tmp_path):
  workdir.check_data(tmp_path, FACTS)
  for _ in range(2):
    workdir.check_data(tmp_path, {**FACTS, 'class_counts': (4, 3, 2)})
  assert workdir.load_data(tmp_path)['class_counts'] == [4, 3, 2]
  assert workdir.load_data(tmp_path)['num_examples'] == 9
  with pytest.raises(ValueError, match=r'class_counts \(\[4, 3, 2\] there'):
    workdir.check_data(tmp_path, {**FACTS, 'class_counts': (3, 4, 2)})
  with pytest.raises(ValueError, match=r'num_examples \(9 there, 8 now\)'):
    workdir.check_data(tmp_path, {**FACTS, 'num_examples': 8, 'new': 1})
  assert 'new' not in workdir.load_data(tmp_path)


def test_error_messages_show_the_first_items_of_long_lists(tmp_path):
  workdir.check_data(tmp_path, {**FACTS, 'scale': [0.5] * 1000})
  with pytest.raises(ValueError, match=r'0\.5, \.\.\.\] there') as caught:
    workdir.check_data(tmp_path, {**FACTS, 'scale': [2.0] * 1000})
  assert len(str(caught.value)) < 300


def test_a_folder_without_a_run_has_an_error_message(tmp_path):
  with pytest.raises(ValueError, match=r'holds no run: config.json is missing'):
    workdir.load_config(tmp_path)
  with pytest.raises(ValueError, match=r'holds no run: data.json is missing'):
    workdir.load_data(tmp_path)


def test_a_damaged_file_has_an_error_message(tmp_path):
  (tmp_path / 'config.json').write_text('{"seed": ')
  with pytest.raises(ValueError, match=r'config.json cannot be read'):
    workdir.load_config(tmp_path)


def test_a_file_is_no_workdir(tmp_path):
  (tmp_path / 'file').touch()
  with pytest.raises(ValueError, match=r'cannot be written \(.+\); choose'):
    workdir.open_run(tmp_path / 'file', small.config())


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write anywhere')
def test_a_read_only_folder_is_refused(tmp_path):
  tmp_path.chmod(0o500)
  with pytest.raises(ValueError, match='cannot be written'):
    workdir.open_run(tmp_path, small.config())


def test_no_temporary_files_are_left(tmp_path):
  workdir.open_run(tmp_path, small.config())
  workdir.check_data(tmp_path, FACTS)
  names = {p.name for p in tmp_path.iterdir()}
  assert names == {'config.json', 'data.json'}


def test_a_lock_excludes_a_second_holder(tmp_path):
  with (
    workdir.lock(tmp_path),
    pytest.raises(ValueError, match='in use by another process'),
    workdir.lock(tmp_path),
  ):
    pass
  with workdir.lock(tmp_path):
    pass  # It was released.


def test_a_killed_process_releases_its_lock_and_a_waiting_one_gets_it(tmp_path):
  code = """
import pathlib, sys, time
from jaxgan.storage import workdir
with workdir.lock(pathlib.Path(sys.argv[1]), '.trial'):
  print('locked', flush=True)
  time.sleep(60)
"""
  command = [sys.executable, '-c', code, str(tmp_path)]
  with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
    assert process.stdout.readline() == 'locked\n'
    with (
      pytest.raises(ValueError, match='in use by another process'),
      workdir.lock(tmp_path, '.trial'),
    ):
      pass
    threading.Timer(0.3, process.kill).start()
    with workdir.lock(tmp_path, '.trial', wait=True):
      assert process.wait() < 0  # Killed, not finished.
  assert [path.name for path in tmp_path.iterdir()] == ['.trial']


def test_an_error_inside_a_lock_passes_through(tmp_path):
  with pytest.raises(TimeoutError, match='mine'), workdir.lock(tmp_path):
    raise TimeoutError('mine')


def test_rollbacks_are_appended_and_damage_has_an_error_message(tmp_path):
  assert workdir.rollbacks(tmp_path) == []
  for step in (20, 40):
    workdir.add_rollback(tmp_path, {'to': step})
  assert workdir.rollbacks(tmp_path) == [{'to': 20}, {'to': 40}]
  (tmp_path / 'rollbacks.json').write_text('[]')
  with pytest.raises(ValueError, match='is damaged; it must hold a list'):
    workdir.rollbacks(tmp_path)
