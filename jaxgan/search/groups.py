"""Trains a group of trials as replicas in one program, without run folders.

The trials of a group are sampled at once. A program cannot drop a replica, so
the replica of a finished trial keeps training and is ignored. A group saves no
checkpoints; an interrupted group restarts from step 0.
"""

import dataclasses
import functools
import logging
from collections.abc import Callable, Mapping, Sequence

import jax
from optuna.trial import Trial

from jaxgan.config import Config, flatten, to_dict
from jaxgan.data import sources
from jaxgan.evaluation import evaluator as evaluation
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import vmapped
from jaxgan.gan.vmapped import Replicas
from jaxgan.progress import Progress
from jaxgan.search import space as space_lib
from jaxgan.search import trials as trials_lib
from jaxgan.search.space import Space, Values
from jaxgan.search.trials import Search
from jaxgan.training import failures, vmapped_runs
from jaxgan.training.failures import Guard
from jaxgan.training.preemption import Interrupted, Interruption
from jaxgan.training.vmapped_runs import ReplicaEvaluator, Snapshot
from jaxgan.types import METRICS, Variables

_LOG = logging.getLogger(__name__)


def check(space: Space, base: Values) -> None:
  """Checks that one program can train all trials of a search.

  Raises:
    ValueError: the space has a key that needs a new program for each value,
      the data stay on the host, or the guard rolls back to checkpoints.
  """
  for key in space:
    if key not in vmapped.SWEPT:
      raise ValueError(
        f'{key} in the space needs a new program for each value, and '
        '--together above 1 trains several trials in one program; the space '
        f'may change only {", ".join(vmapped.SWEPT)}.'
      )
  config = flatten(to_dict(space_lib.make_config(base, {})))
  for key, value, reason in (
    ('data.placement', 'host', 'read their data on the devices'),
    ('data.placement', 'stream', 'read their data on the devices'),
    ('guard.action', 'rollback', 'have no checkpoints to roll back to'),
  ):
    if config[key] == value:
      raise ValueError(
        f'{key} is {value}, but trials with --together above 1 {reason}; set '
        'another value or --together=1.'
      )


@dataclasses.dataclass
class _Member:
  """A trial of a group.

  Attributes:
    trial: the trial in the study.
    replica: its index among the replicas.
    config: its configuration as a single run.
    guard: detects failures in its logged metrics.
    report: from `trials.reporter`; reports its values.
    finished: whether its result is in the study.
  """

  trial: Trial
  replica: int
  config: Config
  guard: Guard
  report: Callable[[int, float], bool]
  finished: bool = False


class Resources:
  """The dataset and the evaluators, loaded once for all groups of a search."""

  def __init__(self, search: Search) -> None:
    self.search = search
    self.config = space_lib.make_config(search.base, {})
    self._evaluators: dict[int, ReplicaEvaluator] = {}

  @functools.cached_property
  def dataset(self) -> sources.Dataset:
    """The dataset of all trials.

    Raises:
      ValueError: it cannot be loaded, or does not fit the configuration.
    """
    dataset = sources.load(self.config.data)
    problem_lib.of_dataset(self.config, dataset)  # Checks that they fit.
    return dataset

  def load_evaluators(self, configs: Sequence[Config]) -> None:
    """Loads the reference data of the metric, before any training.

    Raises:
      ValueError: as `evaluation.of_run`.
    """
    if self.search.objective.metric in METRICS:
      return
    # The seed of a run is also that of the latents of its evaluation.
    self._evaluators = {
      config.seed: self._evaluators.get(config.seed) or self._evaluator(config)
      for config in configs
    }

  def value(
    self, config: Config, row: Mapping[str, float], ema: Variables, step: int
  ) -> float:
    """Returns the objective, from logged metrics or with the EMA generator."""
    metric = self.search.objective.metric
    if metric in METRICS:
      return row[metric]
    return self._evaluators[config.seed](ema, step)[metric]

  def _evaluator(self, config: Config) -> ReplicaEvaluator:
    evaluator = evaluation.of_run(config, self.dataset)
    problem = problem_lib.of_dataset(config, self.dataset)
    return ReplicaEvaluator(problem, evaluator, config.seed)


