"""Trials side by side: replicas in one program, without folders of their own.

A group is asked for at once and trained together. Where a trial is over before
the others, its replica trains on and nobody looks at it: a program cannot lose
one of its replicas. Nothing is saved, so that a group which was cut short is
tried again from its start.
"""

import contextlib
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
from jaxgan.gan import regularizers, vmapped
from jaxgan.gan.vmapped import Replicas
from jaxgan.search import space as space_lib
from jaxgan.search import study as study_lib
from jaxgan.search import trials as trials_lib
from jaxgan.search.space import Space, Values
from jaxgan.search.trials import Search
from jaxgan.training import train as train_lib
from jaxgan.training import vmapped_runs
from jaxgan.training.failures import Guard
from jaxgan.training.preemption import Interrupted, Interruption
from jaxgan.training.vmapped_runs import Judge, Moment
from jaxgan.types import METRICS, Variables

_LOG = logging.getLogger(__name__)


def check(space: Space, base: Values) -> None:
  """Whether trials can be trained together.

  Args:
    space: what they change.
    base: nested config values that all of them start from.

  Raises:
    ValueError: a key that needs a program of its own, data that shall not be
      on the devices, or a guard that goes back to checkpoints.
  """
  for key in space:
    if key not in vmapped.SWEPT:
      raise ValueError(
        f'{key} in the space needs a program for each value, and --together '
        'above 1 trains trials in one; the space may change only '
        f'{", ".join(vmapped.SWEPT)}.'
      )
  config = space_lib.config_of(base, {})
  for key, value, why in (
    ('data.placement', 'host', 'read their data on the devices'),
    ('guard.action', 'rollback', 'have no checkpoints to go back to'),
  ):
    if flatten(to_dict(config))[key] == value:
      raise ValueError(
        f'{key} is {value}, and trials under --together above 1 {why}; set '
        'another one, or --together=1.'
      )


@dataclasses.dataclass
class _Member:
  """A trial of a group.

  Attributes:
    trial: as the study knows it.
    replica: its place among the replicas.
    config: of the run that it would be by itself.
    guard: looks at its logged metrics.
    report: tells its values, as `trials.reporting`.
    over: whether the study was told of its end.
  """

  trial: Trial
  replica: int
  config: Config
  guard: Guard
  report: Callable[[int, float], bool]
  over: bool = False


class Shared:
  """What is read and built once for all groups of a search."""

  def __init__(self, search: Search) -> None:
    """Reads nothing yet."""
    self.search = search
    self.config = space_lib.config_of(search.base, {})
    self._dataset: sources.Dataset | None = None
    self._judges: dict[int, Judge] = {}

  def dataset(self) -> sources.Dataset:
    """That of all trials.

    Raises:
      ValueError: it cannot be read, or does not fit the configuration.
    """
    if self._dataset is None:
      found = sources.load(self.config.data)
      train_lib.check_classes(self.config, found.num_classes)
      regularizers.check_shape(self.config.regularisers, found.shape)
      self._dataset = found
    return self._dataset

  def prepare(self, configs: Sequence[Config]) -> None:
    """Reads the reference of the metric for these, before any training.

    Raises:
      ValueError: as `evaluation.evaluator_of`.
    """
    if self.search.goal.metric in METRICS:
      return
    # Runs draw their latents with their own seed, and so do their judges.
    self._judges = {
      config.seed: self._judges.get(config.seed) or self._judge(config)
      for config in configs
    }

  def value(
    self,
    config: Config,
    row: Mapping[str, float],
    ema: Variables,
    step: int,
  ) -> float:
    """What the search compares, of one replica after a step."""
    metric = self.search.goal.metric
    if metric in METRICS:
      return row[metric]
    return self._judges[config.seed](ema, step)[metric]

  def _judge(self, config: Config) -> Judge:
    dataset = self.dataset()
    evaluator = evaluation.evaluator_of(config, dataset)
    return Judge(config.net, dataset, evaluator, config.seed)


