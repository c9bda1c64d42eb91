"""Tests of the sentences that all commands share."""

import pathlib
import subprocess
import sys

import jax
import pytest
import small

from jaxgan import cli

ROOT = pathlib.Path(__file__).parents[1]


def main(*flags, **env):
  return subprocess.run(
    [sys.executable, '-m', 'jaxgan.main', '--config=toy:tiny', *flags],
    cwd=ROOT, env=small.environment(**env), text=True,
    capture_output=True,
  )  # fmt: skip


def test_a_platform_without_a_device_has_an_error_message(tmp_path):
  done = main(f'--workdir={tmp_path}/run', JAX_PLATFORMS='cuda')
  assert done.returncode == 2
  assert done.stderr == (
    'jaxgan: JAX_PLATFORMS is cuda, and JAX finds no such device; it must be '
    'cpu here, or be unset for the best device.\n'
  )
  assert not (tmp_path / 'run').exists()


def test_other_errors_of_a_command_keep_their_traceback():
  jax.devices()

  def command():
    raise RuntimeError('a bug')

  with pytest.raises(RuntimeError, match='a bug'):
    cli.run(command)


@pytest.mark.parametrize(
  'flag', ['processes=2', 'process=0', 'coordinator=localhost:1']
)
def test_processes_need_distributed(tmp_path, flag):
  done = main(f'--workdir={tmp_path}/run', f'--{flag}')
  assert done.returncode == 1
  assert '--process and --local_device_ids need --dist' in done.stderr
  assert 'Traceback' not in done.stderr
  assert not (tmp_path / 'run').exists()
