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


def problem(config, shape=SHAPE):
  """The problem of a config."""
  return problem_lib.build(config, shape, num_classes=config.net.classes)


def noisy(tree):
  """A tree on the host, with noise, so that zeros hide no error."""
  rng = np.random.default_rng(0)
  return jax.tree.map(
    lambda x: x + 0.05 * rng.normal(size=x.shape).astype(x.dtype),
    jax.device_get(tree),
  )


def variables(problem):
  """Random variables of both nets."""
  return noisy(jax.jit(problem.networks.init)(jax.random.key(0)))


def write(folder, name, shape=SHAPE, **changes):
  """Writes a run of the config `name`, with random weights and averages."""
  config = jaxgan.load_config(name, changes)
  facts = {
    'name': config.data.name, 'shape': shape, 'num_examples': 1797,
    'num_classes': config.net.classes,
  }  # fmt: skip
  state = jax.jit(lambda: state_lib.create(problem(config, shape)))()
  state = dataclasses.replace(state, ema=noisy(state.ema))
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
