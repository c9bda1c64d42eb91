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
from jaxgan.config import files

_CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'Config that all trials start from: a name or a .py file.'
)
_SPACE = flags.DEFINE_string(
  'space', '', 'Search space: a name such as search/digits, or a .py file.'
)
_WORKDIR = flags.DEFINE_string('workdir', '', 'Folder of the search.')
_METRIC = flags.DEFINE_string(
  'metric', '', 'Objective; by default the only entry of eval.metrics.'
)
_DIRECTION = flags.DEFINE_enum(
  'direction', 'minimise', ['minimise', 'maximise'], 'Goal for the metric.'
)
_TRIALS = flags.DEFINE_integer(
  'trials', None, 'Total number of trials; by default 20, or the whole grid.', 1
)
_TOGETHER = flags.DEFINE_integer(
  'together', 1, 'Number of trials that one program trains.', 1
)
_SAMPLER = flags.DEFINE_enum(
  'sampler', 'tpe', ['tpe', 'random', 'grid'], 'Method that samples the trials.'
)
_PRUNE = flags.DEFINE_enum(
  'prune', 'median', ['median', 'none'], 'Rule that ends bad trials early.'
)
_SEED = flags.DEFINE_integer('seed', 0, 'Seed of the sampler.', 0)
_STORAGE = flags.DEFINE_string(
  'storage', '', 'URL of a database, to share the search among machines.'
)
_STUDY = flags.DEFINE_string(
  'study', 'search', 'Name of the search in the database.'
)


def main(argv: list[str]) -> int:
  """Searches or reports, and returns the exit status."""
  if argv[1:] == ['report']:
    return cli.run(_report)
  cli.check_no_arguments(argv)
  return cli.run(_search)


def _search() -> None:
  """Runs the trials and writes the report."""
  _check_optuna()
  # Late, so that --help is fast.
  from jaxgan.search import groups, objective, report, runner, space, trials
  from jaxgan.search import study as study_lib
  from jaxgan.storage import workdir

  path = pathlib.Path(_required(_WORKDIR))
  values = space.load(_required(_SPACE))
  _required(_CONFIG)
  config = cli.config_values(_CONFIG)
  base, goal = objective.parse(config, _METRIC.value, _DIRECTION.value)
  parsed = space.parse(values, base)
  if _TOGETHER.value > 1:
    groups.check(parsed, base)
  grid = _SAMPLER.value == 'grid'
  points = space.grid(parsed) if grid else space.initial(parsed, base)
  shared = {
    'config': base,
    'space': space.to_plain(parsed),
    'goal': goal._asdict(),
  }
  facts = {**shared, 'file': _config_file()}
  cli.cache_compiled_programs()
  workdir.make(path)
  with trials.lock(path):
    workdir.write_or_compare(path / 'search.json', facts, 'another search')
    url = _STORAGE.value or study_lib.sqlite_url(path)
    study = study_lib.create_or_load(url, _STUDY.value, goal, shared)
    study_lib.configure(study, _SAMPLER.value, _SEED.value, _PRUNE.value)
  search = trials.Search(study, base, parsed, goal, path, tuple(points), grid)
  total = _TRIALS.value or (len(points) if grid else 20)
  runner.run(search, total, _TOGETHER.value)
  with trials.lock(path):
    sys.stdout.write(report.write(study, facts, path))


def _report() -> None:
  """Writes the report of the trials so far."""
  _check_optuna()
  from jaxgan.search import report, study, trials
  from jaxgan.storage import workdir

  path = pathlib.Path(_required(_WORKDIR))
  facts = workdir.read(path / 'search.json')
  if not _STORAGE.value and not (path / 'search.db').exists():
    raise ValueError(
      f'{path} has no search.db; --storage must be the URL of its database.'
    )
  url = _STORAGE.value or study.sqlite_url(path)
  with trials.lock(path):
    sys.stdout.write(report.write(study.load(url, _STUDY.value), facts, path))


def _check_optuna() -> None:
  try:
    import optuna  # noqa: F401
  except ImportError as error:
    raise ValueError(
      'A search needs optuna, which is not installed; '
      "pip install 'jaxgan[search]' installs it."
    ) from error


def _required(flag: flags.FlagHolder) -> Any:
  if flag.value in (None, ''):
    raise ValueError(f'--{flag.name} is missing; a search needs one.')
  return flag.value


def _config_file() -> str:
  """Returns the path of the config file, relative to `files.ROOT` if inside."""
  name = config_flags.get_config_filename(flags.FLAGS['config'])
  file, variant = files.find(name)
  whole, root = file.resolve(), files.ROOT.resolve()
  inside = whole.is_relative_to(root)
  short = whole.relative_to(root).as_posix() if inside else str(whole)
  return f'{short}:{variant}' if variant else short


def run() -> None:
  """The console entry point."""
  app.run(main, flags_parser=cli.parse)


if __name__ == '__main__':
  run()
