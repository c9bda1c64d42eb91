"""Trains one run, from its configuration to its last checkpoint."""

import contextlib
import pathlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp

from jaxgan.config import Config
from jaxgan.data import sources
from jaxgan.evaluation import names
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import sharding
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.gan.state import GANState
from jaxgan.storage import workdir
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.training import batches as batches_lib
from jaxgan.training.hooks import Callback, Hooks
from jaxgan.training.loop import Loop


def train_and_evaluate(
  config: Config,
  folder: str | pathlib.Path,
  *,
  accept_new_config: bool = False,
  callback: Callback = lambda step, scalars: None,
) -> GANState:
  """Trains a run, or resumes it, until `config.train.steps`.

  Args:
    config: the run, as `config.from_config_dict` returns it.
    folder: its workdir; new, empty, or of this run.
    accept_new_config: resumes a workdir of another configuration.
    callback: called every `eval.every_steps` steps with the step and the
      scalars measured there; an exception from it ends the run, whose files
      stay.

  Returns:
    The last state.

  Raises:
    ValueError: a bad configuration, data set or workdir, before any training.
    FloatingPointError: a non-finite loss; names the step.
    RunFailed: another failure, with `guard.action` stop, or after
      `guard.rollbacks` rollbacks.
    Interrupted: SIGTERM or Ctrl-C, after the state was saved.
  """
  folder = pathlib.Path(folder)
  mesh = sharding.make_mesh()
  sharding.check_devices(config, mesh.size)
  names.check(config)

  with contextlib.ExitStack() as stack:
    stack.enter_context(_claimed(folder, config, accept_new_config))
    dataset = sources.load(config.data)
    if jax.process_index() == 0:
      workdir.check_data(folder, _facts(config, dataset))
    problem = problem_lib.of_dataset(config, dataset)
    layout = sharding.shardings(mesh)
    batches = batches_lib.build(config, dataset, layout.batch)

    train_step = step_lib.make_train_step(problem, mesh)
    # Jitted, so that the state is created with its sharding.
    create = jax.jit(
      lambda: state_lib.create(problem), out_shardings=layout.state
    )
    checkpoints = stack.enter_context(
      Checkpoints(folder / 'checkpoints', config.checkpoint)
    )
    fresh = create()
    state = checkpoints.restore(fresh) or fresh

    hooks = stack.enter_context(
      Hooks(problem, folder, int(state.step), callback)
    )
    hooks.prepare_metrics(dataset)
    hooks.on_start(state, dataset)
    key = jax.tree.map(jnp.copy, fresh.key)
    loop = Loop(
      config, folder, train_step, checkpoints, hooks, batches=batches, key=key
    )
    state = loop.run(loop.with_rollback_key(state))
    hooks.on_end()
  return state


@contextlib.contextmanager
def _claimed(
  folder: pathlib.Path, config: Config, accept_new_config: bool
) -> Iterator[None]:
  """The first process locks the workdir for the duration of the run."""
  if jax.process_index() != 0:
    yield
    return
  workdir.make(folder)
  with workdir.lock(folder):
    workdir.open_run(folder, config, accept_new_config=accept_new_config)
    yield


def _facts(config: Config, dataset: sources.Dataset) -> workdir.Facts:
  """What data.json records about the data set."""
  facts = {
    'name': dataset.name,
    'shape': dataset.shape,
    'num_classes': dataset.num_classes,
    'num_examples': len(dataset.images),
  }
  if config.net.classes:
    # So that samples can be measured in the proportions of the data.
    facts['class_counts'] = dataset.class_counts
  if config.data.attributes:
    # They define the classes, so a run cannot continue with others.
    facts['attributes'] = config.data.attributes
  if dataset.columns is not None:
    # So that samples have their units without the table.
    facts['columns'] = dataset.columns._asdict()
  return facts
