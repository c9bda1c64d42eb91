"""The smallest runs that still are runs, shared by the tests."""

import jax
import numpy as np

from jaxgan.config import from_config_dict
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.nets import catalog as nets_lib
from jaxgan.types import Batch

SHAPE = (6, 5, 1)


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
    values[name] = {**values.get(name, {}), **section}
  return from_config_dict(values)


def mesh(devices=1):
  """A mesh over the first so many devices."""
  return jax.sharding.Mesh(np.array(jax.devices()[:devices]), ('data',))


def make(config, devices=1, nets=None, shape=SHAPE):
  """The state and the step of a configuration."""
  over = mesh(devices)
  nets = nets or nets_lib.build(config.net, shape)
  state = jax.jit(
    lambda: state_lib.create(config, nets, shape),
    out_shardings=mesh_lib.shardings(over).state,
  )()
  return state, step_lib.make_train_step(config, nets, over), over


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
