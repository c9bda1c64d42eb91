"""Workdirs of runs that were saved before their first step."""

import dataclasses

import jax
import numpy as np

import jaxgan
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import state as state_lib
from jaxgan.storage import identity, workdir
from jaxgan.storage.checkpoint import Checkpoints

SHAPE = (8, 8, 1)


def write(folder, name, shape=SHAPE, **changes):
  """Writes a run of the config `name`, with random weights and averages."""
  config = jaxgan.load_config(name, changes)
  facts = {
    'name': config.data.name, 'shape': shape, 'num_examples': 1797,
    'num_classes': config.net.classes,
  }  # fmt: skip
  problem = problem_lib.build(config, shape, num_classes=config.net.classes)
  state = jax.jit(lambda: state_lib.create(problem))()
  rng = np.random.default_rng(0)
  # So that zeros, such as those of conditional norms, hide no error.
  noisy = lambda x: x + 0.1 * rng.uniform(size=x.shape).astype(x.dtype)
  gen, critic = (jax.tree.map(noisy, each) for each in state.variables)
  state = dataclasses.replace(
    state,
    variables=state.variables._replace(gen=gen, critic=critic),
    ema=jax.tree.map(noisy, gen),
  )
  workdir.make(folder)
  workdir.write_config(folder, config)
  workdir.write_data(folder, facts)
  run = identity.read(folder)
  identity.write(folder, run)
  with Checkpoints(
    folder / 'checkpoints', config.checkpoint, run=run
  ) as checkpoints:
    checkpoints.save(state, {})
    checkpoints.wait()
  return folder
