"""One iteration: who moves, what is equal, one trace, no waiting."""

import dataclasses

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.evaluation import names
from jaxgan.gan import sharding as mesh_lib
from jaxgan.nets import catalog as nets_lib
from jaxgan.types import METRICS, Pair


def params(state):
  return Pair(*(v['params'] for v in state.variables))


def test_every_scalar_is_there_and_finite():
  _, history = small.run(small.config(), 1)
  assert set(history[0]) == set(METRICS)
  for name, value in history[0].items():
    assert value.shape == (), name
    assert value.dtype == np.float32, name
    assert np.isfinite(value), name


@pytest.mark.slow
@pytest.mark.parametrize('still', ['gen', 'critic'])
def test_a_player_without_a_rate_stands_still(still):
  config = small.config(optim={still: {'lr': 0.0}})
  before, _, _ = small.make(config)
  start = jax.device_get(params(before))
  after, _ = small.run(config, 2)
  for player in ('gen', 'critic'):
    moved = jax.tree.map(
      lambda a, b: bool(np.any(a != b)),
      getattr(start, player), jax.device_get(getattr(params(after), player)),
    )  # fmt: skip
    assert any(jax.tree.leaves(moved)) == (player != still)


def test_warm_up_equals_wgan_gp_bit_for_bit():
  ours, _ = small.run(small.config(penalty={'warmup_steps': 9}), 4)
  theirs, _ = small.run(small.config(penalty={'preset': 'wgan_gp'}), 4)
  chex.assert_trees_all_equal(
    jax.device_get(params(ours)), jax.device_get(params(theirs))
  )


def test_after_warm_up_ratio_and_weight_move():
  _, history = small.run(small.config(), 8)
  ratios = [float(m['ratio']) for m in history]
  assert ratios[:3] == [1.0] * 3  # The third still uses the second's control.
  assert min(ratios) < 1.0
  for metrics in history:
    expected = 10 * (0.1 + 0.9 * float(metrics['ratio']))
    assert float(metrics['weight']) == pytest.approx(expected, rel=1e-5)


def test_one_trace_and_no_transfer_while_ratio_moves():
  config = small.config()
  state, train_step, over = small.make(config)
  batches = [small.batch(config, over, step) for step in range(8)]
  ratios = []
  for batch in batches:
    with jax.transfer_guard('disallow'):
      state, metrics = train_step(state, batch)
    ratios.append(metrics['ratio'])
  assert len(set(map(float, ratios))) > 2
  assert train_step._cache_size() == 1


ONE = {'gen_widths': (4,), 'critic_widths': (4,)}
TWO = {'gen_widths': (6, 4), 'critic_widths': (4, 6)}


@pytest.mark.parametrize(
  ('net', 'shape'),
  [
    ({}, small.SHAPE),
    small.slow(
      {'name': 'dcgan', 'gen_norm': 'batch', 'critic_norm': 'layer', **ONE},
      (4, 4, 1),
    ),
    # What is random in it, or mixes examples, does so over the whole batch.
    small.slow(
      {'name': 'stylegan', 'mapping_layers': 1, 'style_size': 4, **TWO},
      (4, 4, 1),
    ),
    small.slow({'name': 'multiscale', 'gen_norm': 'batch', **TWO}, (4, 4, 1)),
  ],
)
def test_eight_devices_equal_one(net, shape):
  # sgd: adam divides by tiny second moments, which makes rounding visible.
  sgd = {'name': 'sgd', 'lr': 1e-2, 'b1': 0.0}
  config = small.config(net=net, optim={'gen': sgd, 'critic': sgd})
  ends = []
  for devices in (1, 8):
    state, train_step, over = small.make(config, devices, shape=shape)
    for step in range(5):
      batch = small.batch(config, over, step, shape)
      state, metrics = train_step(state, batch)
      jax.block_until_ready(metrics)
    ends.append(jax.device_get((params(state), state.control, metrics)))
  assert float(ends[0][1].ratio) < 1.0
  chex.assert_trees_all_close(*ends, rtol=1e-5, atol=1e-5)


