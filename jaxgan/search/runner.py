"""Trials one after another, each a run in a folder of its own.

Who trains a trial holds a lock in its folder, which the system lets go of when
the process ends, however it ends. So a trial that is running by the study and
not locked in this workdir was killed: it is marked as failed, and another with
the same values goes on in its folder, from its last checkpoint. Trials of other
workdirs (other machines) are left to these.
"""

import contextlib
import logging
import math
import pathlib
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import optuna
from optuna.trial import FrozenTrial, Trial, TrialState

from jaxgan import train, workdir
from jaxgan.guard import RunFailed
from jaxgan.interruption import Interrupted
from jaxgan.reporter import Watch
from jaxgan.search import space as space_lib
from jaxgan.search import study as study_lib
from jaxgan.search.goal import Goal
from jaxgan.search.space import Space
from jaxgan.writers import read_metrics

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


def run(search: Search, trials: int) -> None:
  """Trains until the study has so many trials that are over or under way.

  Args:
    search: to go on with.
    trials: of the whole study, those of other processes among them.

  Raises:
    ValueError, OSError: as `train_and_evaluate`; the trial is tried again.
    Interrupted: the same, after its state was saved.
  """
  while True:
    with contextlib.ExitStack() as stack:
      with asking(search.folder):
        _mourn(search)
        trial = _next(search, trials)
        if trial is None:
          return
        folder = _claim(search, trial)
        stack.enter_context(workdir.held(folder, '.trial'))
      _train(search, trial, folder)
    # Compiled programs are not used again by a trial of other values.
    jax.clear_caches()


def _mourn(search: Search) -> None:
  """Queues the values of the trials that were killed here."""
  for trial in search.study.get_trials(states=(TrialState.RUNNING,)):
    if _killed(search, trial):
      _LOG.info('Trial %d was killed; it is tried again.', trial.number)
      _again(search.study, trial, trial.user_attrs['attempt'] + 1)


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


def _claim(search: Search, trial: Trial) -> pathlib.Path:
  """The folder of a trial, which now is this workdir's."""
  attrs = trial.user_attrs
  name = attrs.get('folder', f'{trial.number:04d}')
  folder = search.folder / 'trials' / name
  workdir.make(folder)
  trial.set_user_attr('folder', name)
  trial.set_user_attr('attempt', attrs.get('attempt', 1))
  trial.set_user_attr('place', _place(search.folder))
  return folder


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
  state = TrialState.WAITING
  if attempt > _ATTEMPTS:
    state = TrialState.PRUNED
    attrs['why'] = f'It ended its process {_ATTEMPTS} times.'
  study.add_trial(
    optuna.trial.create_trial(
      state=state,
      params=trial.params,
      distributions=trial.distributions,
      intermediate_values=trial.intermediate_values,
      user_attrs={**attrs, 'attempt': attempt},
    )
  )


def _train(search: Search, trial: Trial, folder: pathlib.Path) -> None:
  """One run, and what the study is told of it."""
  params = study_lib.meant(search.space, trial.params)
  _LOG.info('Trial %d: %s.', trial.number, said(params))
  try:
    config = space_lib.config_of(search.base, params)
  except ValueError as error:  # Two values that exclude each other.
    _give_up(search.study, trial, str(error))
    return
  watch = _watcher(search, trial, config.train.steps)
  try:
    train.train_and_evaluate(config, folder, watch=watch)
  except optuna.TrialPruned:
    search.study.tell(trial, state=TrialState.PRUNED)
    _LOG.info('Trial %d is pruned.', trial.number)
  except (FloatingPointError, RunFailed) as error:
    _give_up(search.study, trial, str(error))
  except BaseException as error:  # Whatever it is, the values are not lost.
    attempt = trial.user_attrs['attempt'] + (not isinstance(error, Interrupted))
    _again(search.study, search.study.trials[trial.number], attempt)
    raise
  else:
    _finish(search, trial, folder)


def _watcher(search: Search, trial: Trial, steps: int) -> Watch:
  """Reports each evaluation, and ends the run where that is of no use."""
  # A trial that is tried again has what it reported before.
  reported = search.study.trials[trial.number].intermediate_values

  def watch(step: int, scalars: Mapping[str, float]) -> None:
    if step not in reported:
      trial.report(scalars[search.goal.metric], step)
    if step < steps and trial.should_prune():
      raise optuna.TrialPruned

  return watch


def _finish(search: Search, trial: Trial, folder: pathlib.Path) -> None:
  """Tells the last value, which the run may have had before it was killed."""
  metric = search.goal.metric
  rows = read_metrics(folder / 'metrics.jsonl')
  value = [row[metric] for row in rows if metric in row][-1]
  if value is None or not math.isfinite(value):
    _give_up(search.study, trial, f'{metric} was not finite.')
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


def _give_up(study: optuna.Study, trial: Trial, why: str) -> None:
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
