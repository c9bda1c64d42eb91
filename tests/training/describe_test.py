"""`--describe`: its text, its errors, and no files left behind."""

import pathlib
import subprocess
import sys

import pytest
import small

from jaxgan.training import describe

ROOT = pathlib.Path(__file__).parents[2]

# By hand. Dense_0: 4 * 8 + 8, Dense_1: 8 * 64 + 64; 64 * 8 + 8, 8 + 1.
MLP = """\
digits: latents [B, 4], examples [B, 8, 8, 1]; B is the size of a batch.

generator  output        parameters
Generator  [B, 8, 8, 1]
  Dense_0  [B, 8]                40
  Dense_1  [B, 64]              576
total                           616

critic     output  parameters
Critic     [B]
  Dense_0  [B, 8]         520
  Dense_1  [B, 1]           9
total                     529

Both nets have 1,145 parameters.
"""


def test_the_text_of_a_small_net():
  assert describe.describe(small.config()) == MLP


def test_a_named_module_shows_its_class():
  config = small.config(net={'classes': 10})
  text = describe.describe(config)
  assert 'latents [B, 14]' in text
  assert '\n  trunk (Critic)  [B, 8]\n    Dense_0       [B, 8]' in text


@pytest.mark.parametrize(
  ('sections', 'sentence'),
  [
    ({'net': {'classes': 3}}, 'net.classes is 3 and digits has 10 classes'),
    ({'net': {'name': 'mlpp'}}, 'mlpp'),
    ({'data': {'name': 'digitz'}}, 'digitz'),
    (
      {'data': {'name': 'gaussians8'}, 'regularisers': {'augment': ('flip',)}},
      'regularisers.augment',
    ),
  ],
)
def test_a_configuration_that_cannot_train_is_refused(sections, sentence):
  with pytest.raises(ValueError, match=sentence):
    describe.describe(small.config(**sections))


def main(folder, *arguments):
  return subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.main',
      f'--config={ROOT}/configs/zoo/cgan.py:tiny', *arguments,
    ],
    cwd=folder, capture_output=True, text=True, check=False,
    env=small.environment(
      PYTHONPATH=str(ROOT), TFDS_DATA_DIR=str(folder),
      XDG_CACHE_HOME=str(folder),
    ),
  )  # fmt: skip


@pytest.mark.slow
def test_the_command_needs_no_workdir_and_leaves_nothing(tmp_path):
  done = main(tmp_path, '--describe', '--config.net.latent_size=5')
  assert done.returncode == 0, done.stderr
  assert done.stdout.startswith('digits: latents [B, 15], examples')
  assert done.stderr == ''
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('arguments', [(), ('--workdir=',)])
def test_a_run_needs_a_workdir(tmp_path, arguments):
  done = main(tmp_path, *arguments)
  assert done.returncode == 1
  assert '--workdir must be the folder of the run' in done.stderr
  assert 'Traceback' not in done.stderr
  assert not list(tmp_path.iterdir())
