"""Each replica is the run that it would have been alone."""

import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.gan import problem as problem_lib
from jaxgan.gan import vmapped
from jaxgan.gan.vmapped import Replicas
from jaxgan.types import Batch

SHARED = {'optim': {'gen': {'name': 'sgd'}, 'critic': {'name': 'sgd'}}}
BASE = {
  'seed': 0,
  'penalty.weight': 10.0,
  'penalty.floor': 0.1,
  'penalty.power': 1.0,
  'penalty.rate': 0.3,
  'penalty.smoothing': 0.5,
  'penalty.decay': 1.0,
  'optim.gen.lr': 1e-3,
  'optim.critic.lr': 1e-2,
}
OTHER = {
  'seed': 5,
  'penalty.weight': 0.5,
  'penalty.floor': 0.7,
  'penalty.power': 0.5,
  'penalty.rate': 0.05,
  'penalty.smoothing': 0.8,
  'penalty.decay': 0.9,
  'optim.gen.lr': 3e-3,
  'optim.critic.lr': 3e-3,
}


def one_at_a_time():
  """Replica 0 has the base; each other differs from it in one key."""
  return {
    key: [BASE[key], *(OTHER[key] if key == k else BASE[key] for k in BASE)]
    for key in BASE
  }


def batches(config, num, step):
  parts = [
    jax.device_get(small.batch(config, small.mesh(), 100 * r + step))
    for r in range(num)
  ]
  return Batch(*(np.stack(part) for part in zip(*parts, strict=True)))


def together(reps, steps, mapping='auto', devices=1):
  config, over = reps.config, small.mesh(devices)
  problem = small.problem(config)
  states = vmapped.create(reps, problem, over)
  train_step = vmapped.make_train_step(reps, problem, over, mapping)
  history = []
  for step in range(steps):
    states, metrics = train_step(states, batches(config, reps.num, step))
    history.append(jax.device_get(metrics))
  return jax.device_get(states), history


def alone(reps, index, steps):
  config = reps.config_of(index)
  state, train_step, over = small.make(config)
  history = []
  for step in range(steps):
    state, metrics = train_step(
      state, small.batch(config, over, 100 * index + step)
    )
    history.append(jax.device_get(metrics))
  return jax.device_get(state), history


def numbers(state):
  """All but the key, which is no number."""
  return jax.tree.leaves((state.variables, state.ema, state.control))


@pytest.fixture(scope='module')
def lone_runs():
  reps = Replicas(small.config(**SHARED), one_at_a_time())
  return reps, [alone(reps, r, 5) for r in range(reps.num)]