def test_the_state_stands_on_every_device_and_the_batch_is_spread():
  config = small.config()
  state, _, over = small.make(config, 8)
  assert all(x.is_fully_replicated for x in jax.tree.leaves(state))
  image = small.batch(config, over).image
  assert {s.data.shape[1] for s in image.addressable_shards} == {1}


def test_a_step_that_is_not_finite_is_named_and_leaves_the_control_alone():
  config = small.config()
  state, train_step, over = small.make(config)
  state, _ = train_step(state, small.batch(config, over))
  before = jax.device_get(state.control)
  bad = jax.tree.map(lambda x: x * jnp.nan, state.variables)
  state = dataclasses.replace(state, variables=bad)
  for _ in range(2):
    state, _ = train_step(state, small.batch(config, over))
  after = jax.device_get(state.control)
  assert int(state.diverged_step) == 2
  assert float(after.skipped) == 2
  chex.assert_trees_all_equal(after._replace(skipped=before.skipped), before)


@pytest.mark.parametrize('player', ['gen', 'critic'])
def test_an_update_that_breaks_a_network_is_named_by_its_own_iteration(player):
  config = small.config(optim={player: {'lr': 1e30}}, train={'critic_steps': 1})
  state, history = small.run(config, 1)
  assert int(state.diverged_step) == 1
  assert np.isfinite(history[0]['critic_loss'])


@pytest.mark.slow
def test_clipping_keeps_the_critic_in_its_box():
  config = small.config(penalty={'preset': 'wgan'})
  state, _ = small.run(config, 2)
  largest = max(abs(x).max() for x in jax.tree.leaves(params(state).critic))
  assert float(largest) <= 0.01
  assert max(abs(x).max() for x in jax.tree.leaves(params(state).gen)) > 0.01


def test_the_average_is_the_mean_of_early_weights_then_exponential():
  config = small.config(train={'ema_decay': 0.5})
  state, train_step, over = small.make(config)
  expected = jax.device_get(state.ema['params'])
  for step in range(12):
    state, _ = train_step(state, small.batch(config, over, step))
    decay = min(0.5, (1 + step) / (10 + step))
    expected = jax.tree.map(
      lambda e, p: decay * e + (1 - decay) * p,  # noqa: B023
      expected, jax.device_get(state.variables.gen['params']),
    )  # fmt: skip
  chex.assert_trees_all_close(
    jax.device_get(state.ema['params']), expected, rtol=1e-5, atol=1e-6
  )


@pytest.mark.slow
def test_the_average_holds_the_statistics_too():
  net = {'name': 'dcgan', 'gen_widths': (4,), 'gen_norm': 'batch',
    'critic_widths': (4,)}  # fmt: skip
  state, _ = small.run(small.config(net=net), 2)
  chex.assert_trees_all_equal_shapes(state.ema, state.variables.gen)
  assert 'batch_stats' in state.ema


@pytest.mark.slow
def test_the_generator_may_have_a_batch_of_its_own():
  sizes = []

  class Gen(nn.Module):
    @nn.compact
    def __call__(self, z, *, train):
      sizes.append(len(z))
      return nn.tanh(nn.Dense(30)(z)).reshape(-1, *small.SHAPE)

  config = small.config(train={'gen_batch_size': 12})
  critic = nets_lib.build(config.net, small.SHAPE).critic
  small.run(config, 1, nets=Pair(Gen(), critic))
  assert {12, 8} <= set(sizes)


class LabelledCritic(nn.Module):
  """Its slope is 1 plus the label."""

  @nn.compact
  def __call__(self, x, label=None, *, train):
    scale = self.param('scale', nn.initializers.ones, ())
    label = jnp.zeros(len(x)) if label is None else label
    return scale * (1 + label) * x.reshape(len(x), -1)[:, 0]


