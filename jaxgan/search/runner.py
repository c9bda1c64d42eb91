"""Runs trials until the study is complete: one at a time, or in groups.

A single trial is a run in its own folder. After a stop it continues from its
last checkpoint.
"""

import contextlib
import pathlib
from collections.abc import Mapping

import jax
import optuna
from optuna.trial import Trial

from jaxgan.search import groups
from jaxgan.search import trials as trials_lib
from jaxgan.search.trials import Search
from jaxgan.storage import workdir
from jaxgan.storage.writers import read_metrics
from jaxgan.training import train
from jaxgan.training.failures import RunFailed


def run(search: Search, trials: int, together: int = 1) -> None:
  """Trains until the study has `trials` finished or running trials.

  Args:
    search: must pass `groups.check` if `together` is above 1.
    trials: total number of trials, including those of other processes.
    together: number of trials that one program trains at once.

  Raises:
    ValueError, OSError: as `train_and_evaluate`; the trials are enqueued again.
    Interrupted: the same, after the state of a single trial was saved.
  """
  resources = groups.Resources(search)
  while True:
    with contextlib.ExitStack() as stack:
      with trials_lib.lock(search.folder):
        trials_lib.requeue_killed(search)
        new = trials_lib.ask(search, trials, together)
        if not new:
          return
        folder = trials_lib.assign_folder(search, new, group=together > 1)
        stack.enter_context(workdir.lock(folder, '.trial'))
      if together > 1:
        groups.train(resources, new)
      else:
        _train(search, new[0], folder)
        # The next trial has other values, so it cannot reuse the programs.
        jax.clear_caches()


def _train(search: Search, trial: Trial, folder: pathlib.Path) -> None:
  """Trains one trial and reports its result to the study."""
  config = trials_lib.make_config(search, trial)
  if config is None:
    return
  metric = search.objective.metric
  report = trials_lib.reporter(search, trial, config.train.steps)

  def callback(step: int, scalars: Mapping[str, float]) -> None:
    if report(step, scalars[metric]):
      raise optuna.TrialPruned

  try:
    train.train_and_evaluate(config, folder, callback=callback)
  except optuna.TrialPruned:
    trials_lib.prune(search, trial)
  except (FloatingPointError, RunFailed) as error:
    trials_lib.mark_failed(search.study, trial, str(error))
  except BaseException as error:  # No error may lose the parameters.
    trials_lib.retry(search.study, trial, error)
    raise
  else:
    # From the file, because an earlier attempt may have evaluated last.
    rows = read_metrics(folder / 'metrics.jsonl')
    values = [row[metric] for row in rows if metric in row]
    trials_lib.finish(search, trial, values[-1])
