r"""Searches hyper-parameters, or reports what a search found.

  python -m jaxgan.search --config=configs/digits.py \
    --space=configs/search/digits.py --metric=fid1797_digits --workdir=W
  python -m jaxgan.search report --workdir=W

Started again, in the same workdir or beside it, it goes on; --trials may grow,
and --together may change.
"""

import pathlib
import sys
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from jaxgan import cli

# Config files import `configs.default`, whatever folder this is called in.
sys.path.append(str(pathlib.Path(__file__).parents[2]))

_CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'What trials start from: a file of configs/.'
)
_SPACE = flags.DEFINE_string(
  'space', '', 'What they change: a file such as configs/search/digits.py.'
)
_WORKDIR = flags.DEFINE_string('workdir', '', 'Where the search lives.')
_METRIC = flags.DEFINE_string(
  'metric', '', 'What is compared; the only one of eval.metrics where unset.'
)
_DIRECTION = flags.DEFINE_enum(
  'direction', 'minimise', ['minimise', 'maximise'], 'Which is better.'
)
_TRIALS = flags.DEFINE_integer(
  'trials', None, 'In all; 20, or the whole grid, where unset.', 1
)
_TOGETHER = flags.DEFINE_integer(
  'together', 1, 'Trained at once, in one program.', 1
)
_SAMPLER = flags.DEFINE_enum(
  'sampler', 'tpe', ['tpe', 'random', 'grid'], 'What proposes trials.'
)
_PRUNE = flags.DEFINE_enum(
  'prune', 'median', ['median', 'none'], 'What ends trials early.'
)
_SEED = flags.DEFINE_integer('seed', 0, 'Of the proposals.', 0)
_STORAGE = flags.DEFINE_string(
  'storage', '', 'URL of a database that several machines share.'
)
_STUDY = flags.DEFINE_string('study', 'search', 'Name in that database.')


def main(argv: list[str]) -> int:
  """Parses flags, works, and returns the exit status."""
  if argv[1:] == ['report']:
    return cli.run(_report)
  cli.no_more(argv)
  return cli.run(_search)


def _search() -> None:
  """From flags to trials to their report."""
  _check_optuna()
  from jaxgan.search import goal, groups, report, runner, space, study, trials
  from jaxgan.storage import workdir  # Only now: --help shall not wait for jax.

  folder = _given('workdir', _WORKDIR.value)
  axes = space.read(_given('space', _SPACE.value))
  base, aim = goal.parse(_values(), _METRIC.value, _DIRECTION.value)
  parsed = space.parse(axes, base)
  if _TOGETHER.value > 1:
    groups.check(parsed, base)
  grid = _SAMPLER.value == 'grid'
  points = space.grid(parsed) if grid else space.first(parsed, base)
  shared = {
    'config': base,
    'space': space.to_plain(parsed),
    'goal': aim._asdict(),
  }
  facts = {**shared, 'file': _file()}
  cli.keep_programs()
  path = pathlib.Path(folder)
  workdir.make(path)
  with trials.asking(path):
    workdir.settle(path / 'search.json', facts, 'another search')
    url = _STORAGE.value or study.local(path)
    found = study.connect(url, _STUDY.value, aim, shared)
    study.steer(found, _SAMPLER.value, _SEED.value, _PRUNE.value)
  search = trials.Search(found, base, parsed, aim, path, tuple(points), grid)
  most = _TRIALS.value or (len(points) if grid else 20)
  runner.run(search, most, _TOGETHER.value)
  with trials.asking(path):
    sys.stdout.write(report.write(found, facts, path))


def _report() -> None:
  _check_optuna()
  from jaxgan.search import report, study, trials
  from jaxgan.storage import workdir

  path = pathlib.Path(_given('workdir', _WORKDIR.value))
  facts = workdir.read(path / 'search.json')
  if not _STORAGE.value and not (path / 'search.db').exists():
    raise ValueError(
      f'{path} has no search.db; --storage must say where its trials are.'
    )
  found = study.load(_STORAGE.value or study.local(path), _STUDY.value)
  with trials.asking(path):
    sys.stdout.write(report.write(found, facts, path))


def _check_optuna() -> None:
  try:
    import optuna  # noqa: F401
  except ImportError as error:
    raise ValueError(
      'A search needs optuna, which is not installed; '
      "pip install 'jaxgan[search]' brings it."
    ) from error


def _given(flag: str, value: str) -> str:
  if not value:
    raise ValueError(f'--{flag} is missing; a search needs one.')
  return value


def _values() -> dict[str, Any]:
  """The config file's values, with what the command line changed."""
  if _CONFIG.value is None:
    raise ValueError('--config is missing; a search needs one.')
  try:
    return _CONFIG.value.to_dict()  # A file that failed fails here.
  except OSError as error:
    raise ValueError(cli.unreadable(error)) from error


def _file() -> str:
  """The config file, by its place in the checkout where it is there."""
  from jaxgan.search import space

  name = config_flags.get_config_filename(flags.FLAGS['config'])
  path, _, variant = name.partition(':')
  return space.shown(path) + (variant and f':{variant}')


def run() -> None:
  """The console entry."""
  app.run(main, flags_parser=cli.parse)


if __name__ == '__main__':
  run()
