r"""Runs a study, or summarises what it found.

  python -m jaxgan.study --config=configs/studies/toy.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

The first trains and measures every run that W lacks, and can be stopped and
started again; results.jsonl gets a line for each measurement. The second
writes tables and figures to W/summary, or to --out. Results that were stored
elsewhere (a .jsonl or .jsonl.gz) are read with --results and --config.
"""

import pathlib
import sys
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from jaxgan import cli

# Study files import `configs.default`, whatever folder the command is given in.
sys.path.append(str(pathlib.Path(__file__).parents[2]))

_CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'A file of configs/studies, with :tiny for a dry run.'
)
_WORKDIR = flags.DEFINE_string('workdir', '', 'Where the study lives.')
_JOBS = flags.DEFINE_integer(
  'jobs', 1, 'Processes that share the runs, each on cores of its own.', 1
)
_PART = flags.DEFINE_integer(
  'part', None, 'Which of the jobs this process is, from 0; all where unset.', 0
)
_RESULTS = flags.DEFINE_string(
  'results', '', 'Stored results to summarise, of the study --config.'
)
_OUT = flags.DEFINE_string('out', '', "The summary's folder.")


def main(argv: list[str]) -> int:
  """Parses flags, works, and returns the exit status."""
  if argv[1:] == ['summarise']:
    return cli.run(_summarise)
  cli.no_more(argv)
  return cli.run(_run)


def _run() -> None:
  from jaxgan.storage import workdir  # Only now: --help shall not wait for jax.
  from jaxgan.study import jobs, runner, spec

  part, parts = _PART.value, _JOBS.value
  if part is not None:
    jobs.pin(part, parts)
  cli.keep_programs()
  study = spec.parse(_values())
  folder = _folder()
  if part is not None:
    phase, blocks = runner.todo(study, folder)
    runner.run(phase, folder, blocks[part::parts], part)
    return
  workdir.make(folder)
  with workdir.held(folder):
    facts = spec.to_dict(study)
    workdir.settle(folder / 'study.json', facts, 'another study')
    for _ in ('tuning', 'test'):
      phase, blocks = runner.todo(study, folder)
      if blocks and parts > 1:
        jobs.spread(sys.argv[1:], parts)
      else:
        runner.run(phase, folder, blocks)


def _summarise() -> None:
  from jaxgan.storage import workdir
  from jaxgan.study import report, results, spec, tuning

  if _RESULTS.value:
    path, values = pathlib.Path(_RESULTS.value), _values()
  else:
    path = _folder() / 'results.jsonl'
    values = workdir.read(_folder() / 'study.json')
  out = pathlib.Path(_OUT.value) if _OUT.value else _folder() / 'summary'
  rows = results.load(path)
  report.summarise(tuning.settled(spec.parse(values), rows), rows, out)
  sys.stdout.write((out / 'summary.md').read_text())


def _folder() -> pathlib.Path:
  if not _WORKDIR.value:
    raise ValueError(
      '--workdir is missing; it must be the folder of a study, or of a new one.'
    )
  return pathlib.Path(_WORKDIR.value)


def _values() -> Any:
  """The study file's values, with what the command line changed."""
  if _CONFIG.value is None:
    raise ValueError(
      '--config is missing; it must be a file such as configs/studies/toy.py.'
    )
  try:
    return dict(_CONFIG.value.items())  # A file that failed fails here.
  except OSError as error:
    raise ValueError(cli.unreadable(error)) from error


def run() -> None:
  """The console entry."""
  app.run(main, flags_parser=cli.parse)


if __name__ == '__main__':
  run()
