"""Config files are found by name or path, and read with changes."""

import subprocess
import sys

import pytest
import small

from jaxgan.config import PRESETS, Config, Penalty, files, load_config
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


def test_from_a_wheel_a_path_of_the_checkout_names_the_config_inside(
  tmp_path, monkeypatch
):
  monkeypatch.chdir(tmp_path)
  monkeypatch.setattr(files, '_INSTALLED', True)
  for name, known in (
    ('configs/digits.py', 'digits'),
    ('configs/zoo/sngan.py:tiny', 'zoo/sngan'),
    ('toy.py', 'toy'),
  ):
    with pytest.raises(ValueError, match=f'; --config={known} is the one ins'):
      load_config(name)
  assert load_config('zoo/sngan:tiny').train.steps == 6


COPY = """
from configs import default
def get_config(variant=''):
  config = default.get_config()
  config.seed = 7
  return default.finish(config, variant)
"""


def test_a_copy_of_a_config_file_works_in_any_folder(tmp_path, monkeypatch):
  (tmp_path / 'mine.py').write_text(COPY)
  for name in [n for n in sys.modules if n.split('.')[0] == 'configs']:
    monkeypatch.delitem(sys.modules, name)
  path, modules = [*sys.path], {*sys.modules}
  assert load_config(f'{tmp_path}/mine.py:tiny').seed == 7
  assert sys.path == path
  assert not {n for n in {*sys.modules} - modules if n.startswith('configs')}


def test_a_package_named_configs_does_not_hide_the_files(tmp_path, monkeypatch):
  other = tmp_path / 'configs'
  other.mkdir()
  (other / '__init__.py').write_text('raise RuntimeError')
  (other / 'shared.py').write_text('SEED = 8\n')
  monkeypatch.syspath_prepend(tmp_path)
  assert load_config('zoo/sngan:tiny').loss.name == 'hinge'
  text = COPY.replace('import default', 'import default, shared')
  (tmp_path / 'mine.py').write_text(text.replace('= 7', '= shared.SEED'))
  assert load_config(f'{tmp_path}/mine.py').seed == 8


@pytest.mark.parametrize(
  ('body', 'cause'),
  [
    ('def get_config():\n  return None\n', 'returns NoneType; it must return'),
    ('def get_config(x):\n  return x\n', 'cannot be read .*missing 1'),
  ],
)
def test_a_function_that_gives_no_config_is_named(tmp_path, body, cause):
  (tmp_path / 'mine.py').write_text(body)
  with pytest.raises(ValueError, match=f'mine.py {cause}'):
    load_config(str(tmp_path / 'mine.py'))


def test_changes_are_checked_like_the_file():
  changes = {'train.steps': 500, 'optim.gen.lr': 1, 'net.gen_widths': [8, 8]}
  config = load_config('digits', changes)
  assert (config.train.steps, config.optim.gen.lr) == (500, 1.0)
  assert config.net.gen_widths == (8, 8)
  assert load_config('toy', {'penalty.preset': 'r1'}).penalty.target == 0
  with pytest.raises(ValueError, match=r'train.steps is 0; .* at least 1'):
    load_config('digits', {'train.steps': 0})
  with pytest.raises(ValueError, match=r'optim.critic.lr or optim.gen.lr'):
    load_config('digits', {'train.lr': 1e-3})


@pytest.mark.parametrize('preset', PRESETS)
def test_a_named_preset_replaces_the_penalty_of_the_file(preset):
  assert load_config('toy').penalty.weight == 0.1
  penalty = load_config('toy', {'penalty.preset': preset}).penalty
  assert penalty == Penalty(**{'preset': preset, **PRESETS[preset]})
  changes = {'penalty.preset': preset, 'penalty.warmup_steps': 7}
  assert load_config('toy', changes).penalty.warmup_steps == 7


@pytest.mark.parametrize(
  ('name', 'changes'),
  [
    ('digits', {'penalty.preset': 'none', 'penalty.weight': 5.0}),
    ('digits', {'penalty.weight': 5.0, 'penalty.preset': 'wgan'}),
    ('zoo/gan', {'penalty.weight': 5.0}),
  ],
)
def test_a_weight_beside_a_preset_without_penalty_is_refused(name, changes):
  sentence = 'and penalty.weight is 5.0; this preset has no penalty, so leave'
  with pytest.raises(ValueError, match=sentence):
    load_config(name, changes)
  allowed = load_config(name, {**changes, 'penalty.weight': 0.0})
  assert allowed.penalty.weight == 0
  weight = load_config(name, {**changes, 'penalty.preset': 'r1'}).penalty.weight
  assert weight == 5


@pytest.mark.parametrize('name', ['digts', 'configs/digts.py', 'digts.py', ''])
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
  for name in names:  # That of a style needs a file of the user.
    changes = {'loss.features_net': 'x.npz'} if name == 'zoo/style' else {}
    assert isinstance(load_config(name, changes), Config)


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
    'seed: int, between 0 and 2147483647; default 0\n',
    'net.gen_widths: tuple of int, each at least 1; default (256, 128, 64)\n',
    'regularisers.augment: tuple of str, any of colour, translation, cutout;',
    'optim.critic.lr: float, at least 0; default 0.0001\n',
    'penalty.sides: str, one of two, one; default ',
    'log.tensorboard: bool; default True\n',
  ):
    assert f'\n  {key}' in f'\n{text}', key
  assert 'here' not in text.replace('where', '').replace('there', '')


def command(*arguments, module='main'):
  root = str(files.ROOT)
  return subprocess.run(
    [sys.executable, '-m', f'jaxgan.{module}', *arguments],
    cwd=root, capture_output=True, text=True, check=False,
    env=small.environment(PYTHONPATH=root),
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


def test_a_preset_on_the_command_line_replaces_the_penalty_of_the_file():
  preset = '--config.penalty.preset=literal'
  arguments = ('--config=configs/toy.py', '--help_config', preset)
  done = command(*arguments, '--config.penalty.warmup_steps=7')
  changes = {'penalty.preset': 'literal', 'penalty.warmup_steps': 7}
  assert done.stdout == help_text(load_config('toy', changes))
  smoothing = 'float, between 0 and 0.999999; default 0.99; here 0.0'
  assert f'penalty.smoothing: {smoothing}' in done.stdout


@pytest.mark.parametrize(
  ('module', 'arguments', 'sentence'),
  [
    ('main', ('--config=configs/digits.py:huge', '--help_config'),
     'flag --config=configs/digits.py:huge: A config has no variant '
     "'huge'; it has :tiny."),
    ('main', ('--config=configs/studies/toy.py', '--help_config'),
     '--config is not the config of a run; it must be one, such as '
     'configs/digits.py.'),
    ('study.__main__', ('--config=configs/digits.py', '--workdir=never'),
     '--config is not the config of a study; it must be one, such as '
     'configs/studies/toy.py.'),
    ('main', ('--config=configs/toy.py', '--help_config',
              '--config.penalty.preset=wgan', '--config.penalty.weight=3'),
     "penalty.preset is 'wgan' and penalty.weight is 3.0; this preset has no "
     'penalty, so leave the weight out or name another preset.'),
  ],
)  # fmt: skip
def test_a_config_that_cannot_be_meant_gets_a_sentence(
  module, arguments, sentence
):
  done = command(*arguments, module=module)
  assert (done.returncode, done.stderr) == (2, f'jaxgan: {sentence}\n')
