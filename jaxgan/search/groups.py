"""Trains a group of trials as replicas in one program, without run folders.

The trials of a group are sampled at once. If one finishes before the others,
its replica keeps training and is ignored, because a program cannot drop a
replica. A group saves no checkpoints, so an interrupted group restarts from
its first step.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np
from optuna.trial import Trial
from tqdm import tqdm

from jaxgan.config import Config, flatten, to_dict
from jaxgan.data import sources
from jaxgan.evaluation import evaluator as evaluation
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import vmapped
from jaxgan.gan.vmapped import Replicas
from jaxgan.search import space as space_lib
from jaxgan.search import trials as trials_lib
from jaxgan.search.space import Space, Values
from jaxgan.search.trials import Search
from jaxgan.training import vmapped_runs
from jaxgan.training.failures import Guard
from jaxgan.training.preemption import Interrupted, Interruption
from jaxgan.training.vmapped_runs import ReplicaEvaluator, Snapshot
from jaxgan.types import METRICS, Variables

_LOG = logging.getLogger(__name__)


def check(space: Space, base: Values) -> None:
  """Checks that trials can be trained in one program.

  Args:
    space: the search space.
    base: nested config values that all trials start from.

  Raises:
    ValueError: the space has a key that needs a new program for each value,
      the data stay on the host, or the guard rolls back to checkpoints.
  """
  for key in space:
    if key not in vmapped.SWEPT:
      raise ValueError(
        f'{key} in the space needs a program for each value, and --together '
        'above 1 trains all trials in one program; the space may change only '
        f'{", ".join(vmapped.SWEPT)}.'
      )
  config = space_lib.make_config(base, {})
  for key, value, reason in (
    ('data.placement', 'host', 'read their data on the devices'),
    ('guard.action', 'rollback', 'have no checkpoints to roll back to'),
  ):
    if flatten(to_dict(config))[key] == value:
      raise ValueError(
        f'{key} is {value}, and trials under --together above 1 {reason}; set '
        'another value or --together=1.'
      )


@dataclasses.dataclass
class _Member:
  """A trial of a group.

  Attributes:
    trial: of the study.
    replica: its index among the replicas.
    config: its configuration as a single run.
    guard: detects failures in its logged metrics.
    report: reports its values, from `trials.reporter`.
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
    """Loads nothing yet."""
    self.search = search
    self.config = space_lib.make_config(search.base, {})
    self._dataset: sources.Dataset | None = None
    self._evaluators: dict[int, ReplicaEvaluator] = {}

  def dataset(self) -> sources.Dataset:
    """Returns the dataset of all trials.

    Raises:
      ValueError: it cannot be loaded, or does not fit the configuration.
    """
    if self._dataset is None:
      dataset = sources.load(self.config.data)
      problem_lib.of_dataset(self.config, dataset)  # Checks that they fit.
      self._dataset = dataset
    return self._dataset

  def load_evaluators(self, configs: Sequence[Config]) -> None:
    """Loads the reference data of the metric, before any training.

    Raises:
      ValueError: as `evaluation.evaluator_of`.
    """
    if self.search.objective.metric in METRICS:
      return
    # A run is evaluated on latents of its own seed.
    self._evaluators = {
      config.seed: self._evaluators.get(config.seed) or self._evaluator(config)
      for config in configs
    }

  def value(
    self, config: Config, row: Mapping[str, float], ema: Variables, step: int
  ) -> float:
    """Returns the objective of a trial, from its logged metrics or its EMA."""
    metric = self.search.objective.metric
    if metric in METRICS:
      return row[metric]
    return self._evaluators[config.seed](ema, step)[metric]

  def _evaluator(self, config: Config) -> ReplicaEvaluator:
    dataset = self.dataset()
    evaluator = evaluation.evaluator_of(config, dataset)
    problem = problem_lib.of_dataset(config, dataset)
    return ReplicaEvaluator(problem, evaluator, config.seed)


def train(resources: Resources, trials: Sequence[Trial]) -> None:
  """Trains a group and reports the results of its trials to the study.

  Args:
    resources: of the search.
    trials: of the group, after `trials.assign_folder`.

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
  dataset = resources.dataset()
  resources.load_evaluators([member.config for member in members])
  snapshots = vmapped_runs.train(_replicas(resources, members), dataset)
  bar = tqdm(
    total=resources.config.train.steps,
    desc=f'{len(members)} trials',
    unit='step',
    disable=None,
  )
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


def _replicas(resources: Resources, members: Sequence[_Member]) -> Replicas:
  flat = [flatten(to_dict(member.config)) for member in members]
  keys = resources.search.space
  # All groups share the base configuration and so the compiled program.
  return Replicas(
    resources.config, {key: [x[key] for x in flat] for key in keys}
  )


def _report_step(
  resources: Resources, members: Sequence[_Member], snapshot: Snapshot
) -> None:
  """Checks and evaluates the members after a step, in the order of a run."""
  config, search, step = resources.config, resources.search, snapshot.step
  last = step == config.train.steps
  if not last and step % config.log.every_steps:
    return
  metrics, diverged = jax.device_get(
    (snapshot.metrics, snapshot.states.diverged_step)
  )
  rows = [
    {name: float(value[r]) for name, value in metrics.items()}
    for r in range(len(members))
  ]
  for member, row in zip(members, rows, strict=True):
    _check_failure(search, member, step, row, diverged)
  if not last and step % config.eval.every_steps:
    return
  ema = jax.device_get(snapshot.states.ema)
  for member, row in zip(members, rows, strict=True):
    if not member.finished:
      one = vmapped.take(ema, member.replica)
      value = resources.value(member.config, row, one, step)
      _report_value(search, member, step, value)


def _check_failure(
  search: Search,
  member: _Member,
  step: int,
  row: Mapping[str, float],
  diverged: np.ndarray,
) -> None:
  """Marks a trial as failed if its guard would stop a single run."""
  if member.finished:
    return
  diverged_step = int(diverged[member.replica])
  failure = member.guard.feed(step, row)
  if diverged_step >= 0:
    reason = f'A loss was not finite at step {diverged_step}.'
  elif failure is None:
    return
  elif member.config.guard.action == 'stop':
    reason = f'{failure.message} guard.action is stop.'
  else:
    _LOG.warning('Trial %d: %s', member.trial.number, failure.message)
    return
  member.finished = True
  trials_lib.mark_failed(search.study, member.trial, reason)


def _report_value(
  search: Search, member: _Member, step: int, value: float
) -> None:
  """Reports a value, and ends the trial if it is pruned or at its last step."""
  if member.report(step, value):
    trials_lib.prune(search, member.trial)
  elif step == member.config.train.steps:
    trials_lib.finish(search, member.trial, value)
  else:
    return
  member.finished = True
