"""Optuna objects of a search: storage, study, sampler, distributions."""

import contextlib
import pathlib
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial

from jaxgan.search.objective import Objective
from jaxgan.search.space import Domain, Space, label
from jaxgan.storage import workdir

_STARTUP = 5  # Random trials before TPE, and complete trials before pruning.


def _tpe(seed: int) -> BaseSampler:
  with warnings.catch_warnings():
    # `constant_liar` is experimental in Optuna 4 and the default in Optuna 5.
    warnings.simplefilter('ignore', optuna.exceptions.ExperimentalWarning)
    # It treats running trials as bad, so that trials sampled at once differ.
    return optuna.samplers.TPESampler(
      n_startup_trials=_STARTUP, seed=seed, constant_liar=True
    )


_SAMPLERS: Mapping[str, Callable[[int], BaseSampler]] = {
  'tpe': _tpe,
  'random': optuna.samplers.RandomSampler,
  # Samples nothing, because `trials` enqueues the points of a grid.
  'grid': optuna.samplers.RandomSampler,
}

_PRUNERS: Mapping[str, Callable[[], optuna.pruners.BasePruner]] = {
  'median': lambda: optuna.pruners.MedianPruner(n_startup_trials=_STARTUP),
  'none': optuna.pruners.NopPruner,
}


class _Seeded(BaseSampler):
  """Samples each trial with a generator seeded by (seed, trial number).

  So a search that is stopped and restarted samples as if it had not stopped,
  and processes that share a study sample different values.
  """

  def __init__(self, name: str, seed: int) -> None:
    self._make, self._seed = _SAMPLERS[name], seed

  def _sampler(self, trial: FrozenTrial, name: str = '') -> BaseSampler:
    words = np.random.SeedSequence((self._seed, trial.number, *name.encode()))
    return self._make(int(words.generate_state(1)[0]))

  def infer_relative_search_space(
    self, study: optuna.Study, trial: FrozenTrial
  ) -> dict[str, BaseDistribution]:
    return self._sampler(trial).infer_relative_search_space(study, trial)

  def sample_relative(
    self,
    study: optuna.Study,
    trial: FrozenTrial,
    search_space: dict[str, BaseDistribution],
  ) -> dict[str, Any]:
    return self._sampler(trial).sample_relative(study, trial, search_space)

  def sample_independent(
    self,
    study: optuna.Study,
    trial: FrozenTrial,
    param_name: str,
    param_distribution: BaseDistribution,
  ) -> Any:
    # A seed for each key, so that the values of two keys are independent.
    sampler = self._sampler(trial, param_name)
    return sampler.sample_independent(
      study, trial, param_name, param_distribution
    )


def sqlite_url(folder: pathlib.Path) -> str:
  """Returns the URL of the default storage, search.db in the workdir."""
  return f'sqlite:///{(folder / "search.db").resolve()}'


def create_or_load(
  url: str, name: str, objective: Objective, facts: Mapping[str, Any]
) -> optuna.Study:
  """Loads a study from a database, or creates it if it is missing.

  Args:
    url: URL of a relational database.
    name: name of the study in the database.
    objective: gives the direction.
    facts: settings that must be equal in all processes that share the study.

  Raises:
    ValueError: the database cannot be opened, or the study has other facts.
  """
  study = optuna.create_study(
    storage=_storage(url),
    study_name=name,
    direction='minimize' if objective.direction == 'minimise' else 'maximize',
    load_if_exists=True,
  )
  if 'facts' not in study.user_attrs:
    study.set_user_attr('facts', dict(facts))
  differences = workdir.differences(study.user_attrs['facts'], facts)
  if differences:
    raise ValueError(
      f'The study {name} in the database belongs to another search: '
      f'{differences}; --study must be another name.'
    )
  return study


def load(url: str, name: str) -> optuna.Study:
  """Loads an existing study from a database.

  Raises:
    ValueError: the database cannot be opened, or has no such study.
  """
  try:
    return optuna.load_study(storage=_storage(url), study_name=name)
  except KeyError as error:
    raise ValueError(
      f'The database has no study {name}; --study must name an existing one.'
    ) from error


def configure(study: optuna.Study, sampler: str, seed: int, prune: str) -> None:
  """Sets the sampler and the pruner by name."""
  study.sampler = _Seeded(sampler, seed)
  study.pruner = _PRUNERS[prune]()


def distributions(space: Space) -> dict[str, BaseDistribution]:
  """Converts a space to Optuna's distributions."""
  return {key: _distribution(domain) for key, domain in space.items()}


def config_values(space: Space, params: Mapping[str, Any]) -> dict[str, Any]:
  """Converts Optuna's parameters to config values: labels become choices."""
  choices = {
    key: {label(x): x for x in domain.choices} for key, domain in space.items()
  }
  return {k: choices[k].get(params[k], params[k]) for k in space if k in params}


def _distribution(domain: Domain) -> BaseDistribution:
  low, high, log = domain.low, domain.high, domain.log
  if domain.choices:
    labels = [label(x) for x in domain.choices]
    return optuna.distributions.CategoricalDistribution(labels)
  if domain.whole:
    return optuna.distributions.IntDistribution(int(low), int(high), log=log)
  return optuna.distributions.FloatDistribution(low, high, log=log)


def _open(url: str, options: Mapping[str, Any]) -> optuna.storages.RDBStorage:
  """Opens a database and creates its tables.

  Of processes that create the same tables at once, all but one fail. They try
  again.
  """
  races = sqlalchemy.exc.IntegrityError, sqlalchemy.exc.ProgrammingError
  for _ in range(4):
    with contextlib.suppress(*races):
      return optuna.storages.RDBStorage(url, engine_kwargs=dict(options))
    time.sleep(1)
  return optuna.storages.RDBStorage(url, engine_kwargs=dict(options))


def _storage(url: str) -> optuna.storages.RDBStorage:
  optuna.logging.set_verbosity(optuna.logging.WARNING)
  # SQLite lets one process write at a time. Its default limit of 5 seconds for
  # the others is too short on a busy machine.
  # A pool would leave the file open at the end, of which Python 3.13 warns.
  sqlite = {
    'connect_args': {'timeout': 60}, 'poolclass': sqlalchemy.pool.NullPool
  }  # fmt: skip
  library_errors = sqlalchemy.exc.SQLAlchemyError, optuna.exceptions.OptunaError
  # Servers close idle connections, and a trial may take hours.
  options = sqlite if url.startswith('sqlite') else {'pool_pre_ping': True}
  try:
    return _open(url, options)
  except (ImportError, RuntimeError, *library_errors) as error:
    reason = str(error).strip().split('\n')[0]
    raise ValueError(
      f'--storage cannot be opened ({reason}); it must be the URL of a '
      'database, such as sqlite:///FILE.'
    ) from error