@pytest.mark.parametrize('share', [1.0, 0.5])
def test_the_critic_gets_the_labels_of_the_batch_inside_the_penalty(share):
  config = small.config(
    train={'critic_steps': 1}, optim={'critic': {'lr': 0.0}},
    penalty={'share': share},
  )  # fmt: skip
  gen = nets_lib.build(config.net, small.SHAPE).gen
  nets = Pair(gen, LabelledCritic())
  _, history = small.run(config, 1, nets=nets)
  label = np.asarray(small.batch(config, small.mesh()).label[0])
  label = label[:: round(1 / share)]
  assert float(history[0]['penalty']) == pytest.approx(np.mean(label**2))
  assert float(history[0]['slope']) == pytest.approx(np.mean(1 + label))


@pytest.mark.slow
@pytest.mark.parametrize('distance', ['gap', 'gap_slope', 'sliced', 'energy'])
def test_every_distance_drives_the_ratio(distance):
  _, history = small.run(small.config(penalty={'distance': distance}), 5)
  assert np.isfinite(float(history[-1]['distance']))
  assert any(float(m['distance']) > 0 for m in history)


@pytest.mark.slow
@pytest.mark.parametrize(
  'preset',
  [
    'wgan',
    'r1',
    *map(
      small.slow,
      (
        'wgan_gp',
        'wgan_lp',
        'dragan',
        'literal',
        'following',
        'r3gan',
        'r3gan_iterative',
      ),
    ),
  ],
)
def test_every_preset_takes_a_step(preset):
  _, history = small.run(small.config(penalty={'preset': preset}), 2)
  assert all(np.isfinite(float(v)) for v in history[-1].values())


OPTIONS = {
  'noise': {'regularisers': {'noise': 0.3}},
  'l1': {'regularisers': {'l1': 0.1}},
  'l2': {'regularisers': {'l2': 0.1}},
  'adversarial': {'regularisers': {'adversarial': 0.5}},
  'augment': {'regularisers': {'augment': ('translation', 'cutout')}},
  'adaptive': {
    'regularisers': {
      'augment': ('cutout',), 'augment_share': 0.5, 'augment_target': 0.6,
      'augment_rate': 0.1,
    },
  },
  'consistency': {
    'regularisers': {
      'augment': ('colour',), 'augment_share': 0.0, 'consistency': 5.0,
    },
  },
  'lazy': {'regularisers': {'lazy': 2}},
  'real and fake': {'penalty': {'preset': 'r3gan'}},
  'finite': {'penalty': {'preset': 'r3gan', 'gradient': 'finite'}},
  'share': {'penalty': {'share': 0.5}},
  'dropout': {'net': {'critic_dropout': 0.5}},
  'spectral': {'net': {'critic_norm': 'spectral', 'gen_norm': 'spectral'}},
  'latent': {'net': {'latent': 'uniform'}},
  'relativistic': {'loss': {'name': 'relativistic'}},
  'energy': {
    'loss': {'name': 'energy', 'pull_away': 0.1},
    'net': {'critic_head': 'autoencoder', 'critic_code_size': 3},
  },
}  # fmt: skip


# A generator's batch of another size meets every loss and every mask.
SIZES = {'train': {'gen_batch_size': 12}}


@pytest.fixture(scope='module')
def plain():
  """The state that no option has changed."""
  return small.run(small.config(**SIZES), 1)[0]


@pytest.mark.parametrize('name', small.quick(OPTIONS, 'adversarial'))
def test_an_option_changes_the_run_and_keeps_it_whole(name, plain):
  state, history = small.run(small.config(**SIZES, **OPTIONS[name]), 1)
  assert all(np.isfinite(float(v)) for v in history[-1].values())
  leaves = [
    np.concatenate([np.ravel(x) for x in jax.tree.leaves(params(s).critic)])
    for s in (plain, state)
  ]
  assert leaves[0].shape != leaves[1].shape or not np.allclose(*leaves)


