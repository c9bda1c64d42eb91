"""Tests of the workdir: configuration, data set, lock, rollbacks."""

import json
import os
import pathlib
import subprocess
import sys
import threading

import pytest
import small

from jaxgan.storage import workdir
from jaxgan.training import train

FACTS = {'name': 'x', 'shape': (6, 5, 1), 'num_classes': 3, 'num_examples': 9}


def test_the_same_configuration_may_open_a_workdir_again(tmp_path):
  config = small.config(net={'gen_widths': (8, 4)})
  for _ in range(2):
    workdir.check_config(tmp_path, config)
    workdir.write_config(tmp_path, config)
  assert workdir.load_config(tmp_path) == config
  assert [path.name for path in tmp_path.iterdir()] == ['config.json']


def test_another_configuration_is_refused_and_the_keys_are_named(tmp_path):
  workdir.write_config(tmp_path, small.config())
  before = (tmp_path / 'config.json').read_text()
  other = small.config(train={'steps': 49}, penalty={'preset': 'wgan_gp'})
  with pytest.raises(ValueError, match='another configuration') as caught:
    workdir.check_config(tmp_path, other)
  sentence = str(caught.value)
  assert 'train.steps (50 there, 49 now)' in sentence
  assert 'penalty.points (warp there, uniform now)' in sentence
  assert 'train.batch_size' not in sentence
  assert (tmp_path / 'config.json').read_text() == before


@pytest.mark.parametrize(
  'sections',
  [
    {'log': {'every_steps': 7, 'tensorboard': False}},
    {'eval': {'metrics': ('fid1k_digits',), 'split': 'test'}},
    {'checkpoint': {'max_to_keep': 9}},
    {'guard': {'action': 'stop'}},
    {'train': {'steps': 51}},
  ],
)
def test_keys_that_cannot_change_what_was_trained_are_free(tmp_path, sections):
  workdir.write_config(tmp_path, small.config())
  workdir.check_config(tmp_path, small.config(**sections))
  other = small.config(**sections | {'loss': {'margin': 2.0}})
  with pytest.raises(ValueError, match=r'differs in loss\.margin') as caught:
    workdir.check_config(tmp_path, other)
  assert next(iter(sections)) + '.' not in str(caught.value)


@pytest.mark.parametrize(
  ('sections', 'independent'),
  [
    ({'optim': {'gen': {'schedule': 'linear'}}}, {}),
    ({'optim': {'critic': {'schedule': 'cosine'}}}, {}),
    ({'penalty': {'controller': 'linear'}}, {'decay_steps': 9}),
    ({'penalty': {'controller': 'cosine'}}, {'decay_steps': 9}),
    ({'regularisers': {'noise': 0.1}}, {'noise_steps': 9}),
    ({'optim': {'gen': {'b2_end': 0.99}}}, {}),
    ({'optim': {'critic': {'b2_end': 0.99}}}, {}),
    ({'regularisers': {'augment': ('colour',), 'augment_end': 0.1}}, {}),
    ({'train': {'ema_images': 100}}, {}),
  ],
)
def test_a_longer_run_is_refused_if_a_decay_depends_on_its_length(
  tmp_path, sections, independent
):
  ((name, section),) = sections.items()
  workdir.write_config(tmp_path, small.config(**sections))
  train = sections.get('train', {})
  longer = small.config(**{**sections, 'train': {**train, 'steps': 51}})
  with pytest.raises(ValueError, match=r'train.steps \(50 there, 51 now\)'):
    workdir.check_config(tmp_path, longer)
  if independent:
    sections = {name: section | independent}
    workdir.write_config(tmp_path, small.config(**sections))
    longer = small.config(**sections, train={'steps': 51})
    workdir.check_config(tmp_path, longer)


