"""A workdir belongs to one configuration and one data set."""

import json
import os

import pytest
import small

from jaxgan.storage import workdir

FACTS = {'name': 'x', 'shape': (6, 5, 1), 'num_classes': 3, 'num_examples': 9}


def test_a_new_one_is_claimed_and_the_same_run_may_come_back(tmp_path):
  config = small.config(net={'gen_widths': (8, 4)})
  for _ in range(2):
    workdir.open_run(tmp_path / 'a' / 'b', config)
  assert workdir.load_config(tmp_path / 'a' / 'b') == config


def test_another_configuration_is_refused_by_the_keys_that_differ(tmp_path):
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


def test_what_an_earlier_version_did_not_note_is_added(tmp_path):
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


def test_long_lists_are_told_by_their_beginning(tmp_path):
  workdir.check_data(tmp_path, {**FACTS, 'scale': [0.5] * 1000})
  with pytest.raises(ValueError, match=r'0\.5, \.\.\.\] there') as caught:
    workdir.check_data(tmp_path, {**FACTS, 'scale': [2.0] * 1000})
  assert len(str(caught.value)) < 300


def test_a_folder_without_a_run_is_said_to_be_one(tmp_path):
  with pytest.raises(ValueError, match=r'holds no run: config.json is missing'):
    workdir.load_config(tmp_path)
  with pytest.raises(ValueError, match=r'holds no run: data.json is missing'):
    workdir.load_data(tmp_path)


def test_a_damaged_file_is_said_to_be_one(tmp_path):
  (tmp_path / 'config.json').write_text('{"seed": ')
  with pytest.raises(ValueError, match=r'config.json cannot be read'):
    workdir.load_config(tmp_path)


def test_a_file_in_the_way_is_refused(tmp_path):
  (tmp_path / 'file').touch()
  with pytest.raises(ValueError, match=r'cannot be written \(.+\); choose'):
    workdir.open_run(tmp_path / 'file', small.config())


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write anywhere')
def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
  tmp_path.chmod(0o500)
  with pytest.raises(ValueError, match='cannot be written'):
    workdir.open_run(tmp_path, small.config())


def test_no_half_written_files_are_left(tmp_path):
  workdir.open_run(tmp_path, small.config())
  workdir.check_data(tmp_path, FACTS)
  names = {p.name for p in tmp_path.iterdir()}
  assert names == {'config.json', 'data.json'}


def test_a_second_process_is_kept_out(tmp_path):
  with (
    workdir.held(tmp_path),
    pytest.raises(ValueError, match='in use by another process'),
    workdir.held(tmp_path),
  ):
    pass
  with workdir.held(tmp_path):
    pass  # It was let go.


def test_rollbacks_are_kept_and_damage_gets_a_sentence(tmp_path):
  assert workdir.rollbacks(tmp_path) == []
  for step in (20, 40):
    workdir.add_rollback(tmp_path, {'to': step})
  assert workdir.rollbacks(tmp_path) == [{'to': 20}, {'to': 40}]
  (tmp_path / 'rollbacks.json').write_text('[]')
  with pytest.raises(ValueError, match='is damaged; it must hold a list'):
    workdir.rollbacks(tmp_path)
