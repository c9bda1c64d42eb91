"""A run from its configuration to its last checkpoint, told once."""

import collections
import contextlib
import dataclasses
import pathlib
from collections.abc import Iterator

import jax

from jaxgan import mesh as mesh_lib
from jaxgan import state as state_lib
from jaxgan import step as step_lib
from jaxgan import workdir
from jaxgan.checkpoint import Checkpoints
from jaxgan.data import pipeline, resident, sources
from jaxgan.games import regularisers
from jaxgan.interruption import Interrupted, Interruption
from jaxgan.nets import catalog as nets_lib
from jaxgan.reporter import Reporter
from jaxgan.schema import Config
from jaxgan.state import GANState
from jaxgan.types import Batch, Metrics


def train_and_evaluate(
  config: Config, folder: str | pathlib.Path, *, accept_new_config: bool = False
) -> GANState:
  """Trains, or goes on training, until `config.train.steps`.

  Args:
    config: the run, as `config.from_config_dict` returns it.
    folder: the workdir: of this run, or of none yet.
    accept_new_config: goes on in a workdir of another configuration.

  Returns:
    The last state.

  Raises:
    ValueError: something about the configuration, the data or the workdir,
      before any training.
    FloatingPointError: a loss was not finite; names the step.
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
      workdir.check_data(folder, _facts(dataset))
    sampler = _sampler(config, dataset)

    nets = nets_lib.build(config.net, dataset.shape)
    regularisers.check_shape(config.regularisers, dataset.shape)
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
    first_step = int(state.step)

    reporter = stack.enter_context(
      Reporter(config, nets.gen, folder, first_step)
    )
    reporter.prepare(dataset)
    reporter.welcome(state, dataset)
    on_devices = resident.fits(dataset, config.data.placement)
    way = resident if on_devices else pipeline
    batches = way.device_batches(sampler, first_step, where.batch)
    stack.callback(batches.close)
    run = _Run(config, train_step, checkpoints, reporter)
    state = run.loop(state, batches)
    reporter.farewell()
  return state


@dataclasses.dataclass(frozen=True)
class _Run:
  """What stays the same while the state moves."""

  config: Config
  train_step: step_lib.TrainStep
  checkpoints: Checkpoints
  reporter: Reporter

  def loop(self, state: GANState, batches: Iterator[Batch]) -> GANState:
    """Step, log, show, save; and stop where that is asked for."""
    steps = range(int(state.step) + 1, self.config.train.steps + 1)
    in_flight: collections.deque[Metrics] = collections.deque()
    with Interruption() as interruption:
      for step in steps:
        batch = next(batches)
        # Nothing in the step may wait for the host by accident.
        with jax.transfer_guard('disallow'):
          state, metrics = self.train_step(state, batch)
        _wait(in_flight, metrics)
        stop_for = interruption.requested(step)
        self._at(step, state, metrics, stopping=stop_for is not None)
        if stop_for is not None:
          self.checkpoints.wait()
          raise Interrupted(
            f'stopped after step {step}, which is saved; the same command '
            'goes on from there.',
            128 + stop_for,
          )
    return state

  def _at(
    self, step: int, state: GANState, metrics: Metrics, *, stopping: bool
  ) -> None:
    """What is due after a step."""
    last = step == self.config.train.steps
    log = last or step % self.config.log.every_steps == 0
    show = last or step % self.config.eval.every_steps == 0
    save = last or step % self.config.checkpoint.every_steps == 0 or stopping
    self.reporter.tick(step)
    scalars: dict[str, float] = {}
    if log or save:
      scalars = self.reporter.read(step, metrics)
    if log:
      self.reporter.scalars(step, scalars)
    if log or save:
      self._check_finite(state)
    if show:
      self.reporter.samples(step, state.ema)
      scalars |= self.reporter.measure(step, state.ema)
    if save:
      self.checkpoints.save(state, scalars)

  def _check_finite(self, state: GANState) -> None:
    diverged = int(jax.device_get(state.diverged_step))
    if diverged < 0:
      return
    self.checkpoints.wait()
    good = self.checkpoints.steps()
    where = (
      f'the last good checkpoint is step {good[-1]}'
      if good
      else ('there is no checkpoint yet')
    )
    raise FloatingPointError(
      f'A loss was not finite at step {diverged}; {where}; lower the learning '
      'rates or raise penalty.weight.'
    )


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


def _facts(dataset: sources.Dataset) -> workdir.Facts:
  return {
    'name': dataset.name,
    'shape': dataset.shape,
    'num_classes': dataset.num_classes,
    'num_examples': len(dataset.images),
  }


def _sampler(config: Config, dataset: sources.Dataset) -> pipeline.Sampler:
  return pipeline.Sampler(
    dataset,
    seed=config.seed,
    batch_size=config.train.batch_size,
    critic_steps=config.train.critic_steps,
    flip=config.data.flip,
    process_index=jax.process_index(),
    process_count=jax.process_count(),
  )


def _wait(in_flight: collections.deque[Metrics], metrics: Metrics) -> None:
  """Lets at most two steps queue up on the devices.

  Virtual CPU devices deadlock when many steps are queued, so there none is.
  """
  in_flight.append(metrics)
  several_cpus = jax.default_backend() == 'cpu' and jax.device_count() > 1
  while len(in_flight) > (0 if several_cpus else 2):
    jax.block_until_ready(in_flight.popleft())
