"""The command prints one line of JSON in each mode."""

import json
import pathlib
import subprocess
import sys

import pytest
import small

ROOT = pathlib.Path(__file__).parents[2]

# Fields that jaxgan and the PyTorch peer both print.
SHARED = {
  'net', 'batch', 'critic_steps', 'steps', 'warmup', 'device', 'mode',
  'precision', 'seconds_median', 'seconds_min', 'seconds_max', 'peak_bytes',
}  # fmt: skip


def command(*flags):
  output = subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.benchmark', '--batch=8', '--steps=2',
      '--critic_steps=1', *flags,
    ],
    cwd=ROOT, check=True, capture_output=True, text=True,
    env=small.environment(),
  ).stdout  # fmt: skip
  return json.loads(output)


@pytest.mark.slow
@pytest.mark.parametrize('mode', ['step', 'loop'])
def test_the_command_prints_one_line(mode):
  figures = command('--net=toy', f'--mode={mode}')
  assert set(figures) >= SHARED
  assert figures['mode'] == mode
  least, most = figures['seconds_min'], figures['seconds_max']
  assert 0 < least <= figures['seconds_median'] <= most
  assert figures['flops'] > 0
  if mode == 'loop':
    ratios = figures['ratios']
    assert len(ratios) == 7
    assert figures['ratio'] == sorted(ratios)[3]


@pytest.mark.slow
def test_whole_runs_are_processes_of_their_own():
  flags = ('--net=small_toy', '--mode=runs', '--seeds=2', '--devices=2')
  figures = command(*flags)
  single, together = figures['in_turn_seconds'], figures['together_seconds']
  assert 2 * figures['seconds_min'] <= single <= 2 * figures['seconds_max']
  assert figures['ratio'] == pytest.approx(together / single)


@pytest.mark.parametrize(
  ('files', 'placement', 'copies'),
  [('png', 'host', 1), small.slow('jpeg', 'stream', 3)],
)
def test_the_command_times_files(files, placement, copies):
  figures = command(
    '--mode=data', f'--files={files}', f'--placement={placement}',
    f'--copies={copies}', '--images=64',
  )  # fmt: skip
  assert figures['shape'] == [28, 28, 1]
  assert figures['decoded_bytes'] == 64 * copies * 28 * 28
  if sys.platform == 'linux':
    assert figures['peak_resident_bytes'] > 2**26
  for name in ('first', 'again', 'delivered', 'in_memory'):
    assert figures[f'{name}_images_per_second'] > 0
  assert figures['ratio'] > 0
  assert figures['resumed_equal']
