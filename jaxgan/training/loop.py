"""From a state to the last one: step, log, show, save, and the way back."""

import collections
import contextlib
import dataclasses
import logging
import pathlib
from collections.abc import Callable, Generator, Iterator

import jax

from jaxgan.config import Config
from jaxgan.gan.state import GANState
from jaxgan.gan.step import TrainStep
from jaxgan.storage import workdir
from jaxgan.storage.checkpoint import Checkpoints
from jaxgan.training import failures as guard_lib
from jaxgan.training.hooks import Reporter
from jaxgan.training.preemption import Interrupted, Interruption
from jaxgan.types import Array, Batch, Metrics

_LOG = logging.getLogger(__name__)


class Loop:
  """What stays the same while the state moves, and the guard that watches."""

  def __init__(
    self,
    config: Config,
    folder: pathlib.Path,
    train_step: TrainStep,
    checkpoints: Checkpoints,
    reporter: Reporter,
    *,
    batches: Callable[[int], Generator[Batch]],
    key: Array,
  ) -> None:
    """Reads how often the run went back before.

    Args:
      config: the run.
      folder: its workdir.
      train_step: from `step.make_train_step`.
      checkpoints: of the run.
      reporter: is told of every step.
      batches: step -> an iterator over the batches from there on.
      key: that the run began with.
    """
    self.config = config
    self.folder = folder
    self.train_step = train_step
    self.checkpoints = checkpoints
    self.reporter = reporter
    self.batches = batches
    self.key = key
    self.rollbacks = len(workdir.rollbacks(folder))

  def run(self, state: GANState) -> GANState:
    """Trains to the end, going back as often as the guard asks for it.

    Args:
      state: to start from; it is donated.

    Returns:
      The last state.

    Raises:
      FloatingPointError, RunFailed, Interrupted: as `train_and_evaluate`.
    """
    while True:
      step = int(state.step)
      self.guard = guard_lib.of_run(self.config.guard, self.folder, step)
      with contextlib.closing(self.batches(step)) as batches:
        try:
          return self._steps(state, batches)
        except guard_lib.WentWrong as event:
          failure = event.failure
      state = self._back(state, failure)

  def _back(self, target: GANState, failure: guard_lib.Failure) -> GANState:
    """The newest state from before a failure, with other latents to come.

    Args:
      target: a state of the same shapes; its values are not read.
      failure: which gave no sign up to `healthy`.

    Raises:
      RunFailed: there is none, or the run went back as often as it may.
    """
    self.checkpoints.wait()
    good = [s for s in self.checkpoints.steps() if s <= failure.healthy]
    if not good:
      raise guard_lib.RunFailed(
        f'{failure.sentence} No checkpoint is from step {failure.healthy} or '
        'before to go back to; raise checkpoint.max_to_keep or lower '
        'checkpoint.every_steps.'
      )
    if self.rollbacks == self.config.guard.rollbacks:
      raise guard_lib.RunFailed(
        f'{failure.sentence} The run went back {self.rollbacks} times, as '
        'often as guard.rollbacks allows; it needs other settings.'
      )
    self.rollbacks += 1
    _LOG.warning('%s Going back to step %d.', failure.sentence, good[-1])
    self.checkpoints.go_back(good[-1])
    if jax.process_index() == 0:
      facts = {'to': good[-1], 'because': failure.sentence}
      workdir.add_rollback(self.folder, facts)
    self.reporter.rewind(good[-1])
    state = self.checkpoints.restore(target)
    assert state is not None
    return self.renewed(state)

  def renewed(self, state: GANState) -> GANState:
    """With a key for each time that the run went back.

    A function of how often alone, so that one that is interrupted in between
    goes on as it would have.
    """
    if not self.rollbacks:
      return state
    key = jax.random.fold_in(self.key, self.rollbacks)
    return dataclasses.replace(state, key=key)

  def _steps(self, state: GANState, batches: Iterator[Batch]) -> GANState:
    """Step, log, show, save; and stop where that is asked for."""
    steps = range(int(state.step) + 1, self.config.train.steps + 1)
    in_flight: collections.deque[Metrics] = collections.deque()
    with Interruption() as interruption:
      for step in steps:
        batch = next(batches)
        # Nothing in the step may wait for the host by accident.
        with jax.transfer_guard('disallow'):
          state, metrics = self.train_step(state, batch)
        wait(in_flight, metrics)
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
    if log:
      self._watch(step, scalars)
    if show:
      self.reporter.samples(step, state.ema)
      scalars |= self.reporter.measure(step, state.ema)
    # A doubtful state must not push out a good one that it may go back to.
    doubtful = self.guard.suspects and self.config.guard.action == 'rollback'
    if save and (last or stopping or not doubtful):
      self.checkpoints.save(state, scalars)
    if show:
      self.reporter.watch(step, scalars)

  def _watch(self, step: int, scalars: dict[str, float]) -> None:
    """Does about a failure what the configuration says."""
    failure = self.guard.feed(step, scalars)
    action = self.config.guard.action
    if failure is None:
      return
    if action == 'rollback':
      raise guard_lib.WentWrong(failure)
    if action == 'stop':
      raise guard_lib.RunFailed(
        f'{failure.sentence} {self._newest()}, and guard.action is stop.'
      )
    _LOG.warning('%s', failure.sentence)

  def _check_finite(self, state: GANState) -> None:
    diverged = int(jax.device_get(state.diverged_step))
    if diverged < 0:
      return
    sentence = f'A loss was not finite at step {diverged}.'
    if self.config.guard.action == 'rollback':
      raise guard_lib.WentWrong(guard_lib.Failure(diverged - 1, sentence))
    raise FloatingPointError(
      f'{sentence} {self._newest()}; lower the learning rates or raise '
      'penalty.weight.'
    )

  def _newest(self) -> str:
    self.checkpoints.wait()
    steps = self.checkpoints.steps()
    if not steps:
      return 'There is no checkpoint yet'
    return f'The newest checkpoint is step {steps[-1]}'


def wait(in_flight: collections.deque[Metrics], metrics: Metrics) -> None:
  """Lets at most two steps queue up on the devices.

  Virtual CPU devices deadlock when many steps are queued, so there none is.

  Args:
    in_flight: what earlier steps gave, oldest first; it is changed.
    metrics: what the newest gave.
  """
  in_flight.append(metrics)
  several_cpus = jax.default_backend() == 'cpu' and jax.device_count() > 1
  while len(in_flight) > (0 if several_cpus else 2):
    jax.block_until_ready(in_flight.popleft())
