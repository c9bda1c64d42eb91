"""The smallest runs that still are runs, shared by the tests."""

import dataclasses
import os

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.config import Config, from_config_dict
from jaxgan.gan import hyper as hyper_lib
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.gan.networks import Networks
from jaxgan.nets import latents
from jaxgan.types import Batch

SHAPE = (6, 5, 1)


def environment(devices=1, **changes):
  """The environment of another process, with so many devices."""
  flags = (
    os.environ['XLA_FLAGS']  # The last of two of a name counts.
    + f' --xla_force_host_platform_device_count={devices}'
  )
  return os.environ | {'XLA_FLAGS': flags, **changes}


def quick(values, *kept):
  """The cases of a test, of which `make test-all` alone runs all."""
  return [v if v in kept else slow(v) for v in values]


def slow(*values):
  """A case of `pytest.mark.parametrize` that only `make test-all` runs."""
  return pytest.param(*values, marks=pytest.mark.slow)


def config(**sections):
  """A configuration of tiny MLPs; sections are merged into its own."""
  values = {
    'net': {
      'name': 'mlp', 'latent_size': 4, 'gen_widths': (8,), 'conv': 'lax',
      'critic_widths': (8,),
    },
    'penalty': {'warmup_steps': 2, 'smoothing': 0.5, 'rate': 0.3},
    'train': {'batch_size': 8, 'critic_steps': 2, 'steps': 50},
  }  # fmt: skip
  for name, section in sections.items():
    is_section = isinstance(section, dict)
    values[name] = values.get(name, {}) | section if is_section else section
  return from_config_dict(values)


def mesh(devices=1):
  """A mesh over the first so many devices."""
  return jax.sharding.Mesh(np.array(jax.devices()[:devices]), ('data',))


def hyper(penalty):
  """The scalars of a run with this penalty."""
  return hyper_lib.from_config(Config(penalty=penalty))


def networks(net, modules, shape=SHAPE):
  """Modules as networks."""
  return Networks(net, shape, modules, latents.of(net))


def problem(config, shape=SHAPE, nets=None):
  """The problem of a configuration, perhaps with modules of a test."""
  built = problem_lib.build(config, shape, num_classes=config.net.classes)
  if nets is None:
    return built
  return dataclasses.replace(built, networks=networks(config.net, nets, shape))


def make(config, devices=1, nets=None, shape=SHAPE):
  """The state and the step of a configuration."""
  over, of_config = mesh(devices), problem(config, shape, nets)
  state = jax.jit(
    lambda: state_lib.create(of_config),
    out_shardings=mesh_lib.shardings(over).state,
  )()
  return state, step_lib.make_train_step(of_config, over), over


def batch(config, over, step=0, shape=SHAPE):
  """Random uint8 images on the devices."""
  rng = np.random.default_rng(step)
  size = (config.train.critic_steps, config.train.batch_size)
  image = rng.integers(0, 256, (*size, *shape)).astype(np.uint8)
  label = rng.integers(0, 3, size).astype(np.int32)
  return jax.device_put(Batch(image, label), mesh_lib.shardings(over).batch)


def run(config, steps, devices=1, nets=None):
  """The state and the metrics after so many steps."""
  state, train_step, over = make(config, devices, nets)
  history = []
  for step in range(steps):
    state, metrics = train_step(state, batch(config, over, step))
    history.append(jax.device_get(metrics))
  return state, history


def orders(convolve, x, kernel):
  """Values, gradients, and gradients of a function of the gradients."""

  def value(x, kernel):
    out = convolve(x, kernel)
    return jnp.sum(jnp.tanh(out)), out

  def slope(x, kernel):
    grads, out = jax.grad(value, (0, 1), has_aux=True)(x, kernel)
    return sum(jnp.sum(jnp.sin(g)) for g in grads), (grads, out)

  return jax.grad(slope, (0, 1), has_aux=True)(x, kernel)


def agree_to_second_order(one, other, x, kernel):
  """Two convolutions have equal orders, in float64 (the fixture)."""
  found, expected = (
    jax.jit(orders, static_argnums=0)(c, x, kernel) for c in (one, other)
  )
  # Versions of XLA round differently in float32.
  assert jax.tree.leaves(found)[0].dtype == float
  chex.assert_trees_all_close(found, expected, rtol=1e-10, atol=1e-10)