def train(resources: Resources, trials: Sequence[Trial]) -> None:
  """Trains a group and reports the results of its trials to the study.

  Args:
    resources: those of the search.
    trials: the group, after `trials.assign_folder`.

  Raises:
    ValueError, OSError: as `train_and_evaluate`; the trials are enqueued again.
    Interrupted: the same.
  """
  search = resources.search
  members: list[_Member] = []
  try:
    for trial in trials:
      config = trials_lib.make_config(search, trial)
      if config is None:
        continue
      report = trials_lib.reporter(search, trial, config.train.steps)
      guard = Guard(config.guard)
      members.append(_Member(trial, len(members), config, guard, report))
    if members:
      _train(resources, members)
  except BaseException as error:  # No error may lose the parameters.
    for trial in trials:
      if not search.study.trials[trial.number].state.is_finished():
        trials_lib.retry(search.study, trial, error)
    raise


def _train(resources: Resources, members: Sequence[_Member]) -> None:
  """Trains the replicas until every member is finished."""
  configs = [member.config for member in members]
  resources.load_evaluators(configs)
  flat = [flatten(to_dict(config)) for config in configs]
  values = {key: [x[key] for x in flat] for key in resources.search.space}
  # All groups use the base configuration, so they share a compiled program.
  replicas = Replicas(resources.config, values)
  snapshots = vmapped_runs.train(replicas, resources.dataset)
  steps, title = resources.config.train.steps, f'{len(members)} trials'
  bar = Progress(steps, 'step', title=title, first_seconds=0)
  with Interruption() as interruption, bar:
    for snapshot in snapshots:
      if snapshot.step:
        bar.update()
        _report_step(resources, members, snapshot)
      if all(member.finished for member in members):
        return
      stop_for = interruption.requested(snapshot.step)
      if stop_for is not None:
        raise Interrupted(
          f'stopped after step {snapshot.step}, without a checkpoint; the same '
          'command restarts these trials from step 0.',
          128 + stop_for,
        )


def _report_step(
  resources: Resources, members: Sequence[_Member], snapshot: Snapshot
) -> None:
  """Checks the members after a step and reports their values when due."""
  config, search, step = resources.config, resources.search, snapshot.step
  last = step == config.train.steps
  if not last and step % config.log.every_steps:
    return
  states = snapshot.states
  metrics, diverged = jax.device_get((snapshot.metrics, states.diverged_step))
  evaluate = last or step % config.eval.every_steps == 0
  ema = jax.device_get(states.ema) if evaluate else None
  for member in members:
    if member.finished:
      continue
    row = {name: float(x[member.replica]) for name, x in metrics.items()}
    reason = _failure(member, step, row, int(diverged[member.replica]))
    if reason:
      trials_lib.mark_failed(search.study, member.trial, reason)
      member.finished = True
    elif evaluate:
      one = vmapped.take(ema, member.replica)
      value = resources.value(member.config, row, one, step)
      if prune := member.report(step, value):
        trials_lib.prune(search, member.trial)
      elif last:
        trials_lib.finish(search, member.trial, value)
      member.finished = prune or last


def _failure(
  member: _Member, step: int, row: Mapping[str, float], diverged: int
) -> str | None:
  """Returns why a single run would stop at this step; None if it would not."""
  if diverged >= 0:
    return failures.not_finite(diverged)
  failure = member.guard.feed(step, row)
  if failure is None:
    return None
  if member.config.guard.action == 'stop':
    return f'{failure.message} guard.action is stop.'
  _LOG.warning('Trial %d: %s', member.trial.number, failure.message)
  return None
