"""Creates, reports, ends and restarts trials in the study and the workdir.

A process locks the folder of its trials; the operating system releases the lock
when the process ends. So a running trial of this workdir whose folder is not
locked was killed: it is marked as failed, and a new trial with its parameters
is enqueued. Trials of other workdirs may run on other machines; they stay.
"""

import contextlib
import logging
import math
import pathlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from jaxgan.config import Config
from jaxgan.search import space as space_lib
from jaxgan.search import study as study_lib
from jaxgan.search.objective import Objective
from jaxgan.search.space import Space
from jaxgan.storage import workdir
from jaxgan.training.preemption import Interrupted

_LOG = logging.getLogger(__name__)

_ATTEMPTS = 3  # A trial that has ended its process so many times is pruned.
_FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


class Search(NamedTuple):
  """The study of a search, its search space and its workdir.

  Attributes:
    study: the Optuna study, with its sampler and pruner.
    base: nested config values that all trials start from.
    space: the search space.
    objective: the metric to optimize.
    folder: the workdir; trials/ holds the runs.
    points: parameters of the grid or of the initial trials, as labels.
    grid: whether the points are the only trials.
  """

  study: optuna.Study
  base: Mapping[str, Any]
  space: Space
  objective: Objective
  folder: pathlib.Path
  points: tuple[Mapping[str, Any], ...] = ()
  grid: bool = False


def lock(folder: pathlib.Path) -> contextlib.AbstractContextManager[None]:
  """Locks a workdir for one process; other processes wait."""
  return workdir.lock(folder, '.asking', wait=True)


def requeue_killed(search: Search) -> None:
  """Enqueues the parameters of trials that were killed in this workdir."""
  for trial in search.study.get_trials(states=(TrialState.RUNNING,)):
    if _killed(search, trial):
      _LOG.info('Trial %d was killed; it is tried again.', trial.number)
      _requeue(search.study, trial, trial.user_attrs['attempt'] + 1)


def ask(search: Search, trials: int, num: int) -> list[Trial]:
  """Samples the next trials.

  Args:
    search: the search.
    trials: total number of trials of the study.
    num: maximum number of trials to return.

  Returns:
    Up to `num` trials; an empty list when the study has all its trials.
  """
  new: list[Trial] = []
  while len(new) < num and (trial := _sample(search, trials - len(new))):
    new.append(trial)
  return new


def assign_folder(
  search: Search, trials: Sequence[Trial], *, group: bool = False
) -> pathlib.Path:
  """Creates the folder of one trial or a group and records it in the study.

  Args:
    search: the search.
    trials: one trial, or all trials of a group.
    group: whether they are trained in one program; the folder then holds only
      a lock.
  """
  first = trials[0]
  name = f'{first.number:04d}'
  name = f'group{name}' if group else first.user_attrs.get('folder', name)
  folder = search.folder / 'trials' / name
  workdir.make(folder)
  for trial in trials:
    trial.set_user_attr('folder', name)
    trial.set_user_attr('group', group)
    trial.set_user_attr('attempt', trial.user_attrs.get('attempt', 1))
    # Last, since a trial that has it must have the others, too.
    trial.set_user_attr('place', _workdir_id(search.folder))
  return folder


def make_config(search: Search, trial: Trial) -> Config | None:
  """Returns the configuration of a trial, or None if it is invalid.

  An invalid combination of values ends the trial as failed.
  """
  params = study_lib.config_values(search.space, trial.params)
  words = [f'{key} {space_lib.number(x)}' for key, x in params.items()]
  _LOG.info('Trial %d: %s.', trial.number, ', '.join(words))
  try:
    return space_lib.make_config(search.base, params)
  except ValueError as error:
    mark_failed(search.study, trial, str(error))
    return None


def retry(study: optuna.Study, trial: Trial, error: BaseException) -> None:
  """Enqueues a trial again after an error or a signal has ended it."""
  attempt = trial.user_attrs['attempt'] + (not isinstance(error, Interrupted))
  _requeue(study, study.trials[trial.number], attempt)


