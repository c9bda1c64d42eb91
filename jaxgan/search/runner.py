"""Trials until there are enough: one after another, or in groups.

A trial by itself is a run in a folder of its own. One that was killed, or asked
to stop, goes on there from its last checkpoint.
"""

import contextlib
import logging
import pathlib
from collections.abc import Mapping

import jax
import optuna
from optuna.trial import Trial

from jaxgan.search import groups
from jaxgan.search import space as space_lib
from jaxgan.search import study as study_lib
from jaxgan.search import trials as trials_lib
from jaxgan.search.trials import Search
from jaxgan.storage import workdir
from jaxgan.storage.writers import read_metrics
from jaxgan.training import train
from jaxgan.training.failures import RunFailed
from jaxgan.training.hooks import Watch

_LOG = logging.getLogger(__name__)


def run(search: Search, trials: int, together: int = 1) -> None:
  """Trains until the study has so many trials that are over or under way.

  Args:
    search: to go on with; checked by `groups.check` for more than one at once.
    trials: of the whole study, those of other processes among them.
    together: how many are trained at once, in one program.

  Raises:
    ValueError, OSError: as `train_and_evaluate`; the trials are tried again.
    Interrupted: the same, after the state of a trial by itself was saved.
  """
  shared = groups.Shared(search)
  while True:
    with contextlib.ExitStack() as stack:
      with trials_lib.asking(search.folder):
        trials_lib.mourn(search)
        found = trials_lib.ask(search, trials, together)
        if not found:
          return
        folder = trials_lib.claim(search, found, group=together > 1)
        stack.enter_context(workdir.held(folder, '.trial'))
      if together > 1:
        groups.train(shared, found)
      else:
        _train(search, found[0], folder)
        # Compiled programs are not used again by a trial of other values.
        jax.clear_caches()


def _train(search: Search, trial: Trial, folder: pathlib.Path) -> None:
  """One run, and what the study is told of it."""
  params = study_lib.meant(search.space, trial.params)
  _LOG.info('Trial %d: %s.', trial.number, trials_lib.said(params))
  try:
    config = space_lib.config_of(search.base, params)
  except ValueError as error:  # Two values that exclude each other.
    trials_lib.give_up(search.study, trial, str(error))
    return
  watch = _watcher(search, trial, config.train.steps)
  try:
    train.train_and_evaluate(config, folder, watch=watch)
  except optuna.TrialPruned:
    trials_lib.prune(search, trial)
  except (FloatingPointError, RunFailed) as error:
    trials_lib.give_up(search.study, trial, str(error))
  except BaseException as error:  # Whatever it is, the values are not lost.
    trials_lib.retry(search.study, trial, error)
    raise
  else:
    trials_lib.finish(search, trial, _last(search.goal.metric, folder))


def _watcher(search: Search, trial: Trial, steps: int) -> Watch:
  """Reports each evaluation, and ends the run where that is of no use."""
  report = trials_lib.reporting(search, trial, steps)

  def watch(step: int, scalars: Mapping[str, float]) -> None:
    if report(step, scalars[search.goal.metric]):
      raise optuna.TrialPruned

  return watch


def _last(metric: str, folder: pathlib.Path) -> float | None:
  """The last value, which the run may have had before it was killed."""
  rows = read_metrics(folder / 'metrics.jsonl')
  return [row[metric] for row in rows if metric in row][-1]
