"""`jaxgan COMMAND` is `python -m` of the command's module."""

import re
import runpy
import subprocess
import sys

import pytest
import small

import jaxgan
from jaxgan import __main__ as command
from jaxgan.config import load_config
from jaxgan.config.help_text import help_text


@pytest.mark.parametrize('arguments', [[], ['--help']])
def test_the_help_has_a_line_for_each_command(root, capsys, arguments):
  assert command.main(arguments) == 0
  lines = capsys.readouterr().out.splitlines()
  graph = re.findall(
    r'(?m)^  (\w+)(?:/|\.py) +command: ', (root / 'CONTRIBUTING.md').read_text()
  )
  names = {line.split()[0] for line in lines if line.startswith('  ')}
  drawn = {'train' if name == 'main' else name for name in graph}
  assert names == drawn - {'__main__'}
  assert max(map(len, lines)) <= 80


def test_the_version_is_that_of_the_package(capsys):
  assert command.main(['--version']) == 0
  assert capsys.readouterr().out == f'jaxgan {jaxgan.__version__}\n'


@pytest.mark.parametrize(
  ('name', 'sentence'),
  [
    ('traim', "Unknown command 'traim'; did you mean train?"),
    ('xyz', "Unknown command 'xyz'; it must be one of train, sample,"),
    ('--config=digits', "Unknown command '--config=digits'; it must be one of"),
  ],
)
def test_an_unknown_command_gets_a_suggestion(capsys, name, sentence):
  assert command.main([name]) == 2
  assert capsys.readouterr().err.startswith(f'jaxgan: {sentence}')


@pytest.mark.parametrize(
  ('arguments', 'module', 'rest'),
  [
    (['train', '--workdir=w'], 'jaxgan.main', ['--workdir=w']),
    (['search', 'report'], 'jaxgan.search', ['report']),
    (['report', '--out=x'], 'jaxgan.report', ['--out=x']),
  ],
)
def test_a_command_runs_its_module(monkeypatch, arguments, module, rest):
  calls = []
  monkeypatch.setattr(
    runpy, 'run_module', lambda name, **kwargs: calls.append((name, kwargs))
  )
  monkeypatch.setattr(sys, 'argv', ['jaxgan', *arguments])
  command.main(arguments)
  assert calls == [(module, {'run_name': '__main__', 'alter_sys': True})]
  assert sys.argv[1:] == rest


def test_a_name_is_a_config_from_any_folder(root, tmp_path):
  done = subprocess.run(
    [sys.executable, '-m', 'jaxgan', 'train', '--config=zoo/sngan:tiny',
     '--help_config', '--config.train.steps=9'],
    cwd=tmp_path, capture_output=True, text=True,
    env=small.environment(PYTHONPATH=str(root)),
  )  # fmt: skip
  config = load_config('zoo/sngan:tiny', {'train.steps': 9})
  assert (done.stdout, done.stderr) == (help_text(config), '')
