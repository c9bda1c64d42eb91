"""The life of a trial in the study and in the workdir.

Who trains trials holds a lock in their folder, which the system lets go of when
the process ends, however it ends. So a trial that is running by the study and
not locked in this workdir was killed: it is marked as failed, and another with
the same values is tried next. Trials of other workdirs (other machines) are
left to these.
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

from jaxgan.search import study as study_lib
from jaxgan.search.goal import Goal
from jaxgan.search.space import Space
from jaxgan.storage import workdir
from jaxgan.training.preemption import Interrupted

_LOG = logging.getLogger(__name__)

_ATTEMPTS = 3  # A trial that ends its process so often is given up.
_OVER = (TrialState.COMPLETE, TrialState.PRUNED)


class Search(NamedTuple):
  """What is searched, and where.

  Attributes:
    study: its trials, from `study.connect`, steered.
    base: nested config values that all trials start from.
    space: what they change.
    goal: what they are compared by.
    folder: the workdir; trials/ holds the runs.
    points: of a grid, or those to begin with, in Optuna's values.
    grid: whether nothing is tried but the points.
  """

  study: optuna.Study
  base: Mapping[str, Any]
  space: Space
  goal: Goal
  folder: pathlib.Path
  points: tuple[Mapping[str, Any], ...] = ()
  grid: bool = False


def asking(folder: pathlib.Path) -> contextlib.AbstractContextManager[None]:
  """One process of a workdir at a time; the others wait."""
  return workdir.held(folder, '.asking', wait=True)


def mourn(search: Search) -> None:
  """Queues the values of the trials that were killed here."""
  for trial in search.study.get_trials(states=(TrialState.RUNNING,)):
    if _killed(search, trial):
      _LOG.info('Trial %d was killed; it is tried again.', trial.number)
      _again(search.study, trial, trial.user_attrs['attempt'] + 1)


def ask(search: Search, trials: int, num: int) -> list[Trial]:
  """The next trials.

  Args:
    search: whose they are.
    trials: of the whole study.
    num: how many at most.

  Returns:
    Fewer where the study has no room for more, and none where it is over.
  """
  found: list[Trial] = []
  while len(found) < num:
    trial = _next(search, trials - len(found))
    if trial is None:
      break
    found.append(trial)
  return found


def claim(
  search: Search, trials: Sequence[Trial], *, group: bool = False
) -> pathlib.Path:
  """The folder of trials, which now is this workdir's.

  Args:
    search: whose they are.
    trials: one, or those of a group.
    group: whether they are trained together. The folder then holds nothing but
      their lock.
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
    trial.set_user_attr('place', _place(search.folder))
  return folder


def retry(study: optuna.Study, trial: Trial, error: BaseException) -> None:
  """Queues the values of a trial that an error, or a signal, cut short."""
  attempt = trial.user_attrs['attempt'] + (not isinstance(error, Interrupted))
  _again(study, study.trials[trial.number], attempt)


def reporting(
  search: Search, trial: Trial, steps: int
) -> Callable[[int, float], bool]:
  """What tells the study of a trial's values on the way.

  Args:
    search: whose trial it is.
    trial: that is under way.
    steps: at the last of them nothing is pruned.

  Returns:
    A function (step, value) -> whether it is of no use to go on.
  """
  # A trial that is tried again has what it reported before.
  reported = search.study.trials[trial.number].intermediate_values

  def report(step: int, value: float) -> bool:
    if step not in reported:
      trial.report(value, step)
    return step < steps and trial.should_prune()

  return report


def prune(search: Search, trial: Trial) -> None:
  """Ends a trial at the value that it reported last."""
  search.study.tell(trial, state=TrialState.PRUNED)
  _LOG.info('Trial %d is pruned.', trial.number)


def finish(search: Search, trial: Trial, value: float | None) -> None:
  """Ends a trial at its last step; None is a value that is not finite."""
  metric = search.goal.metric
  if value is None or not math.isfinite(value):
    give_up(search.study, trial, f'{metric} was not finite.')
    return
  search.study.tell(trial, value)
  best = search.study.best_trial
  _LOG.info(
    'Trial %d: %s is %g; the best is %g, of trial %d.',
    trial.number,
    metric,
    value,
    best.value,
    best.number,
  )


def give_up(study: optuna.Study, trial: Trial, why: str) -> None:
  """Worse than every trial that came to its end."""
  trial.set_user_attr('why', why)
  study.tell(trial, state=TrialState.PRUNED)
  _LOG.warning('Trial %d went wrong: %s', trial.number, why)


def said(params: Mapping[str, Any]) -> str:
  """Values in words."""
  return ', '.join(
    f'{key} {value:.4g}' if isinstance(value, float) else f'{key} {value}'
    for key, value in params.items()
  )


def _next(search: Search, trials: int) -> Trial | None:
  found = search.study.get_trials(deepcopy=False)
  taken = [
    t
    for t in found
    if t.state in _OVER
    or (t.state == TrialState.RUNNING and 'place' in t.user_attrs)
  ]
  if len(taken) >= trials:
    return None
  if all(t.state != TrialState.WAITING for t in found):
    known = [t.params for t in found]
    left = [p for p in search.points if p not in known]
    if search.grid and not left:
      return None
    # What is queued is tried next; of a grid one by one, so that what was
    # killed does not wait for its end.
    if left and (search.grid or not found):
      search.study.enqueue_trial(dict(left[0]))
  return search.study.ask(study_lib.distributions(search.space))


def _place(folder: pathlib.Path) -> str:
  """A name of the workdir that no other has, wherever it is moved to."""
  path = folder / 'place'
  if not path.exists():
    path.write_text(uuid.uuid4().hex)
  return path.read_text()


def _killed(search: Search, trial: FrozenTrial) -> bool:
  if trial.user_attrs.get('place') != _place(search.folder):
    return False
  folder = search.folder / 'trials' / trial.user_attrs['folder']
  try:
    with workdir.held(folder, '.trial'):
      return True
  except FileNotFoundError:  # Somebody took it away.
    return True
  except ValueError:
    return False


def _again(study: optuna.Study, trial: FrozenTrial, attempt: int) -> None:
  """Marks a trial as failed and queues its values, unless it is hopeless."""
  study.tell(trial.number, state=TrialState.FAIL)
  attrs = {k: v for k, v in trial.user_attrs.items() if k != 'place'}
  reported = trial.intermediate_values
  if attrs.pop('group', False):  # Nothing is left of it to go on from.
    del attrs['folder']
    reported = {}
  state = TrialState.WAITING
  if attempt > _ATTEMPTS:
    state = TrialState.PRUNED
    attrs['why'] = f'It ended its process {_ATTEMPTS} times.'
  study.add_trial(
    optuna.trial.create_trial(
      state=state,
      params=trial.params,
      distributions=trial.distributions,
      intermediate_values=reported,
      user_attrs={**attrs, 'attempt': attempt},
    )
  )