def train(shared: Shared, trials: Sequence[Trial]) -> None:
  """A group, and what the study is told of its trials.

  Args:
    shared: of the search.
    trials: of the group, claimed.

  Raises:
    ValueError, OSError: as `train_and_evaluate`; the trials are tried again.
    Interrupted: the same.
  """
  members: list[_Member] = []
  try:
    for trial in trials:
      _join(shared, trial, members)
    if members:
      _train(shared, members)
  except BaseException as error:  # Whatever it is, the values are not lost.
    for trial in trials:
      if not shared.search.study.trials[trial.number].state.is_finished():
        trials_lib.retry(shared.search.study, trial, error)
    raise


def _join(shared: Shared, trial: Trial, members: list[_Member]) -> None:
  """Makes a trial a member, unless its values exclude each other."""
  search = shared.search
  params = study_lib.meant(search.space, trial.params)
  _LOG.info('Trial %d: %s.', trial.number, trials_lib.said(params))
  try:
    config = space_lib.config_of(search.base, params)
  except ValueError as error:
    trials_lib.give_up(search.study, trial, str(error))
    return
  report = trials_lib.reporting(search, trial, config.train.steps)
  guard = Guard(config.guard)
  members.append(_Member(trial, len(members), config, guard, report))


def _train(shared: Shared, members: Sequence[_Member]) -> None:
  """From the first iteration to the last that any member is in need of."""
  dataset = shared.dataset()
  shared.prepare([member.config for member in members])
  moments = vmapped_runs.train(_replicas(shared, members), dataset)
  with contextlib.ExitStack() as stack:
    interruption = stack.enter_context(Interruption())
    bar = stack.enter_context(
      tqdm(
        total=shared.config.train.steps,
        desc=f'{len(members)} trials',
        unit='step',
        disable=None,
      )
    )
    for moment in moments:
      if moment.step:
        bar.update()
        _at(shared, members, moment)
      if all(member.over for member in members):
        return
      stop_for = interruption.requested(moment.step)
      if stop_for is not None:
        raise Interrupted(
          f'stopped after step {moment.step}, of which nothing is saved; the '
          'same command tries these trials again from their start.',
          128 + stop_for,
        )


def _replicas(shared: Shared, members: Sequence[_Member]) -> Replicas:
  flat = [flatten(to_dict(member.config)) for member in members]
  # Of the base, so that all groups are replicas of one configuration.
  return Replicas(
    shared.config, {key: [x[key] for x in flat] for key in shared.search.space}
  )


def _at(shared: Shared, members: Sequence[_Member], moment: Moment) -> None:
  """What is due after a step, in the order in which a run does it."""
  config, step = shared.config, moment.step
  last = step == config.train.steps
  if not last and step % config.log.every_steps:
    return
  metrics, diverged = jax.device_get(
    (moment.metrics, moment.states.diverged_step)
  )
  rows = [
    {name: float(value[r]) for name, value in metrics.items()}
    for r in range(len(members))
  ]
  for member, row in zip(members, rows, strict=True):
    _check(shared.search, member, step, row, diverged)
  if not last and step % config.eval.every_steps:
    return
  ema = jax.device_get(moment.states.ema)
  for member, row in zip(members, rows, strict=True):
    if not member.over:
      one = vmapped.take(ema, member.replica)
      value = shared.value(member.config, row, one, step)
      _tell(shared.search, member, step, value)


def _check(
  search: Search,
  member: _Member,
  step: int,
  row: Mapping[str, float],
  diverged: np.ndarray,
) -> None:
  """Gives a trial up where a run would end by itself."""
  if member.over:
    return
  at = int(diverged[member.replica])
  failure = member.guard.feed(step, row)
  if at >= 0:
    why = f'A loss was not finite at step {at}.'
  elif failure is None:
    return
  elif member.config.guard.action == 'stop':
    why = f'{failure.sentence} guard.action is stop.'
  else:
    _LOG.warning('Trial %d: %s', member.trial.number, failure.sentence)
    return
  member.over = True
  trials_lib.give_up(search.study, member.trial, why)


def _tell(search: Search, member: _Member, step: int, value: float) -> None:
  """Reports a value, and ends the trial where it is time."""
  useless = member.report(step, value)
  if useless:
    trials_lib.prune(search, member.trial)
  elif step == member.config.train.steps:
    trials_lib.finish(search, member.trial, value)
  else:
    return
  member.over = True
