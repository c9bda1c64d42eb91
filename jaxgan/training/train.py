"""Trains one run, from its configuration to its last checkpoint."""

import contextlib
import functools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxgan.compilation import once
from jaxgan.config import Config, flatten, from_config_dict, replace, to_dict
from jaxgan.data import sources
from jaxgan.evaluation import names, reference_data, restore
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import sharding
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.gan.state import GANState
from jaxgan.storage import atomic, environment, identity, workdir
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.storage.identity import Identity
from jaxgan.training import batches as batches_lib
from jaxgan.training import processes, transfer
from jaxgan.training.callbacks import Callback
from jaxgan.training.hooks import Hooks, make_evaluator
from jaxgan.training.loop import Loop


def train_and_evaluate(
  config: Config,
  folder: str | pathlib.Path,
  *,
  accept_new_config: bool = False,
  init_from: transfer.Source | None = None,
  callback: Callback | Sequence[Callback] | None = None,
) -> GANState:
  """Trains a run, or resumes it, until `config.train.steps`.

  Until everything is checked, the lock is the only file that is written.

  Args:
    config: the run, as `config.from_config_dict` returns it.
    folder: its workdir; new, empty, or of this run.
    accept_new_config: resumes a workdir of another configuration, whose
      state has the same arrays.
    init_from: another run, whose networks a new run starts from.
    callback: a function, called every `eval.every_steps` steps with the step
      and the scalars measured there; a `callbacks.Tracker`, which follows the
      whole run; or a list of them. An exception from one ends the run, whose
      files stay.

  Returns:
    The last state.

  Raises:
    ValueError: a bad configuration, data set or workdir, before any training.
    FloatingPointError: a non-finite loss or update; names the step.
    RunFailed: another failure, with `guard.action` stop, or after
      `guard.rollbacks` rollbacks.
    Interrupted: SIGTERM or Ctrl-C, after the state was saved.
    DiskError: the workdir was removed, or its disk is full or read-only; the
      same command resumes from the newest checkpoint.
  """
  folder = workdir.local(folder)
  processes.check_started()
  processes.check_same(config)
  mesh = sharding.make_mesh()
  sharding.check_devices(config, mesh.size)
  names.check(config)
  is_first = jax.process_index() == 0  # It alone writes config.json, data.json.

  with contextlib.ExitStack() as stack:
    if is_first:
      workdir.make(folder)
      stack.enter_context(workdir.lock(folder))
      if not accept_new_config:
        workdir.check_config(folder, config)
    processes.check_shared(folder)
    source = transfer.choose(folder, init_from)
    dataset = sources.load(config.data)
    facts = _facts(config, dataset)
    if is_first:
      workdir.check_data(folder, facts)
      if accept_new_config:
        _check_state(folder, config, dataset)
    platform = sharding.platform(mesh)
    problem = problem_lib.of_dataset(config, dataset, platform)
    layout = sharding.shardings(mesh)
    batches = batches_lib.build(config, dataset, layout.batch)
    train_step = step_lib.make_train_step(problem, mesh)
    evaluator = make_evaluator(config, dataset)

    stack.enter_context(atomic.naming(folder))
    run = Identity(*processes.from_first(lambda: identity.read(folder)))
    checkpoints = stack.enter_context(
      Checkpoints(folder / 'checkpoints', config.checkpoint, run=run)
    )
    # Jitted, so that the values are created with their sharding.
    new = functools.partial(once, out_shardings=layout.state)
    state = None
    if checkpoints.steps():
      state = checkpoints.restore(restore.abstract_state(problem))
    if state is None:
      fresh = new(lambda: state_lib.create(problem))()
      state = transfer.apply(fresh, source)
    key = new(lambda: state_lib.keys(config.seed)[1])()

    if is_first:
      transfer.write(folder, source)
      workdir.write_config(folder, config)
      workdir.write_data(folder, facts)
      identity.write(folder, run)
      environment.write(folder, int(state.step))
    hooks = stack.enter_context(
      Hooks(
        problem,
        folder,
        int(state.step),
        evaluator,
        callback,
        images=_translated_images(config, dataset),
      )
    )
    hooks.on_start(state, dataset)
    loop = Loop(
      config, folder, train_step, checkpoints, hooks, batches=batches, key=key
    )
    state = loop.run(loop.with_rollback_key(state))
    checkpoints.wait()
    hooks.on_end()
  return state


def _check_state(
  folder: pathlib.Path, config: Config, dataset: sources.Dataset
) -> None:
  """Checks that the saved states of a run fit a changed configuration.

  Raises:
    ValueError: they do not; the message names the keys that change the state.
  """
  if not any((folder / 'checkpoints').glob('*')):
    return

  def layout(values: Mapping[str, Any]) -> Any:
    run = problem_lib.of_dataset(from_config_dict(values), dataset)
    return jax.tree.flatten(restore.abstract_state(run))

  old, new = to_dict(workdir.load_config(folder)), to_dict(config)
  saved = layout(old)
  if layout(new) == saved:
    return

  def is_cause(key: str) -> bool:
    try:
      return layout(replace(old, {key: flatten(new)[key]})) != saved
    except ValueError:  # It needs other keys that have changed.
      return True

  changes = workdir.changes(old, new)
  causes = [changes[key] for key in changes if is_cause(key)]
  raise ValueError(
    f'{folder} holds checkpoints whose state does not fit this configuration, '
    f'which differs in {", ".join(causes or changes.values())}; restore these '
    'keys, or choose another workdir.'
  )


def _translated_images(
  config: Config, dataset: sources.Dataset
) -> np.ndarray | None:
  """The images that a translation is shown and measured on, in `eval.split`."""
  if config.game != 'translation':
    return None
  return reference_data.of_run(config, dataset).pairs


def _facts(config: Config, dataset: sources.Dataset) -> workdir.Facts:
  """What data.json records about the data set."""
  facts = {
    'name': dataset.name,
    'shape': dataset.shape,
    'num_classes': dataset.num_classes,
    'num_examples': len(dataset.images),
  }
  if config.net.classes or dataset.conditions:
    # So that samples can be measured in the proportions of the data.
    facts['class_counts'] = dataset.class_counts
  if config.data.attributes:
    # They define the classes, so a run cannot continue with others.
    facts['attributes'] = config.data.attributes
  if dataset.columns is not None:
    # So that samples have their units without the table.
    facts['columns'] = dataset.columns.record()
  return facts
