"""The generator's updates: their keys, and their gradient through augments."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.gan import augment
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan.updates import Updates
from jaxgan.nets import catalog as nets_lib
from jaxgan.types import Pair


def make(config, nets=None):
  """The updates, and (params or None) -> (next params, metrics)."""
  problem = small.problem(config, nets=nets)
  updates, state = Updates(problem), state_lib.create(problem)
  hyper = hyper_lib.from_config(config)
  batch = small.batch(config, small.mesh())

  def update(params=None):
    gen = dict(state.variables.gen)
    gen['params'] = gen['params'] if params is None else params
    now = state.replace(variables=state.variables._replace(gen=gen))
    player, metrics = updates.gen_updates(
      hyper, now, state.variables.critic, batch, jax.random.key(1)
    )
    return player.variables['params'], metrics

  return updates, update, state.variables.gen['params']


@pytest.mark.slow
def test_no_two_draws_of_the_generators_updates_share_a_key():
  net = {'latent': 'uniform', 'code_size': 4, 'code_classes': 3}
  config = small.config(net=net, train={'gen_steps': 4})
  updates, update, _ = make(config)
  keys, latents, draw = [], [], updates._latents

  def record(key, label, size):
    keys.append(key)
    latents.append(draw(key, label, size))
    return latents[-1]

  updates._latents = record
  keys, latents = jax.jit(lambda: (update(), (keys, latents))[1])()
  # The key draws the noise, its folds the codes and all else of an update.
  used = [k for key in keys for k in (key, *map(jax.random.fold_in, [key] * 4,
    range(4)))]  # fmt: skip
  assert len({jax.random.key_data(k).tobytes() for k in used}) == 4 * 5
  split = updates.networks.latents.split
  noises, numbers = zip(
    *((p.noise, p.numbers) for p in map(split, latents)), strict=True
  )
  draws = {np.asarray(x).tobytes() for x in (*noises, *numbers)}
  assert noises[0].shape == numbers[0].shape
  assert len(draws) == 4 * 2


class LinearCritic(nn.Module):
  """Its scores are linear, so that only augments bend them."""

  @nn.compact
  def __call__(self, x, label=None, *, train):
    return nn.Dense(1)(x.reshape(len(x), -1))[:, 0]


@pytest.mark.slow
@pytest.mark.parametrize('name', small.quick(augment.AUGMENTS, 'cutout'))
def test_the_generators_gradient_is_that_of_its_augmented_loss(name):
  sgd = {'gen': {'name': 'sgd', 'lr': 1.0, 'b1': 0.0}}
  config = small.config(optim=sgd, regularisers={'augment': (name,)})
  nets = Pair(nets_lib.build(config.net, small.SHAPE).gen, LinearCritic())
  _, update, params = make(config, nets)
  _, plain, _ = make(small.config(optim=sgd), nets)
  update = jax.jit(update)
  moved, metrics = update(params)
  other = jax.jit(plain)(params)[1]
  assert abs(metrics['gen_loss'] - other['gen_loss']) > 1e-3

  # The derivative along any direction, from the step and from differences.
  leaves, tree = jax.tree.flatten(params)
  keys = jax.random.split(jax.random.key(2), len(leaves))
  along = tree.unflatten(
    [jax.random.normal(k, x.shape) for k, x in zip(keys, leaves, strict=True)]
  )
  at = lambda s: update(jax.tree.map(lambda p, d: p + s * d, params, along))
  ends = [float(at(s)[1]['gen_loss']) for s in (-1e-3, 1e-3)]
  products = jax.tree.map(
    lambda p, q, d: jnp.vdot(p - q, d), params, moved, along
  )
  derivative = float(sum(jax.tree.leaves(products)))
  assert abs(derivative) > 1e-2
  assert (ends[1] - ends[0]) / 2e-3 == pytest.approx(derivative, rel=0.02)
