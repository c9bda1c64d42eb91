"""Losses, penalties, controllers and nets combine freely, or say why not."""

import dataclasses
import functools
import itertools

import chex
import jax
import numpy as np
import pytest
import small

from jaxgan.config import PRESETS, from_config_dict
from jaxgan.config.translation import NETS as TRANSLATE
from jaxgan.gan import controller
from jaxgan.gan.losses import LOSSES
from jaxgan.gan.updates import Updates
from jaxgan.nets.catalog import NETS

SHAPE = (4, 4, 1)
# Small, of one size of features where a net has no need of more.
WIDTHS = {'gen_widths': (4,), 'critic_widths': (4,)}
TWO = {'gen_widths': (4, 4), 'critic_widths': (4, 4)}
KEYS = {
  'mlp': WIDTHS,
  'dcgan': WIDTHS,
  'resnet': WIDTHS,
  'biggan': {**WIDTHS, 'gen_norm': 'batch', 'depth': 1},
  'stylegan': {
    **TWO,
    'mapping_layers': 1,
    'style_size': 2,
    'minibatch_group': 2,
  },
  'multiscale': TWO,
  'r3gan': {**WIDTHS, 'depth': 1},
  'unet': WIDTHS,
  'encoder_decoder': {**TWO, 'blocks': 1},
  'rrdb': {**TWO, 'blocks': 1},
}
# All pairs for these; the larger nets meet each loss and each penalty once.
EACH = ('mlp', 'dcgan')

pytestmark = pytest.mark.slow


def test_every_net_is_tried():
  # That of tables needs its columns: tests/gan/tables_test.py.
  assert {*KEYS, 'table_mlp'} == set(NETS)


def combinations():
  scores = itertools.cycle(loss for loss in LOSSES if loss != 'energy')
  once = list(zip(scores, PRESETS, strict=False))
  for net in KEYS:
    for loss, preset in itertools.product(LOSSES, PRESETS):
      few = once[:1] if net in TRANSLATE[1:] else once  # The game of `unet`.
      if net in EACH or (loss, preset) in few:
        yield loss, preset, net


def config_of(loss, preset, net):
  head = 'autoencoder' if loss == 'energy' else 'score'
  return from_config_dict(
    {
      'game': 'translation' if net in TRANSLATE else 'gan',
      'loss': {'name': loss},
      'penalty': {'preset': preset},
      'net': {
        'name': net, 'latent_size': 2, 'conv': 'lax', 'critic_head': head,
        'critic_code_size': 2, **KEYS[net],
      },
      'train': {'batch_size': 2, 'critic_steps': 1, 'steps': 5},
    }
  )  # fmt: skip


@functools.lru_cache
def state_of(net, head):
  """A state of a net; what a penalty adds to it is put in later."""
  loss = 'energy' if head == 'autoencoder' else 'wasserstein'
  config = config_of(loss, 'wgan_gp', net)
  return small.make(config, shape=SHAPE)[0]


@pytest.mark.parametrize(('loss', 'preset', 'net'), list(combinations()))
def test_a_combination_takes_a_step_under_every_controller(loss, preset, net):
  config = config_of(loss, preset, net)
  hyper = small.hyper(config.penalty)
  state = dataclasses.replace(
    state_of(net, config.net.critic_head),
    control=controller.init(config.penalty, hyper),
  )
  batch = small.batch(config, small.mesh(), shape=SHAPE)

  def step(state, batch):
    problem = small.problem(config, SHAPE)
    updates = Updates(problem)
    if problem.translation is not None:
      batch = problem.translation.pairs(state.key, batch)
    critic, metrics, measurement = updates.critic_updates(
      hyper, state, batch, state.key
    )
    gen, more = updates.gen_updates(
      hyper, state, critic.variables, batch, state.key
    )
    # All begin with the same weight, so that the updates above are theirs too.
    controls = {
      name: controller.build(
        dataclasses.replace(config.penalty, controller=name), 5
      )(state.control, measurement, state.step, hyper)
      for name in controller.WEIGHTS
    }
    return critic, gen, (metrics, more), controls

  # A small net compiles more slowly than its operations run one by one.
  with jax.disable_jit(net in EACH):
    critic, gen, metrics, controls = jax.jit(step)(state, batch)
  for values in (*metrics, *(c._asdict() for c in controls.values())):
    assert all(np.isfinite(float(v)) for v in values.values())
  chex.assert_tree_all_finite((critic, gen))
  assert all(float(c.updates) == 1 for c in controls.values())
