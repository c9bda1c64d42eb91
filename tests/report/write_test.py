"""The report at the end of a training, and the commands that it names."""

import logging
import shlex
import subprocess
import sys

import pytest
import small
from report_testing import make_run, measured

from jaxgan.config import from_config_dict, help_text
from jaxgan.report import collect, settings, write


def test_a_training_ends_with_a_page(tmp_path, caplog):
  folder = make_run(tmp_path / 'run', grids=0)
  caplog.set_level(logging.INFO, 'jaxgan.report')
  write.after_training(from_config_dict({}), folder)
  assert (folder / 'report.html').exists()
  assert caplog.messages == [f'  report       {folder}/report.html']


def test_a_failing_page_is_a_warning(tmp_path, caplog):
  write.after_training(from_config_dict({}), tmp_path)
  (message,) = caplog.messages
  assert message.startswith('The report was not written (')
  assert 'holds no run' in message


@pytest.mark.parametrize('reason', ['log.report', 'matplotlib', 'process'])
def test_there_are_reasons_for_no_page(tmp_path, caplog, monkeypatch, reason):
  folder = make_run(tmp_path / 'run', grids=0)
  config = from_config_dict({'log': {'report': reason != 'log.report'}})
  if reason == 'matplotlib':
    monkeypatch.setattr(write.importlib.util, 'find_spec', lambda name: None)
  if reason == 'process':
    monkeypatch.setattr(write.jax, 'process_index', lambda: 1)
  write.after_training(config, folder)
  assert not (folder / 'report.html').exists()
  assert caplog.messages == []


def test_matplotlib_that_is_missing_has_a_sentence(tmp_path, monkeypatch):
  monkeypatch.setitem(sys.modules, 'matplotlib', None)
  with pytest.raises(ValueError, match=r"pip install 'jaxgan\[report\]'"):
    write.single(make_run(tmp_path / 'run'))


def test_a_missing_picture_of_neighbors_is_drawn(tmp_path, monkeypatch):
  from jaxgan.evaluation import command

  drawn = []
  monkeypatch.setattr(command, 'run', drawn.append)
  folder, path = make_run(tmp_path / 'run', grids=0), tmp_path / 'n.png'
  with pytest.raises(ValueError, match=r'n.png is no PNG'):
    write.single(folder, None, path)
  assert drawn == [command.Options(str(folder), neighbours=str(path))]


def test_commands_are_those_of_the_run(tmp_path):
  records = [measured(1, 2.0), measured(1, 2.0, metric='gap100_critic')]
  folder = make_run(tmp_path / 'my run', records=records)
  lines = settings.commands(collect.read(folder))
  assert shlex.split(lines['Evaluate'])[2:] == [
    'jaxgan.evaluate', f'--workdir={folder}', '--metrics=fid100_digits',
  ]  # fmt: skip
  assert '--walk=60' in lines['Walk through the latents']
  vectors = make_run(tmp_path / 'vectors', shape=(2,), grids=0)
  lines = settings.commands(collect.read(vectors))
  assert lines['Sample'].endswith('--out=samples.csv')
  assert lines['Evaluate'].endswith('--neighbours=neighbours.png')
  assert 'Walk through the latents' not in lines


def test_only_changed_keys_are_listed_apart_from_those_of_the_preset():
  values = {'penalty': {'preset': 'wgan_gp', 'weight': 3.0}, 'seed': 4}
  changed = settings.changed(from_config_dict(values))
  assert changed == {
    'seed': (4, 0),
    'penalty.preset': ('wgan_gp', 'iterative'),
    'penalty.weight': (3.0, 10.0),
  }


@pytest.mark.slow
def test_the_command_to_continue_has_the_same_configuration(root, tmp_path):
  folder = make_run(
    tmp_path / 'my run', seed=4, penalty={'preset': 'wgan_gp', 'weight': 3.0},
    data={'name': 'digits', 'path': "it's"}, eval={'metrics': ['fid9k_digits']},
    net={'gen_widths': [8], 'critic_widths': [8, 9], 'name': 'mlp'},
    train={'batch_doubles_at': [5]},
  )  # fmt: skip
  run = collect.read(folder)
  command = shlex.split(settings.continuing(run).replace('\\\n', ' '))
  assert command[:3] == ['python', '-m', 'jaxgan.main']
  assert f'--workdir={folder}' in command
  done = subprocess.run(
    [sys.executable, *command[1:], '--help_config'],
    cwd=root, env=small.environment(), capture_output=True, text=True,
  )  # fmt: skip
  assert (done.stdout, done.stderr) == (help_text.help_text(run.config), '')
