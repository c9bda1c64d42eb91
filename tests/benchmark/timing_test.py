"""The benchmark's figures are counted right; no time is judged."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys

import jax
import pytest
import small

from jaxgan.benchmark import iteration, layers, loop, runs
from jaxgan.benchmark.settings import NETS, Settings, configuration
from jaxgan.nets import catalog as nets_lib

SHAPE = (16, 16, 1)
ROOT = pathlib.Path(__file__).parents[2]

# What jaxgan and the PyTorch peer both print.
SHARED = {
  'net', 'batch', 'critic_steps', 'steps', 'warmup', 'device', 'mode',
  'precision', 'seconds_median', 'seconds_min', 'seconds_max', 'peak_bytes',
}  # fmt: skip


@pytest.mark.parametrize('net', NETS)
def test_every_net_can_be_configured(net):
  config = configuration(Settings(net=net, precision='bf16'))
  assert config.net.compute_dtype == 'bfloat16'
  assert config.penalty.points == 'uniform'


def test_operations_are_counted_as_by_hand():
  """Matrix products of the toy nets: 2 B in out each, and their derivatives."""
  batch, width = 32, 512
  layers = [(2, width), (width, width), (width, width), (width, 1)]
  critic = sum(2 * batch * i * o for i, o in layers)
  gen = sum(2 * batch * i * o for i, o in [*layers[:3], (width, 2)])
  # Real and fake: forward, and backward to parameters and activations. Points:
  # forward and backward make the slope; each product of that backward pass has
  # two derivatives, and through ReLU's steps none flows into the forward pass.
  update = 2 * 3 * critic + (1 + 1 + 2) * critic + gen
  other = 3 * gen + 2 * critic
  found = iteration.count_flops(
    Settings(net='toy', batch=batch, critic_steps=5)
  )
  assert found == pytest.approx(5 * update + other, rel=0.05)


def command(*flags):
  output = subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.benchmark', '--batch=8', '--steps=2',
      '--critic_steps=1', *flags,
    ],
    cwd=ROOT, check=True, capture_output=True, text=True,
    env=os.environ | {'XLA_FLAGS': ''},
  ).stdout  # fmt: skip
  return json.loads(output)


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


def test_a_window_is_compared_with_what_surrounds_it():
  windows = loop._Windows(lambda: {}, 2)
  windows.whole, windows.bare = [3.0, 1.0], [1.0, 2.0, 0.5]
  assert windows.ratios() == [2.0, 0.8]


def test_whole_runs_are_processes_of_their_own():
  flags = ('--net=small_toy', '--mode=runs', '--seeds=2', '--devices=2')
  figures = command(*flags)
  lone, together = figures['in_turn_seconds'], figures['together_seconds']
  assert 2 * figures['seconds_min'] <= lone <= 2 * figures['seconds_max']
  assert figures['ratio'] == pytest.approx(together / lone)


def test_devices_share_the_seeds_evenly():
  with pytest.raises(ValueError, match='a multiple of 2 seeds'):
    runs.measure(Settings(net='small_toy', seeds=3), devices=2)


def test_all_programs_are_told_all_that_they_share():
  own = {'mode', 'seeds', 'warmup'}
  fields = {field.name for field in dataclasses.fields(Settings)}
  assert set(runs._SHARED) == fields - own


def test_a_run_that_fails_is_no_figure(monkeypatch):
  monkeypatch.setattr(sys, 'executable', shutil.which('false'))
  with pytest.raises(ValueError, match='A program of 1 runs ended with 1'):
    runs.measure(Settings(net='small_toy'))


def test_layers_are_timed_and_their_rounding_told():
  small_layer, large = (
    layers.Layer(3, 1, channels, channels, side, 4)
    for channels, side in ((8, 8), (64, 32))
  )
  found, other = layers.measure((small_layer, large))['layers']
  assert not found['taken']
  assert other['taken']
  seconds = (found[f'{way}_seconds'] for way in ('points', 'windows'))
  assert found['ratio'] == pytest.approx(next(seconds) / next(seconds))
  # Not zero, which would be a sum compared with itself.
  assert 0 < found['windows_rounding'] < found['points_rounding'] < 1e-5


@pytest.mark.parametrize('files', ['png', 'jpeg'])
def test_the_command_times_files(files):
  figures = command('--mode=data', f'--files={files}', '--images=64')
  assert figures['shape'] == [28, 28, 1]
  for name in ('first', 'again', 'delivered'):
    assert figures[f'{name}_images_per_second'] > 0


def test_seeds_in_one_program_are_counted_together():
  settings = Settings(net='toy', batch=8, critic_steps=1, steps=1, warmup=0)
  one = iteration.measure(settings)
  four = iteration.measure(dataclasses.replace(settings, seeds=8))
  assert four['seeds'] == 8
  assert four['flops'] == one['flops']  # Of one seed.
  share = four['flops'] / (four['seconds_median'] / 8)
  assert four['share_of_peak'] == pytest.approx(
    share / four['peak_flops_per_second']
  )


def test_eight_devices_share_the_activations():
  """Each holds all parameters and an eighth of what grows with the batch."""

  def needed(devices, batch):
    config = small.config(train={'batch_size': batch})
    nets = nets_lib.build(config.net, SHAPE)
    state, train_step, over = small.make(config, devices, nets, SHAPE)
    images = small.batch(config, over, shape=SHAPE)
    lowered = jax.jit(train_step, donate_argnums=0).lower(state, images)
    return iteration.program_bytes(lowered.compile())

  grown_on_one = needed(1, 1024) - needed(1, 64)
  grown_on_eight = needed(8, 1024) - needed(8, 64)
  assert grown_on_eight < 1.5 * grown_on_one / 8
