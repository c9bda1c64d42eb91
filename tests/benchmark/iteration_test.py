"""The figures of one iteration are counted correctly; no time is judged."""

import dataclasses

import jax
import pytest
import small

from jaxgan.benchmark import iteration
from jaxgan.benchmark.settings import NETS, Settings, configuration

SHAPE = (16, 16, 1)


@pytest.mark.parametrize('net', NETS)
def test_every_net_can_be_configured(net):
  config = configuration(Settings(net=net, precision='bf16'))
  assert config.train.precision == 'bf16'
  assert config.penalty.points == 'uniform'


@pytest.mark.slow
def test_operations_are_counted_as_by_hand():
  """A product [B, in] x [in, out] is 2 B in out; so are its derivatives."""
  batch, width = 32, 512
  layers = [(2, width), (width, width), (width, width), (width, 1)]
  critic = sum(2 * batch * i * o for i, o in layers)
  gen = sum(2 * batch * i * o for i, o in [*layers[:3], (width, 2)])
  # Real and fake: forward, and backward to parameters and activations. Points:
  # forward and backward give the gradient norm; each product of that backward
  # pass has two derivatives. ReLU passes no second derivative on.
  update = 2 * 3 * critic + (1 + 1 + 2) * critic + gen
  other = 3 * gen + 2 * critic
  flops = iteration.count_flops(
    Settings(net='toy', batch=batch, critic_steps=5)
  )
  assert flops == pytest.approx(5 * update + other, rel=0.05)


@pytest.mark.slow
def test_seeds_in_one_program_are_counted_together():
  settings = Settings(net='toy', batch=8, critic_steps=1, steps=1, warmup=0)
  one = iteration.measure(settings)
  eight = iteration.measure(dataclasses.replace(settings, seeds=8))
  assert eight['seeds'] == 8
  assert eight['flops'] == one['flops']  # Of one seed.
  share = eight['flops'] / (eight['seconds_median'] / 8)
  assert eight['share_of_peak'] == pytest.approx(
    share / eight['peak_flops_per_second']
  )


@pytest.mark.slow
def test_eight_devices_share_the_activations():
  """Each holds all parameters and an eighth of the activations."""

  def needed(devices, batch):
    config = small.config(train={'batch_size': batch})
    state, train_step, over = small.make(config, devices, shape=SHAPE)
    images = small.batch(config, over, shape=SHAPE)
    lowered = jax.jit(train_step, donate_argnums=0).lower(state, images)
    return iteration.program_bytes(lowered.compile())

  grown_on_one = needed(1, 1024) - needed(1, 64)
  grown_on_eight = needed(8, 1024) - needed(8, 64)
  assert grown_on_eight < 1.5 * grown_on_one / 8
