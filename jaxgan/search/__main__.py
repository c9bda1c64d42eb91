r"""Searches hyper-parameters, or reports the results of a search.

  python -m jaxgan.search --config=configs/digits.py \
    --space=configs/search/digits.py --metric=fid1797_digits --workdir=W
  python -m jaxgan.search report --workdir=W

The same command continues a search that was stopped. Several processes may
share a workdir. --trials may grow and --together may change.
"""

import pathlib
import sys
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from jaxgan import cli

_CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'Config file that all trials start from.'
)
_SPACE = flags.DEFINE_string(
  'space', '', 'Search space: a file such as configs/search/digits.py.'
)
_WORKDIR = flags.DEFINE_string('workdir', '', 'Folder of the search.')
_METRIC = flags.DEFINE_string(
  'metric', '', 'Objective; by default the only entry of eval.metrics.'
)
_DIRECTION = flags.DEFINE_enum(
  'direction', 'minimise', ['minimise', 'maximise'], 'Goal for the metric.'
)
_TRIALS = flags.DEFINE_integer(
  'trials', None, 'Total number; by default 20, or the whole grid.', 1
)
_TOGETHER = flags.DEFINE_integer(
  'together', 1, 'Number of trials that one program trains.', 1
)
_SAMPLER = flags.DEFINE_enum(
  'sampler', 'tpe', ['tpe', 'random', 'grid'], 'Proposes trials.'
)
_PRUNE = flags.DEFINE_enum(
  'prune', 'median', ['median', 'none'], 'Ends unpromising trials.'
)
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the sampler.', 0)
_STORAGE = flags.DEFINE_string(
  'storage', '', 'URL of a database, to share among machines.'
)
_STUDY = flags.DEFINE_string('study', 'search', 'Name in that database.')


def main(argv: list[str]) -> int:
  """Parses flags, works, and returns the exit status."""
  if argv[1:] == ['report']:
    return cli.run(_report)
  cli.no_more(argv)
  return cli.run(_search)


def _search() -> None:
  """Runs the trials and writes the report."""
  _check_optuna()
  # Late, so that --help answers at once.
  from jaxgan.search import groups, report, runner, space
  from jaxgan.search import objective as objective_lib
  from jaxgan.search import study as study_lib
  from jaxgan.search import trials as trials_lib
  from jaxgan.storage import workdir

  path = pathlib.Path(_required('workdir', _WORKDIR.value))
  values = space.load(_required('space', _SPACE.value))
  base, objective = objective_lib.parse(
    _config(), _METRIC.value, _DIRECTION.value
  )
  parsed = space.parse(values, base)
  if _TOGETHER.value > 1:
    groups.check(parsed, base)
  grid = _SAMPLER.value == 'grid'
  points = space.grid(parsed) if grid else space.initial(parsed, base)
  plain, goal = space.to_plain(parsed), objective._asdict()
  shared = {'config': base, 'space': plain, 'goal': goal}
  facts = {**shared, 'file': _config_file()}
  cli.keep_programs()
  workdir.make(path)
  with trials_lib.lock(path):
    workdir.write_or_compare(path / 'search.json', facts, 'another search')
    url = _STORAGE.value or study_lib.sqlite_url(path)
    study = study_lib.create_or_load(url, _STUDY.value, objective, shared)
    study_lib.configure(study, _SAMPLER.value, _SEED.value, _PRUNE.value)
  search = trials_lib.Search(
    study, base, parsed, objective, path, tuple(points), grid
  )
  total = _TRIALS.value or (len(points) if grid else 20)
  runner.run(search, total, _TOGETHER.value)
  with trials_lib.lock(path):
    sys.stdout.write(report.write(study, facts, path))


def _report() -> None:
  """Writes the report of the trials so far."""
  _check_optuna()
  from jaxgan.search import report, study, trials
  from jaxgan.storage import workdir

  path = pathlib.Path(_required('workdir', _WORKDIR.value))
  facts = workdir.read(path / 'search.json')
  if not _STORAGE.value and not (path / 'search.db').exists():
    raise ValueError(
      f'{path} has no search.db; --storage must be the URL of its database.'
    )
  url = _STORAGE.value or study.sqlite_url(path)
  loaded = study.load(url, _STUDY.value)
  with trials.lock(path):
    sys.stdout.write(report.write(loaded, facts, path))


def _check_optuna() -> None:
  try:
    import optuna  # noqa: F401
  except ImportError as error:
    raise ValueError(
      'A search needs optuna, which is not installed; '
      "pip install 'jaxgan[search]' installs it."
    ) from error


def _required(flag: str, value: str) -> str:
  if not value:
    raise ValueError(f'--{flag} is missing; a search needs one.')
  return value


def _config() -> dict[str, Any]:
  """Returns the values of the config file, with command-line overrides."""
  if _CONFIG.value is None:
    raise ValueError('--config is missing; a search needs one.')
  return cli.config_values(_CONFIG).to_dict()


def _config_file() -> str:
  """Returns the path of the config file, relative to the checkout if inside."""
  from jaxgan.search import space

  name = config_flags.get_config_filename(flags.FLAGS['config'])
  path, _, variant = name.partition(':')
  return space.relative_to_checkout(path) + (variant and f':{variant}')


def run() -> None:
  """The console entry point."""
  app.run(main, flags_parser=cli.parse)


if __name__ == '__main__':
  run()