@pytest.mark.slow
@pytest.mark.parametrize('mapping', ['vmap', 'map'])
def test_a_replica_equals_its_lone_run(mapping, lone_runs):
  reps, runs = lone_runs
  states, history = together(reps, 5, mapping)
  for r, (state, metrics) in enumerate(runs):
    found = vmapped.take(states, r)
    keys = (jax.random.key_data(x.key) for x in (found, state))
    chex.assert_trees_all_equal(*keys)
    chex.assert_trees_all_close(
      numbers(found), numbers(state), rtol=1e-5, atol=1e-5
    )
    for a, b in zip(history, metrics, strict=True):
      chex.assert_trees_all_close(vmapped.take(a, r), b, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_every_key_is_tried_and_makes_a_difference(lone_runs):
  """Otherwise the test above would compare a run with itself."""
  _, runs = lone_runs
  assert set(BASE) == set(OTHER) == set(vmapped.SWEPT)
  base, *others = [numbers(state) for state, _ in runs]
  for key, other in zip(BASE, others, strict=True):
    pairs = zip(base, other, strict=True)
    assert any(not np.array_equal(a, b) for a, b in pairs), key


@pytest.mark.slow
@pytest.mark.parametrize('mapping', ['vmap', 'map'])
def test_eight_devices_keep_whole_replicas(mapping):
  reps = Replicas(small.config(**SHARED), {'seed': list(range(8))})
  on_one, _ = together(reps, 2)
  on_eight, _ = together(reps, 2, mapping, devices=8)
  chex.assert_trees_all_close(
    numbers(on_one), numbers(on_eight), rtol=1e-5, atol=1e-6
  )


@pytest.mark.slow
def test_one_program_serves_all_values():
  config = small.config()
  problem = small.problem(config)
  reps = Replicas(config, {'seed': [1, 2]})
  states = vmapped.create(reps, problem, small.mesh())
  train_step = vmapped.make_train_step(reps, problem, small.mesh())
  first = batches(config, 2, 0)
  states, _ = train_step(states, first)
  with jax.log_compiles(False), jax.no_tracing():
    states, metrics = train_step(states, first)
  assert metrics['gap'].shape == (2,)
  assert jnp.isfinite(metrics['gap']).all()


def test_other_values_of_a_configuration_are_no_other_program():
  config = small.config()
  steps = [
    vmapped.make_train_step(
      Replicas(config, {'penalty.weight': [weight]}),
      small.problem(config),
      small.mesh(),
    )
    for weight in (1.0, 2.0)
  ]
  assert steps[0].func is steps[1].func


@pytest.mark.parametrize(
  ('values', 'words'),
  [
    ({'net.latent_size': [3, 4]}, "'net.latent_size'.*optim.gen.lr"),
    ({'seed': [1], 'penalty.weight': [1.0, 2.0]}, 'as many'),
    ({}, 'at least one'),
    ({'seed': []}, 'at least one'),
    ({'penalty.power': [0.5, 1.5]}, r'penalty.power is 1.5'),
  ],
)
def test_what_cannot_be_swept(values, words):
  with pytest.raises(ValueError, match=words):
    Replicas(small.config(), values)


def test_devices_that_cannot_share():
  reps = Replicas(small.config(), {'seed': [1, 2, 3]})
  problem = small.problem(reps.config)
  with pytest.raises(ValueError, match='3 replicas and 2 devices'):
    vmapped.make_train_step(reps, problem, small.mesh(2))


@pytest.mark.slow
def test_each_device_maps_its_own_replicas():
  """Without a copy of the others, in no communication between devices."""
  reps = Replicas(small.config(), {'seed': [1, 2, 3, 4]})
  problem, over = small.problem(reps.config), small.mesh(2)
  step = vmapped.make_train_step(reps, problem, over, 'map')
  states = vmapped.create(reps, problem, over)
  program = step.func.lower(*step.args, states, batches(reps.config, 4, 0))
  text = program.compile().as_text()
  assert 'while(' in text
  assert not re.search('all-(gather|reduce|to-all)|collective', text)


@pytest.mark.parametrize(
  ('mapping', 'grouped'), [('vmap', True), ('map', False)]
)
def test_only_vmap_makes_grouped_convolutions(mapping, grouped):
  """Of the kernels of all replicas: the reason for the rule below."""
  net = {'name': 'dcgan', 'gen_widths': (4,), 'critic_widths': (4,)}
  config = small.config(net={**net, 'conv': 'lax'}, train={'critic_steps': 1})
  reps = Replicas(config, {'seed': [1, 2, 3]})
  problem, over = small.problem(config), small.mesh()
  states = jax.eval_shape(lambda: vmapped.create(reps, problem, over))
  step = vmapped.make_train_step(reps, problem, over, mapping)
  examples = batches(config, 3, 0)
  program = str(jax.make_jaxpr(step.func)(*step.args, states, examples))
  assert 'conv_general_dilated' in program
  assert ('group_count=3' in program) == grouped


@pytest.mark.parametrize(
  ('platform', 'devices', 'net', 'mapping'),
  [
    ('cpu', 1, 'dcgan', 'map'),
    ('cpu', 2, 'dcgan', 'map'),
    ('cpu', 1, 'mlp', 'map'),
    ('cpu', 2, 'mlp', 'vmap'),
    ('gpu', 1, 'dcgan', 'map'),
    ('gpu', 8, 'resnet', 'map'),
    ('gpu', 1, 'mlp', 'vmap'),
    ('tpu', 4, 'dcgan', 'map'),
    ('tpu', 4, 'mlp', 'vmap'),
  ],
)
def test_the_mapping_follows_networks_and_devices(
  platform, devices, net, mapping, monkeypatch
):
  monkeypatch.setattr(jax, 'device_count', lambda: devices)
  config = small.config(net={'name': net, 'gen_widths': (4, 4)})
  problem = problem_lib.build(config, (8, 8, 1), platform=platform)
  convolutions = vmapped._has_convolutions(problem)
  assert vmapped._resolve('auto', platform, convolutions) == mapping


def test_an_unknown_mapping():
  reps = Replicas(small.config(), {'seed': [1]})
  problem = small.problem(reps.config)
  with pytest.raises(ValueError, match="mapping of replicas is 'pmap'"):
    vmapped.make_train_step(reps, problem, small.mesh(), 'pmap')
