"""Less memory by parts and by recomputation: the numbers stay, to rounding."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import from_config_dict
from jaxgan.gan import sharding
from jaxgan.gan.microbatches import Microbatches

# sgd: adam divides by tiny second moments, which makes rounding visible.
SGD = {'name': 'sgd', 'lr': 1e-2, 'b1': 0.0}
ONE = {'gen_widths': (4,), 'critic_widths': (4,)}
TWO = {'gen_widths': (6, 4), 'critic_widths': (4, 6)}
CONVS = {'name': 'dcgan', 'critic_norm': 'layer', 'gen_norm': 'layer', **ONE}
BLOCKS = {'name': 'resnet', 'critic_norm': 'spectral', **TWO}
STYLES = {'name': 'stylegan', 'mapping_layers': 1, 'style_size': 4, **TWO}
# Variables and metrics of three iterations differ by at most this, relative to
# their size, or absolutely where they are below 1.
BOUND = 1e-5


def ends(sections, train, devices=1, shape=small.SHAPE):
  """Variables, control and metrics after three iterations."""
  train = {**sections.get('train', {}), **train}
  optim = {'gen': SGD, 'critic': SGD}
  config = small.config(**{**sections, 'optim': optim, 'train': train})
  state, train_step, over = small.make(config, devices, shape=shape)
  for step in range(3):
    batch = small.batch(config, over, step, shape)
    state, metrics = train_step(state, batch)
    jax.block_until_ready(metrics)
  return jax.device_get((state.variables, state.control, metrics))


AUGMENTED = {
  'augment': ('translation', 'colour'), 'augment_share': 0.7,
  'augment_target': 0.6, 'noise': 0.1,
}  # fmt: skip
AUXILIARY = {'classes': 3, 'critic_label': 'auxiliary', 'code_size': 2}


@pytest.mark.parametrize(
  ('sections', 'shape'),
  [
    ({}, small.SHAPE),
    small.slow(
      {
        'regularisers': {**AUGMENTED, 'l2': 1e-3, 'lazy': 2},
        'net': AUXILIARY,
        'loss': {'name': 'hinge', 'auxiliary': 1.0, 'information': 1.0},
        'train': {'gen_batch_size': 16, 'gen_steps': 2},
      },
      (8, 8, 1),
    ),
    small.slow({'penalty': {'preset': 'r3gan_iterative'}}, small.SHAPE),
    small.slow(
      {
        'penalty': {'preset': 'r3gan', 'gradient': 'finite', 'finite_step': 0.5}
      },
      small.SHAPE,
    ),
    small.slow({'penalty': {'points': 'both_ends'}}, small.SHAPE),
    small.slow(
      {
        'net': BLOCKS,
        'loss': {'name': 'relativistic'},
        'penalty': {'distance': 'energy'},
        'regularisers': {'adversarial': 0.1, 'orthogonal': 1e-3},
      },
      (8, 8, 1),
    ),
  ],
)
def test_parts_of_a_batch_give_the_numbers_of_the_whole(sections, shape):
  whole = ends(sections, {}, shape=shape)
  parts = ends(sections, {'microbatches': 4}, shape=shape)
  chex.assert_trees_all_close(whole, parts, rtol=BOUND, atol=BOUND)


@pytest.mark.slow
@pytest.mark.parametrize('gradient', ['exact', 'finite'])
def test_each_part_penalizes_its_share(gradient):
  penalty = {'preset': 'r3gan', 'share': 0.5, 'gradient': gradient}
  for devices in (1, 2):
    ends({'penalty': penalty}, {'microbatches': 2}, devices)


@pytest.mark.slow
def test_parts_on_several_devices_give_the_numbers_of_one():
  train = {'batch_size': 16, 'microbatches': 2}
  one, eight = (ends({}, train, devices) for devices in (1, 8))
  chex.assert_trees_all_close(one, eight, rtol=BOUND, atol=BOUND)


@pytest.mark.slow
def test_no_device_sends_examples_to_another():
  config = small.config(train={'batch_size': 16, 'microbatches': 2})
  state, train_step, over = small.make(config, 8)
  text = train_step.lower(state, small.batch(config, over)).compile().as_text()
  assert 'all-reduce' in text  # Of the gradients.
  assert 'all-to-all' not in text
  assert 'collective-permute' not in text


def test_a_gradient_of_parts_is_that_of_the_whole():
  x = jnp.arange(12.0).reshape(6, 2)

  def loss(w, x, number):
    scores = jnp.tanh(x @ w)
    return jnp.mean(scores), (scores, jnp.float32(number))

  w = jnp.array([0.1, -0.2])
  (value, (scores, mean)), grads = Microbatches(3).value_and_grad(loss, w, x)
  (expected, (plain, _)), slope = jax.value_and_grad(loss, has_aux=True)(
    w, x, 0
  )
  np.testing.assert_allclose(value, expected, rtol=1e-6)
  np.testing.assert_allclose(grads, slope, rtol=1e-6)
  np.testing.assert_allclose(scores, plain, rtol=1e-6)
  assert float(mean) == 1.0  # Of 0, 1 and 2.


def test_a_function_of_the_whole_batch_is_applied_to_a_part():
  parts, x = Microbatches(3), jnp.arange(6.0)
  double = lambda whole: whole * 2 + jnp.arange(6.0)
  found = parts.in_place(double, jnp.int32(1))(x[1::3])
  np.testing.assert_array_equal(found, double(x)[1::3])


@pytest.mark.slow
@pytest.mark.parametrize(
  ('net', 'shape'),
  [
    ({}, small.SHAPE),
    small.slow({**CONVS, 'critic_dropout': 0.3}, (4, 4, 1)),
    small.slow({**BLOCKS, 'critic_dropout': 0.3, 'gen_norm': 'batch'},
               (4, 4, 1)),
    small.slow(STYLES, (4, 4, 1)),
    small.slow({'name': 'multiscale', **TWO}, (4, 4, 1)),
    small.slow({'name': 'r3gan', 'critic_dropout': 0.3, 'depth': 1, **ONE},
               (4, 4, 1)),
  ],
)  # fmt: skip
def test_activations_computed_again_give_the_same_numbers(net, shape):
  config = small.config(net=net, train={'remat': True})
  state, train_step, over = small.make(config, shape=shape)
  batch = small.batch(config, over, shape=shape)
  program = str(jax.make_jaxpr(train_step)(state, batch))
  assert 'remat' in program or 'checkpoint' in program
  plain, again = (
    ends({'net': net}, {'remat': remat}, shape=shape) for remat in (False, True)
  )
  chex.assert_trees_all_close(plain, again, rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize(
  ('sections', 'sentence'),
  [
    ({'train': {'batch_size': 6}}, 'train.microbatches is 4 and '
     'train.batch_size is 6; all parts are of one size'),
    ({'train': {'gen_batch_size': 6}}, 'train.gen_batch_size is 6; all parts'),
    ({'net': {'gen_norm': 'batch'}}, "net.gen_norm is 'batch'; batch norm "
     'needs the whole batch at once'),
    ({'net': {'critic_norm': 'batch'}, 'penalty': {'weight': 0.0}},
     "net.critic_norm is 'batch'; batch norm needs"),
    ({'net': STYLES}, "net.name is 'stylegan'; its noise and its minibatch"),
    ({'net': {'critic_dropout': 0.5}}, 'net.critic_dropout is 0.5; dropout is '
     'drawn for the whole batch, so train.microbatches must be 1.'),
    ({'penalty': {'points': 'dragan'}}, "penalty.points is 'dragan'; its "
     'noise has the deviation of the whole batch'),
    ({'regularisers': {'augment': ('colour',), 'consistency': 1.0}},
     'regularisers.consistency is 1.0; its augmentations are drawn'),
    ({'loss': {'name': 'energy', 'pull_away': 0.1},
      'net': {'critic_head': 'autoencoder'}},
     'loss.pull_away is 0.1; the term compares all pairs'),
  ],
)  # fmt: skip
def test_what_needs_the_whole_batch_is_refused(sections, sentence):
  train = {'batch_size': 8, **sections.get('train', {})}
  from_config_dict({**sections, 'train': train})
  with pytest.raises(ValueError, match=sentence):
    from_config_dict({**sections, 'train': {**train, 'microbatches': 4}})


def test_the_parts_of_a_device_must_be_whole_examples():
  config = small.config(train={'batch_size': 8, 'microbatches': 4})
  sharding.check_devices(config, 2)
  sentence = (
    r'train.batch_size is 8, which cannot be split over 4 devices in 4 parts '
    r'each \(train.microbatches\); it must be a multiple of 16.'
  )
  with pytest.raises(ValueError, match=sentence):
    sharding.check_devices(config, 4)
