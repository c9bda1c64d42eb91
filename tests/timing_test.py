"""The benchmark's figures are counted right; no time is judged."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from jaxgan import timing
from jaxgan.timing import Settings

ROOT = pathlib.Path(__file__).parents[1]

# What jaxgan and the PyTorch peer both print.
SHARED = {
  'net', 'batch', 'critic_steps', 'steps', 'warmup', 'device', 'mode',
  'precision', 'seconds_median', 'seconds_min', 'seconds_max', 'peak_bytes',
}  # fmt: skip


@pytest.mark.parametrize('net', timing.NETS)
def test_every_net_can_be_configured(net):
  config = timing.configuration(Settings(net=net, precision='bf16'))
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
  found = timing.count_flops(Settings(net='toy', batch=batch, critic_steps=5))
  assert found == pytest.approx(5 * update + other, rel=0.05)


@pytest.mark.parametrize('mode', ['step', 'loop'])
def test_the_command_prints_one_line(mode):
  output = subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.benchmark', '--net=toy', '--batch=8',
      '--steps=2', '--critic_steps=1', f'--mode={mode}',
    ],
    cwd=ROOT, check=True, capture_output=True, text=True,
    env=os.environ | {'XLA_FLAGS': ''},
  ).stdout  # fmt: skip
  figures = json.loads(output)
  assert set(figures) >= SHARED
  assert figures['mode'] == mode
  least, most = figures['seconds_min'], figures['seconds_max']
  assert 0 < least <= figures['seconds_median'] <= most
  assert figures['flops'] > 0