@pytest.mark.parametrize(
  'sections',
  [
    {'optim': {'gen': {'schedule': 'linear', 'b2_end': 0.99}}},
    {'penalty': {'controller': 'cosine'}, 'regularisers': {'noise': 0.1}},
    {'train': {'ema_images': 100}},
  ],
)
def test_schedules_of_their_own_length_permit_a_longer_run(tmp_path, sections):
  train = {**sections.get('train', {}), 'schedule_steps': 9}
  workdir.write_config(tmp_path, small.config(**{**sections, 'train': train}))
  longer = {**sections, 'train': {**train, 'steps': 51}}
  workdir.check_config(tmp_path, small.config(**longer))


def test_a_new_configuration_is_written_and_the_old_is_kept(tmp_path):
  for steps in (50, 60, 70):
    workdir.write_config(tmp_path, small.config(train={'steps': steps}))
  assert workdir.load_config(tmp_path).train.steps == 70
  old = [
    json.loads((tmp_path / f'config.{n}.json').read_text()) for n in (1, 2)
  ]
  assert [o['train']['steps'] for o in old] == [50, 60]


def test_other_data_are_refused(tmp_path):
  for _ in range(2):
    workdir.check_data(tmp_path, FACTS)
    workdir.write_data(tmp_path, FACTS)
  assert workdir.load_data(tmp_path)['shape'] == [6, 5, 1]
  with pytest.raises(ValueError, match=r'num_examples \(9 there, 8 now\)'):
    workdir.check_data(tmp_path, {**FACTS, 'num_examples': 8})


def test_facts_missing_in_an_older_file_are_added(tmp_path):
  workdir.write_data(tmp_path, FACTS)
  for _ in range(2):
    workdir.check_data(tmp_path, {**FACTS, 'class_counts': (4, 3, 2)})
    workdir.write_data(tmp_path, {**FACTS, 'class_counts': (4, 3, 2)})
  assert workdir.load_data(tmp_path)['class_counts'] == [4, 3, 2]
  assert workdir.load_data(tmp_path)['num_examples'] == 9
  with pytest.raises(ValueError, match=r'class_counts \(\[4, 3, 2\] there'):
    workdir.check_data(tmp_path, {**FACTS, 'class_counts': (3, 4, 2)})
  with pytest.raises(ValueError, match=r'num_examples \(9 there, 8 now\)'):
    workdir.check_data(tmp_path, {**FACTS, 'num_examples': 8, 'new': 1})
  assert 'new' not in workdir.load_data(tmp_path)


def test_error_messages_show_the_first_items_of_long_lists(tmp_path):
  workdir.write_data(tmp_path, {**FACTS, 'scale': [0.5] * 1000})
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
    workdir.make(tmp_path / 'file')


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write anywhere')
def test_a_read_only_folder_is_refused(tmp_path):
  tmp_path.chmod(0o500)
  with pytest.raises(ValueError, match='cannot be written'):
    workdir.make(tmp_path)


def test_a_url_is_no_workdir(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  for url in ('gs://bucket/run', 's3://bucket', 'file:///data/run'):
    for use in (
      workdir.local,
      lambda url: workdir.make(pathlib.Path(url)),
      lambda url: workdir.load_config(pathlib.Path(url)),
      lambda url: train.train_and_evaluate(small.config(), url),
    ):
      with pytest.raises(ValueError, match='local or mounted') as error:
        use(url)
      assert url.replace('///', '//') in str(error.value)
  assert not list(tmp_path.iterdir())
  (tmp_path / 'old:').mkdir()
  for folder in ('', 'runs/a:b', 'C:/runs', 'new:', 'old:/run', tmp_path):
    assert workdir.local(folder) == pathlib.Path(folder)


def test_no_temporary_files_are_left(tmp_path):
  workdir.write_config(tmp_path, small.config())
  workdir.write_data(tmp_path, FACTS)
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


def test_a_message_shows_the_start_of_long_values():
  arms = [{'name': f'arm {i}', 'changes': {'x': 'y' * 99}} for i in range(20)]
  text = workdir.differences({'arms': arms, 'n': 1}, {'arms': [], 'n': 2})
  assert len(text) < 300
  assert "arms ([{'name': 'arm 0'" in text
  assert text.endswith(' ..., ...] there, [] now), n (1 there, 2 now)')
