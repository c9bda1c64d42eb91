"""Losses, penalties, controllers and nets combine freely, or say why not."""

import dataclasses
import functools
import itertools

import jax
import numpy as np
import pytest
import small

from jaxgan.config import from_config_dict
from jaxgan.games.controller import WEIGHTS
from jaxgan.games.controller import init as init_control
from jaxgan.games.losses import LOSSES
from jaxgan.nets import catalog as nets_lib
from jaxgan.nets.catalog import NETS
from jaxgan.schema import PRESETS
from jaxgan.step import Iteration

SHAPE = (4, 4, 1)

# Every pair of a loss, a preset, a controller and a net is in one of these; all
# combinations together would take ten minutes.
GRID = [
  (loss, preset, (*WEIGHTS,)[(i + j) % len(WEIGHTS)], (*NETS,)[(i + 2 * j) % 3])
  for (i, loss), (j, preset) in itertools.product(
    enumerate(LOSSES), enumerate(PRESETS)
  )
]


def config_of(loss, preset, controller, net):
  head = 'autoencoder' if loss == 'energy' else 'score'
  return from_config_dict(
    {
      'loss': {'name': loss},
      'penalty': {'preset': preset, 'controller': controller},
      'net': {
        'name': net, 'latent_size': 2, 'gen_widths': (4,), 'conv': 'lax',
        'critic_widths': (4,), 'critic_head': head, 'critic_code_size': 2,
      },
      'train': {'batch_size': 2, 'critic_steps': 1, 'steps': 5},
    }
  )  # fmt: skip


@functools.lru_cache
def state_of(net, head):
  """A state of a net; what a penalty adds to it is put in later."""
  loss = 'energy' if head == 'autoencoder' else 'wasserstein'
  config = config_of(loss, 'wgan_gp', 'constant', net)
  return small.make(config, shape=SHAPE)[0]


@pytest.mark.parametrize(('loss', 'preset', 'controller', 'net'), GRID)
def test_a_combination_takes_a_step(loss, preset, controller, net):
  config = config_of(loss, preset, controller, net)
  state = dataclasses.replace(
    state_of(net, config.net.critic_head),
    control=init_control(config.penalty),
  )
  batch = small.batch(config, small.mesh(), shape=SHAPE)
  # Operation by operation: no program is compiled for the sake of one step.
  with jax.disable_jit():
    nets = nets_lib.build(config.net, SHAPE)
    state, metrics = Iteration(config, nets)(state, batch)
  assert all(np.isfinite(float(v)) for v in metrics.values())
  assert int(state.diverged_step) == -1
