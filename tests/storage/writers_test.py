"""Tests of the logs of a run: scalars, pictures, TensorBoard, resuming."""

import json
import pathlib

import numpy as np
import pytest
import tensorboardX.record_writer
from PIL import Image
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from jaxgan.storage.atomic import DiskError
from jaxgan.storage.writers import Writer, read_metrics

FULL = pathlib.Path('/dev/full')


def write(folder, steps, first_step=0, tensorboard=False):
  with Writer(folder, tensorboard=tensorboard, first_step=first_step) as writer:
    for step in steps:
      writer.scalars(step, {'gap': step / 2})


def steps(folder):
  return [row['step'] for row in read_metrics(folder / 'metrics.jsonl')]


def test_one_object_per_line(tmp_path):
  write(tmp_path, [1, 2])
  lines = (tmp_path / 'metrics.jsonl').read_text().splitlines()
  assert [json.loads(line) for line in lines] == [
    {'step': 1, 'gap': 0.5},
    {'step': 2, 'gap': 1.0},
  ]


def test_every_line_repeats_the_facts_of_the_run(tmp_path):
  write(tmp_path, [1])  # Of an older version.
  facts = {'train_precision': 'bf16'}
  with Writer(tmp_path, tensorboard=True, first_step=1, facts=facts) as writer:
    writer.scalars(2, {'gap': 1.0})
  assert read_metrics(tmp_path / 'metrics.jsonl') == [
    {'step': 1, 'gap': 0.5},
    {'step': 2, 'train_precision': 'bf16', 'gap': 1.0},
  ]


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_become_null(tmp_path, value):
  with Writer(tmp_path, tensorboard=False, first_step=0) as writer:
    writer.scalars(1, {'gap': float(value)})
  assert read_metrics(tmp_path / 'metrics.jsonl') == [{'step': 1, 'gap': None}]


def test_a_resumed_run_removes_rows_after_its_checkpoint(tmp_path):
  write(tmp_path, [1, 2, 3, 4])
  write(tmp_path, [3, 4, 5], first_step=2)
  assert steps(tmp_path) == [1, 2, 3, 4, 5]


def test_an_incomplete_last_line_is_dropped(tmp_path):
  write(tmp_path, [1, 2])
  with (tmp_path / 'metrics.jsonl').open('a') as file:
    file.write('{"step": 3, "ga')
  write(tmp_path, [3], first_step=2)
  assert steps(tmp_path) == [1, 2, 3]


def test_tensorboard_reads_the_events(tmp_path):
  with Writer(tmp_path, tensorboard=True, first_step=0) as writer:
    writer.scalars(1, {'gap': 0.5})
    writer.scalars(2, {'gap': 1.5})
    grid = np.full((4, 3, 3, 1), 7, np.uint8)
    writer.samples('step_2', 2, grid, generated=True)
    writer.text('config', 'seed: 0')
  board = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
  points = [(p.step, p.value) for p in board.Scalars('gap')]
  assert points == [(1, 0.5), (2, 1.5)]
  assert board.Images('generated')[0].step == 2
  assert board.Tags()['tensors'] == ['config/text_summary']


def test_tensorboard_reads_the_hyper_parameters(tmp_path):
  values = {'seed': 0, 'net.name': 'mlp', 'flip': False, 'widths': [8, 4]}
  with Writer(tmp_path, tensorboard=True, first_step=0) as writer:
    writer.hparams(values, ('gap',))
  board = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
  tags = board.PluginTagToContent('hparams')
  assert tags.keys() == {
    '_hparams_/experiment', '_hparams_/session_start_info',
  }  # fmt: skip
  start = plugin_data_pb2.HParamsPluginData.FromString(
    tags['_hparams_/session_start_info']
  ).session_start_info.hparams
  assert start['net.name'].string_value == 'mlp'
  assert start['widths'].string_value == '[8, 4]'
  assert start['seed'].number_value == 0
  experiment = plugin_data_pb2.HParamsPluginData.FromString(
    tags['_hparams_/experiment']
  ).experiment
  assert [m.name.tag for m in experiment.metric_infos] == ['gap']


def test_tensorboard_drops_steps_that_a_resumed_run_repeats(tmp_path):
  write(tmp_path, [1, 2, 3], tensorboard=True)
  write(tmp_path, [2, 3], first_step=1, tensorboard=True)
  board = event_accumulator.EventAccumulator(str(tmp_path)).Reload()
  assert [p.step for p in board.Scalars('gap')] == [1, 2, 3]


def test_samples_are_written_as_png(tmp_path):
  with Writer(tmp_path, tensorboard=False, first_step=0) as writer:
    points = np.zeros((4, 2), np.float32)
    writer.samples('cloud', 0, points, generated=False)
    writer.samples('grid', 0, np.zeros((4, 8, 8, 3), np.uint8), generated=True)
  with Image.open(tmp_path / 'samples' / 'grid.png') as image:
    assert image.mode == 'RGB'
    assert 'Source' in image.text
  assert (tmp_path / 'samples' / 'cloud.png').exists()


def test_without_tensorboard_there_are_no_event_files(tmp_path):
  write(tmp_path, [1])
  assert not list(tmp_path.glob('events*'))


@pytest.mark.skipif(not FULL.exists(), reason='no /dev/full here')
def test_a_full_disk_under_tensorboard_is_an_error(tmp_path, monkeypatch):
  values = dict.fromkeys(map(str, range(30)), 1.0)

  def write():
    with Writer(tmp_path, tensorboard=True, first_step=0) as writer:
      for step in range(20):
        writer.scalars(step, values)

  with FULL.open('wb') as file:
    opened = lambda path: file
    monkeypatch.setattr(tensorboardX.record_writer, 'open_file', opened)
    with pytest.raises(OSError, match='No space left'):
      write()


def test_a_removed_workdir_is_noticed(tmp_path):
  folder = tmp_path / 'run'
  folder.mkdir()
  with Writer(folder, tensorboard=False, first_step=0) as writer:
    writer.check_present()
    folder.rename(tmp_path / 'elsewhere')
    with pytest.raises(DiskError, match='was removed or replaced'):
      writer.check_present()


def test_files_of_a_killed_run_are_removed(tmp_path):
  (tmp_path / 'metrics.jsonl.0a.tmp').write_text('half')
  write(tmp_path, [1])
  assert not list(tmp_path.glob('*.tmp'))