@pytest.mark.slow
def test_orthogonal_kernels_are_asked_of_the_generator():
  asked = {'regularisers': {'orthogonal': 0.1}}
  one, other = (params(small.run(small.config(**k), 1)[0]) for k in ({}, asked))
  chex.assert_trees_all_equal(one.critic, other.critic)
  moved = jax.tree.map(lambda a, b: np.abs(a - b).max(), one.gen, other.gen)
  assert max(jax.tree.leaves(moved)) > 1e-6


@pytest.mark.slow
def test_the_generator_may_move_several_times_per_iteration():
  still = {'critic': {'lr': 0.0}, 'gen': {'name': 'sgd', 'lr': 0.1, 'b1': 0.0}}
  lengths = []
  for gen_steps in (1, 3):
    config = small.config(optim=still, train={'gen_steps': gen_steps})
    start = small.make(config)[0].variables.gen['params']
    end = small.run(config, 1)[0].variables.gen['params']
    moves = jax.tree.map(lambda a, b: jnp.sum((a - b) ** 2), start, end)
    lengths.append(float(sum(jax.tree.leaves(moves))) ** 0.5)
  # Three steps down nearly the same slope, with other latents each.
  assert 2 < lengths[1] / lengths[0] < 4


@pytest.mark.slow
def test_spectral_vectors_move_with_the_critic_and_are_kept():
  config = small.config(net={'critic_norm': 'spectral'})
  before, after = (small.run(config, steps)[0] for steps in (1, 2))
  kept = [s.variables.critic['batch_stats'] for s in (before, after)]
  for old, new in zip(*map(jax.tree.leaves, kept), strict=True):
    # A vector of one number has length 1, however it is rounded.
    assert old.shape == (1, 1) or not np.array_equal(old, new)
  start = small.make(config)[0].variables.critic['batch_stats']
  assert jax.tree.structure(start) == jax.tree.structure(kept[0])


@pytest.mark.slow
def test_the_generator_learns_through_what_the_critic_sees():
  sees = {'augment': ('cutout',), 'noise': 0.0}
  config = small.config(regularisers=sees, train={'critic_steps': 1})
  plain = small.config(train={'critic_steps': 1})
  gens = [
    jax.tree.leaves(small.run(c, 1)[0].variables.gen['params'])
    for c in (config, plain)
  ]
  assert not all(np.array_equal(a, b) for a, b in zip(*gens, strict=True))


@pytest.mark.slow
def test_bfloat16_keeps_scores_slopes_and_control_in_float32():
  state, history = small.run(small.config(train={'precision': 'bf16'}), 2)
  assert all(v.dtype == np.float32 for v in history[-1].values())
  assert all(x.dtype == jnp.float32 for x in state.control)
  assert all(x.dtype == jnp.float32 for x in jax.tree.leaves(params(state)))


@pytest.mark.parametrize('name', ['batch_size', 'gen_batch_size'])
def test_a_batch_that_does_not_spread_is_refused(name):
  config = small.config(train={name: 12})
  with pytest.raises(ValueError, match=f'train.{name} is 12.*multiple of 8'):
    mesh_lib.check_devices(config, 8)


@pytest.mark.parametrize(
  ('section', 'values', 'sentence'),
  [
    ('net', {'name': 'vae'}, "net.name is 'vae'"),
    ('penalty', {'points': 'x'}, "penalty.points is 'x'"),
    ('penalty', {'controller': 'x'}, "penalty.controller is 'x'"),
    ('penalty', {'distance': 'x'}, "penalty.distance is 'x'"),
    ('optim', {'gen': {'name': 'x'}}, "optim.gen.name is 'x'"),
    ('checkpoint', {'best_metric': 'x'}, "checkpoint.best_metric is 'x'"),
    ('optim', {'critic': {'schedule': 'x'}}, "optim.critic.schedule is 'x'"),
  ],
)
def test_a_bad_name_is_found_before_any_data_are_read(
  section, values, sentence
):
  with pytest.raises(ValueError, match=sentence):
    names.check(small.config(**{section: values}))
