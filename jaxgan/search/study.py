"""Optuna's study of a search: its storage, what it proposes, what it prunes."""

import pathlib
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from jaxgan.search.goal import Goal
from jaxgan.search.space import Axis, Space, label
from jaxgan.storage import workdir

# After so many random trials TPE begins to learn, and medians to mean much.
_STARTUP = 5


def _tpe(seed: int) -> BaseSampler:
  with warnings.catch_warnings():
    # The last argument is on trial in Optuna 4, and its default in Optuna 5.
    warnings.simplefilter('ignore', optuna.exceptions.ExperimentalWarning)
    # What is under way counts as bad, or several that are asked for at once
    # would be much the same.
    return optuna.samplers.TPESampler(
      n_startup_trials=_STARTUP, seed=seed, constant_liar=True
    )


_SAMPLERS: Mapping[str, Callable[[int], BaseSampler]] = {
  'tpe': _tpe,
  'random': lambda seed: optuna.samplers.RandomSampler(seed),
  # Its points wait in the study; none is left to be drawn.
  'grid': lambda seed: optuna.samplers.RandomSampler(seed),
}
SAMPLERS = tuple(_SAMPLERS)

_PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
  'median': lambda: optuna.pruners.MedianPruner(n_startup_trials=_STARTUP),
  'none': optuna.pruners.NopPruner,
}
PRUNERS = tuple(_PRUNERS)


class Seeded(BaseSampler):
  """A sampler whose draws are a function of (seed, trial number, history).

  So a search that is stopped and started again goes on as if it had not been,
  and processes that share one do not draw the same.
  """

  def __init__(self, name: str, seed: int) -> None:
    self._make, self._seed = _SAMPLERS[name], seed

  def _of(self, trial: FrozenTrial) -> BaseSampler:
    words = np.random.SeedSequence((self._seed, trial.number))
    return self._make(int(words.generate_state(1)[0]))

  def infer_relative_search_space(
    self, study: optuna.Study, trial: FrozenTrial
  ) -> dict[str, BaseDistribution]:
    """As the sampler of the trial."""
    return self._of(trial).infer_relative_search_space(study, trial)

  def sample_relative(
    self,
    study: optuna.Study,
    trial: FrozenTrial,
    search_space: dict[str, BaseDistribution],
  ) -> dict[str, Any]:
    """As the sampler of the trial."""
    return self._of(trial).sample_relative(study, trial, search_space)

  def sample_independent(
    self,
    study: optuna.Study,
    trial: FrozenTrial,
    param_name: str,
    param_distribution: BaseDistribution,
  ) -> Any:
    """One value; its own seed for each key, or all would be drawn alike."""
    words = np.random.SeedSequence(
      (self._seed, trial.number, *param_name.encode())
    )
    return self._make(int(words.generate_state(1)[0])).sample_independent(
      study, trial, param_name, param_distribution
    )


def local(folder: pathlib.Path) -> str:
  """The URL of a search's own storage."""
  return f'sqlite:///{(folder / "search.db").resolve()}'


def connect(
  url: str, name: str, goal: Goal, facts: Mapping[str, Any]
) -> optuna.Study:
  """The study of a name in a storage, made where it is missing.

  Args:
    url: of an RDB.
    name: of the study there.
    goal: gives the direction.
    facts: what all who share the study must agree on.

  Raises:
    ValueError: the storage cannot be opened, or the study is another one's.
  """
  optuna.logging.set_verbosity(optuna.logging.WARNING)
  study = optuna.create_study(
    storage=_storage(url),
    study_name=name,
    direction='minimize' if goal.direction == 'minimise' else 'maximize',
    load_if_exists=True,
  )
  if 'facts' not in study.user_attrs:
    study.set_user_attr('facts', dict(facts))
  found = workdir.differences(study.user_attrs['facts'], facts)
  if found:
    raise ValueError(
      f'The study {name} in the storage is of another search: {found}; choose '
      'another name with --study.'
    )
  return study


def load(url: str, name: str) -> optuna.Study:
  """The study of a name, to read.

  Raises:
    ValueError: the storage cannot be opened, or has no such study.
  """
  optuna.logging.set_verbosity(optuna.logging.WARNING)
  try:
    return optuna.load_study(storage=_storage(url), study_name=name)
  except KeyError as error:
    raise ValueError(f'The storage has no study {name}.') from error


def steer(study: optuna.Study, sampler: str, seed: int, prune: str) -> None:
  """Sets what proposes trials, and what ends them early."""
  study.sampler = Seeded(sampler, seed)
  study.pruner = _PRUNERS[prune]()


def distributions(space: Space) -> dict[str, BaseDistribution]:
  """The space in Optuna's words."""
  return {key: _distribution(axis) for key, axis in space.items()}


def meant(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
  """The config values that Optuna's stand for."""
  choices = {
    key: {label(x): x for x in axis.choices} for key, axis in space.items()
  }
  return {k: choices[k].get(params[k], params[k]) for k in space if k in params}


def _distribution(axis: Axis) -> BaseDistribution:
  if axis.choices:
    return optuna.distributions.CategoricalDistribution(
      [label(x) for x in axis.choices]
    )
  if axis.whole:
    return optuna.distributions.IntDistribution(
      int(axis.low), int(axis.high), log=axis.log
    )
  return optuna.distributions.FloatDistribution(
    axis.low, axis.high, log=axis.log
  )


def _storage(url: str) -> optuna.storages.RDBStorage:
  # SQLite lets one write at a time, and a busy machine keeps it waiting.
  patient = {'connect_args': {'timeout': 60}} if 'sqlite' in url[:6] else {}
  try:
    return optuna.storages.RDBStorage(url, engine_kwargs=patient)
  except (
    ImportError,
    RuntimeError,
    sqlalchemy.exc.SQLAlchemyError,
    optuna.exceptions.OptunaError,
  ) as error:
    reason = str(error).strip().split('\n')[0]
    raise ValueError(
      f'--storage cannot be opened ({reason}); it must be the URL of a '
      'database, such as sqlite:///FILE.'
    ) from error
