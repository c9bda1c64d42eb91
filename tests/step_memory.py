"""Prints the temporaries of a training step, by the compiler of this machine.

  python tests/step_memory.py configs/mnist.py train.microbatches=4 ...

Compiles the step for one device; nothing runs and no data are read, except for
data sets whose files give the shape of an example.
"""

import ast
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]


def value(text):
  """A Python value, or the text itself."""
  try:
    return ast.literal_eval(text)
  except (SyntaxError, ValueError):
    return text


def temporaries(path, changes):
  """Bytes of activations, gradients and other values of one iteration."""
  sys.path[:0] = [str(ROOT)]
  import jax
  import jax.numpy as jnp

  from jaxgan.config import from_config_dict, load_config, replace, to_dict
  from jaxgan.data import sources
  from jaxgan.gan import problem as problem_lib
  from jaxgan.gan import state, step
  from jaxgan.types import Batch

  config = from_config_dict(replace(to_dict(load_config(path)), changes))
  shape, num_classes = sources.facts(config.data)[:2]
  problem = problem_lib.build(config, shape, num_classes=num_classes)
  mesh = jax.sharding.Mesh(jax.devices()[:1], ('data',))
  size = config.train.critic_steps, config.train.batch_size
  pixels = jnp.uint8 if len(shape) == 3 else jnp.float32
  batch = Batch(
    jax.ShapeDtypeStruct((*size, *shape), pixels),
    jax.ShapeDtypeStruct(size, jnp.int32),
  )
  before = jax.eval_shape(lambda: state.create(problem))
  lowered = step.make_train_step(problem, mesh).lower(before, batch)
  return lowered.compile().memory_analysis().temp_size_in_bytes


if __name__ == '__main__':
  keys = dict(argument.split('=', 1) for argument in sys.argv[2:])
  found = temporaries(sys.argv[1], {k: value(v) for k, v in keys.items()})
  print(f'{" ".join(sys.argv[1:])}: {found / 2**20:.0f} MiB of temporaries')
