"""The training loop: step, log, evaluate, save, and roll back."""

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
from jaxgan.training import failures, processes
from jaxgan.training.hooks import Hooks
from jaxgan.training.preemption import Interrupted, Interruption
from jaxgan.types import Array, Batch, Metrics

_LOG = logging.getLogger(__name__)


class Loop:
  """The loop of one run over its steps, with failure detection."""

  def __init__(
    self,
    config: Config,
    folder: pathlib.Path,
    train_step: TrainStep,
    checkpoints: Checkpoints,
    hooks: Hooks,
    *,
    batches: Callable[[int], Generator[Batch]],
    key: Array,
  ) -> None:
    """Reads the earlier rollbacks from the workdir.

    Args:
      config: the run.
      folder: its workdir.
      train_step: from `step.make_train_step`.
      checkpoints: of the run.
      hooks: called at every step.
      batches: step -> an iterator over the batches from there on.
      key: the initial PRNG key of the run.
    """
    self.config = config
    self.folder = folder
    self.train_step = train_step
    self.checkpoints = checkpoints
    self.hooks = hooks
    self.batches = batches
    self.key = key
    self.rollbacks = processes.from_first(lambda: workdir.rollbacks(folder))

  def run(self, state: GANState) -> GANState:
    """Trains to the last step, with rollbacks where the guard needs them.

    Args:
      state: to start from; it is donated.

    Returns:
      The last state.

    Raises:
      FloatingPointError, RunFailed, Interrupted: as `train_and_evaluate`.
    """
    while True:
      step = int(state.step)
      self.guard = failures.resume_guard(self.config.guard, self.folder, step)
      with contextlib.closing(self.batches(step)) as batches:
        try:
          return self._steps(state, batches)
        except failures.RollbackNeeded as error:
          failure = error.failure
      state = self._roll_back(state, failure)

  def _roll_back(self, target: GANState, failure: failures.Failure) -> GANState:
    """Restores the newest state from before a failure, with a new key.

    Args:
      target: a state of the same shapes; its values are not read.
      failure: shows no sign up to its step `healthy`.

    Raises:
      RunFailed: there is no such state, or no rollback is left.
    """
    self.checkpoints.wait()
    good = [s for s in self.checkpoints.steps() if s <= failure.healthy]
    if not good:
      raise failures.RunFailed(
        f'{failure.message} There is no checkpoint of step {failure.healthy} '
        'or before to roll back to; raise checkpoint.max_to_keep or lower '
        'checkpoint.every_steps.'
      )
    if len(self.rollbacks) == self.config.guard.rollbacks:
      raise failures.RunFailed(
        f'{failure.message} The run was rolled back {len(self.rollbacks)} '
        'times, which is guard.rollbacks; it needs other settings.'
      )
    last = self.rollbacks[-1]['to'] if self.rollbacks else -1
    # Nothing after this checkpoint was healthy, so it may be broken itself.
    if last == good[-1] == failure.healthy and len(good) > 1:
      good.pop()
    facts = {'to': good[-1], 'because': failure.message}
    self.rollbacks.append(facts)
    _LOG.warning('%s Rolling back to step %d.', failure.message, good[-1])
    self.checkpoints.roll_back(good[-1])
    if jax.process_index() == 0:
      workdir.add_rollback(self.folder, facts)
    self.hooks.on_rollback(good[-1])
    state = self.checkpoints.restore(target)
    assert state is not None
    return self.with_rollback_key(state)

  def with_rollback_key(self, state: GANState) -> GANState:
    """Replaces the key by one that depends on the number of rollbacks.

    A function of that number alone, so that an interrupted run resumes with
    the same key.
    """
    if not self.rollbacks:
      return state
    key = jax.random.fold_in(self.key, len(self.rollbacks))
    return dataclasses.replace(state, key=key)

  def _steps(self, state: GANState, batches: Iterator[Batch]) -> GANState:
    """Runs the steps, until the last one or an interruption."""
    steps = range(int(state.step) + 1, self.config.train.steps + 1)
    in_flight: collections.deque[Metrics] = collections.deque()
    with Interruption() as interruption:
      for step in steps:
        batch = next(batches)
        # An accidental transfer would make every step wait for the host.
        with jax.transfer_guard('disallow'):
          state, metrics = self.train_step(state, batch)
        wait(in_flight, metrics)
        stop_for = interruption.requested(step)
        self._after(step, state, metrics, stopping=stop_for is not None)
        if stop_for is not None:
          self.checkpoints.wait()
          self.hooks.check_present()
          raise Interrupted(
            f'stopped after step {step}, which is saved; the same command '
            'resumes from there.',
            128 + stop_for,
          )
    return state

  def _after(
    self, step: int, state: GANState, metrics: Metrics, *, stopping: bool
  ) -> None:
    """Logs, evaluates and saves as configured."""
    last = step == self.config.train.steps
    log = last or step % self.config.log.every_steps == 0
    evaluate = last or step % self.config.eval.every_steps == 0
    save = last or step % self.config.checkpoint.every_steps == 0 or stopping
    self.hooks.on_step(step)
    scalars: dict[str, float] = {}
    if log or save:
      scalars = self.hooks.read(step, metrics)
    if log:
      self.hooks.log(step, scalars)
    if log or save or evaluate:
      self.hooks.check_present()
      self._check_finite(state)
    if log:
      self._watch(step, scalars)
    if evaluate:
      self.hooks.write_grid(step, state.ema)
      scalars |= self.hooks.evaluate(step, state.ema)
    # A failing state must not replace a good one that a rollback needs.
    failing = self.guard.suspects and self.config.guard.action == 'rollback'
    if save and (last or stopping or not failing):
      self.checkpoints.save(state, scalars)
    if evaluate:
      self.hooks.callback(step, scalars)

  def _watch(self, step: int, scalars: dict[str, float]) -> None:
    """Handles a failure as `guard.action` says."""
    failure = self.guard.feed(step, scalars)
    action = self.config.guard.action
    if failure is None:
      return
    if action == 'rollback':
      raise failures.RollbackNeeded(failure)
    if action == 'stop':
      raise failures.RunFailed(
        f'{failure.message} {self._newest()}, and guard.action is stop.'
      )
    _LOG.warning('%s', failure.message)

  def _check_finite(self, state: GANState) -> None:
    diverged = int(jax.device_get(state.diverged_step))
    if diverged < 0:
      return
    message = failures.not_finite(diverged)
    if self.config.guard.action == 'rollback':
      raise failures.RollbackNeeded(failures.Failure(diverged - 1, message))
    raise FloatingPointError(
      f'{message} {self._newest()}; lower the learning rates or raise '
      'penalty.weight.'
    )

  def _newest(self) -> str:
    self.checkpoints.wait()
    steps = self.checkpoints.steps()
    if not steps:
      return 'There is no checkpoint yet'
    return f'The newest checkpoint is step {steps[-1]}'


def wait(in_flight: collections.deque[Metrics], metrics: Metrics) -> None:
  """Limits the number of unfinished steps on the devices to two.

  To none on virtual CPU devices, which deadlock when many steps are queued.

  Args:
    in_flight: metrics of unfinished steps, oldest first; modified.
    metrics: of the newest step.
  """
  in_flight.append(metrics)
  several_cpus = jax.default_backend() == 'cpu' and jax.device_count() > 1
  while len(in_flight) > (0 if several_cpus else 2):
    jax.block_until_ready(in_flight.popleft())
