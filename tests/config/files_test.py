"""Config files are found by name or path, and read with changes."""

import os
import subprocess
import sys

import pytest

from jaxgan.config import Config, files, load_config
from jaxgan.config.help_text import help_text


def test_a_name_is_a_file_of_configs(root, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  config = load_config('digits')
  assert (config.data.name, config.train.steps) == ('digits', 4_000)
  assert load_config('configs/digits.py') == config
  assert load_config(f'{root}/configs/digits.py') == config
  assert load_config('default') == Config()


def test_a_variant_stands_after_a_colon(root):
  tiny = load_config('zoo/sngan:tiny')
  assert (tiny.loss.name, tiny.train.steps) == ('hinge', 6)
  assert load_config(f'{root}/configs/zoo/sngan.py:tiny') == tiny
  with pytest.raises(ValueError, match="no variant 'smal'; it has :tiny"):
    load_config('digits:smal')


def test_changes_are_checked_like_the_file():
  changes = {'train.steps': 500, 'optim.gen.lr': 1, 'net.gen_widths': [8, 8]}
  config = load_config('digits', changes)
  assert (config.train.steps, config.optim.gen.lr) == (500, 1.0)
  assert config.net.gen_widths == (8, 8)
  assert load_config('toy', {'penalty.preset': 'r1'}).penalty.target == 0
  with pytest.raises(ValueError, match=r'train.steps is 0; it must be in'):
    load_config('digits', {'train.steps': 0})
  with pytest.raises(ValueError, match=r'optim.critic.lr or optim.gen.lr'):
    load_config('digits', {'train.lr': 1e-3})


@pytest.mark.parametrize('name', ['digts', 'configs/digts.py', 'digits.py', ''])
def test_a_name_without_a_file_lists_the_names(name, tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  with pytest.raises(ValueError, match=f"no config '{name}'.*toy") as caught:
    load_config(name)
  assert ', '.join(files.names()) in str(caught.value)


def test_a_file_without_get_config_is_named(tmp_path):
  (tmp_path / 'mine.py').write_text('seed = 1\n')
  with pytest.raises(ValueError, match=r'mine.py has no get_config\(variant\)'):
    load_config(str(tmp_path / 'mine.py'))


def test_every_listed_name_is_read():
  names = files.names()
  assert {'digits', 'celeba', 'zoo/sngan'} < set(names)
  assert not {'zoo/base', 'studies/toy', 'search/digits'} & set(names)
  for name in names:
    assert isinstance(load_config(name), Config)


@pytest.mark.parametrize(
  ('line', 'cause'),
  [
    ("config.net.nme = 'mlp'", 'Did you mean "name"'),
    ('config.trian.steps = 1', 'Did you mean "train"'),
    ('conf.seed = 1', "name 'conf' is not defined"),
  ],
)
def test_a_file_with_an_error_is_named(tmp_path, line, cause):
  path = tmp_path / 'mine.py'
  path.write_text(
    'from configs import default\n\n'
    'def get_config(variant=""):\n'
    f'  config = default.get_config()\n  {line}\n  return config\n'
  )
  with pytest.raises(ValueError, match=f'mine.py cannot be read .*{cause}'):
    load_config(str(path))


def test_the_help_has_every_key_and_fits_a_terminal():
  text = help_text(Config())
  assert max(map(len, text.splitlines())) <= 80
  for key in (
    'seed: int, 0 to 2147483647; default 0\n',
    'net.gen_widths: tuple of int, each at least 1; default (256, 128, 64)\n',
    'regularisers.augment: tuple of str, any of colour, translation, cutout;',
    'optim.critic.lr: float, at least 0; default 0.0001\n',
    'penalty.sides: str, one of two, one; default ',
    'log.tensorboard: bool; default True\n',
  ):
    assert f'\n  {key}' in f'\n{text}', key
  assert 'here' not in text.replace('where', '').replace('there', '')


def command(*arguments):
  root = str(files.ROOT)
  return subprocess.run(
    [sys.executable, '-m', 'jaxgan.main', *arguments],
    cwd=root, capture_output=True, text=True, check=False,
    env=os.environ | {'XLA_FLAGS': '', 'PYTHONPATH': root},
  )  # fmt: skip


def test_the_command_prints_the_keys_of_a_file():
  done = command('--config=configs/digits.py', '--help_config')
  assert (done.returncode, done.stderr) == (0, '')
  assert done.stdout == help_text(load_config('digits'))
  assert (
    '\n  train.steps: int, at least 1; default 10000; here 4000\n'
    '      Iterations, each of critic_steps critic updates and gen_steps'
  ) in done.stdout


@pytest.mark.parametrize('flag', ['--config=', '--config\n'])
def test_the_command_suggests_the_nearest_key(flag):
  config = f'{flag}configs/digits.py'.split('\n')
  done = command(*config, '--help_config', '--config.train.lr=1')
  assert done.returncode == 2
  assert done.stderr == (
    'jaxgan: Unknown config key train.lr; did you mean optim.critic.lr or '
    'optim.gen.lr?\n'
  )
