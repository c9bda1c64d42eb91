"""A run from its configuration to its last checkpoint, told once."""

import contextlib
import pathlib
from collections.abc import Iterator

import jax
import jax.numpy as jnp

from jaxgan.config import Config
from jaxgan.data import on_device, pipeline, sources
from jaxgan.gan import regularizers
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan import state as state_lib
from jaxgan.gan import step as step_lib
from jaxgan.gan.state import GANState
from jaxgan.nets import catalog as nets_lib
from jaxgan.storage import workdir
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.training.hooks import Reporter, Watch
from jaxgan.training.loop import Loop


def train_and_evaluate(
  config: Config,
  folder: str | pathlib.Path,
  *,
  accept_new_config: bool = False,
  watch: Watch = lambda step, scalars: None,
) -> GANState:
  """Trains, or goes on training, until `config.train.steps`.

  Args:
    config: the run, as `config.from_config_dict` returns it.
    folder: the workdir: of this run, or of none yet.
    accept_new_config: goes on in a workdir of another configuration.
    watch: called every `eval.every_steps` steps with the step and all that was
      measured there; what it raises ends the run, whose files stay.

  Returns:
    The last state.

  Raises:
    ValueError: something about the configuration, the data or the workdir,
      before any training.
    FloatingPointError: a loss was not finite; names the step.
    RunFailed: the run went wrong otherwise, and `guard.action` is to stop, or
      to go back and that did not help.
    Interrupted: SIGTERM or Ctrl-C, after the state was saved.
  """
  folder = pathlib.Path(folder)
  mesh = mesh_lib.make_mesh()
  mesh_lib.check_devices(config, mesh.size)
  step_lib.check_names(config)

  with contextlib.ExitStack() as stack:
    stack.enter_context(_claimed(folder, config, accept_new_config))
    dataset = sources.load(config.data)
    if jax.process_index() == 0:
      workdir.check_data(folder, _facts(config, dataset))
    check_classes(config, dataset.num_classes)
    sampler = _sampler(config, dataset)

    nets = nets_lib.build(config.net, dataset.shape)
    regularizers.check_shape(config.regularisers, dataset.shape)
    train_step = step_lib.make_train_step(config, nets, mesh)
    where = mesh_lib.shardings(mesh)
    # Under jit, so that the state is born on the devices where it shall live.
    create = jax.jit(
      lambda: state_lib.create(config, nets, dataset.shape),
      out_shardings=where.state,
    )

    checkpoints = stack.enter_context(
      Checkpoints(folder / 'checkpoints', config.checkpoint)
    )
    fresh = create()
    state = checkpoints.restore(fresh) or fresh
    reporter = stack.enter_context(
      Reporter(config, nets.gen, folder, int(state.step), watch)
    )
    reporter.prepare(dataset)
    reporter.welcome(state, dataset)
    on_devices = on_device.fits(dataset, config.data.placement)
    way = on_device if on_devices else pipeline
    loop = Loop(
      config,
      folder,
      train_step,
      checkpoints,
      reporter,
      batches=lambda step: way.device_batches(sampler, step, where.batch),
      key=jax.tree.map(jnp.copy, fresh.key),
    )
    state = loop.run(loop.renewed(state))
    reporter.farewell()
  return state


@contextlib.contextmanager
def _claimed(
  folder: pathlib.Path, config: Config, accept_new_config: bool
) -> Iterator[None]:
  """The first process claims the workdir, for as long as the run lasts."""
  if jax.process_index() != 0:
    yield
    return
  workdir.make(folder)
  with workdir.held(folder):
    workdir.open_run(folder, config, accept_new_config=accept_new_config)
    yield


def check_classes(config: Config, there: int) -> None:
  """Refuses nets that are told labels which the data do not have.

  Args:
    config: the run.
    there: the number of classes of its data; 0 for none.

  Raises:
    ValueError: `net.classes` is neither 0 nor that number.
  """
  wanted = config.net.classes
  if wanted and wanted != there:
    raise ValueError(
      f'net.classes is {wanted} and {config.data.name} has {there} classes; it '
      'must be as many, or 0 for nets that are told no labels.'
    )


def _facts(config: Config, dataset: sources.Dataset) -> workdir.Facts:
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
    # They say what a class means, so a run cannot go on with others.
    facts['attributes'] = config.data.attributes
  if dataset.columns is not None:
    # So that samples find their units without the table.
    facts['columns'] = dataset.columns._asdict()
  return facts


def _sampler(config: Config, dataset: sources.Dataset) -> pipeline.Sampler:
  return pipeline.Sampler(
    dataset,
    seed=config.seed,
    batch_size=config.train.batch_size,
    critic_steps=config.train.critic_steps,
    flip=config.data.flip,
    process_index=jax.process_index(),
    process_count=jax.process_count(),
    doubles_at=config.train.batch_doubles_at,
  )