def reporter(
  search: Search, trial: Trial, steps: int
) -> Callable[[int, float], bool]:
  """Returns a function that reports intermediate values of a trial.

  Args:
    search: the search.
    trial: a running trial.
    steps: length of the run; a trial is not pruned at its last step.

  Returns:
    A function (step, value) that returns whether to prune the trial.
  """
  # The values of earlier attempts, if the trial is restarted.
  reported = search.study.trials[trial.number].intermediate_values

  def report(step: int, value: float) -> bool:
    if step not in reported:
      trial.report(value, step)
    return step < steps and trial.should_prune()

  return report


def prune(search: Search, trial: Trial) -> None:
  """Ends a trial as pruned, with its last reported value."""
  search.study.tell(trial, state=TrialState.PRUNED)
  _LOG.info('Trial %d is pruned.', trial.number)


def finish(search: Search, trial: Trial, value: float | None) -> None:
  """Ends a trial at its last step, with its final value.

  A value that is None (logged for NaN) or not finite makes the trial fail.
  """
  metric = search.objective.metric
  if value is None or not math.isfinite(value):
    mark_failed(search.study, trial, f'{metric} was not finite.')
    return
  search.study.tell(trial, value)
  best = search.study.best_trial
  numbers = trial.number, metric, value, best.value, best.number
  _LOG.info('Trial %d: %s is %g; the best is %g, of trial %d.', *numbers)


def mark_failed(study: optuna.Study, trial: Trial, reason: str) -> None:
  """Ends a trial as failed; it ranks below every complete trial."""
  trial.set_user_attr('why', reason)
  # As pruned: with FAIL, samplers would ignore it and it would not be counted.
  study.tell(trial, state=TrialState.PRUNED)
  _LOG.warning('Trial %d failed: %s', trial.number, reason)


def _sample(search: Search, trials: int) -> Trial | None:
  """Samples a trial, unless `trials` are finished or running."""
  existing = search.study.get_trials(deepcopy=False)
  running = [t for t in existing if t.state == TrialState.RUNNING]
  taken = sum(t.state in _FINISHED for t in existing)
  if taken + sum('place' in t.user_attrs for t in running) >= trials:
    return None
  if all(t.state != TrialState.WAITING for t in existing):
    known = [t.params for t in existing]
    left = [p for p in search.points if p not in known]
    if search.grid and not left:
      return None
    # The study takes enqueued trials first. A grid is enqueued point by point,
    # so that a killed trial restarts before the grid ends.
    if left and (search.grid or not existing):
      search.study.enqueue_trial(dict(left[0]))
  return search.study.ask(study_lib.distributions(search.space))


def _workdir_id(folder: pathlib.Path) -> str:
  """Returns the unique name of a workdir; it stays when the folder moves."""
  path = folder / 'place'
  if not path.exists():
    path.write_text(uuid.uuid4().hex)
  return path.read_text()


def _killed(search: Search, trial: FrozenTrial) -> bool:
  """Returns whether a trial belongs to this workdir and has no process."""
  if trial.user_attrs.get('place') != _workdir_id(search.folder):
    return False
  folder = search.folder / 'trials' / trial.user_attrs['folder']
  try:
    with workdir.lock(folder, '.trial'):
      return True
  except FileNotFoundError:  # The folder was deleted.
    return True
  except ValueError:
    return False


def _requeue(study: optuna.Study, trial: FrozenTrial, attempt: int) -> None:
  """Marks a trial as failed and enqueues its parameters as a new trial.

  After too many attempts the new trial is pruned at once.
  """
  study.tell(trial.number, state=TrialState.FAIL)
  attrs = {k: v for k, v in trial.user_attrs.items() if k != 'place'}
  reported = trial.intermediate_values
  if attrs.pop('group', False):  # A group has no checkpoint to restore.
    del attrs['folder']
    reported = {}
  state = TrialState.WAITING
  if attempt > _ATTEMPTS:
    state = TrialState.PRUNED
    attrs['why'] = f'The process of the trial ended {_ATTEMPTS} times.'
  study.add_trial(
    optuna.trial.create_trial(
      state=state,
      params=trial.params,
      distributions=trial.distributions,
      intermediate_values=reported,
      user_attrs={**attrs, 'attempt': attempt},
    )
  )
