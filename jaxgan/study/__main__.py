r"""Trains the runs of a study, or summarizes its results.

  python -m jaxgan.study --config=configs/studies/toy.py --workdir=W --jobs=2
  python -m jaxgan.study summarise --workdir=W

The first command trains and measures every run that is missing in W. It can be
stopped and started again. Each measurement is a line of W/results.jsonl. The
second writes tables and figures to W/summary, or to --out. To summarize results
in another file (.jsonl or .jsonl.gz), give --results and their --config.
--scheduler=ADDRESS trains on the workers of a dask cluster (docs/results.md).
"""

import pathlib
import sys
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from jaxgan import cli

_CONFIG = config_flags.DEFINE_config_file(
  'config',
  None,
  'Study: a name such as studies/toy, or a .py file; append :tiny for a dry '
  'run.',
)
_WORKDIR = flags.DEFINE_string('workdir', '', 'Folder of the study.')
_JOBS = flags.DEFINE_integer(
  'jobs', 1, 'Number of processes that share the runs and the CPU cores.', 1
)
_SCHEDULER = flags.DEFINE_string(
  'scheduler', '', 'Address of a dask scheduler, whose workers train the runs.'
)
_PART = flags.DEFINE_integer(
  'part', None, 'Index of this process, from 0; --jobs sets it.', 0
)
_RESULTS = flags.DEFINE_string(
  'results', '', 'File of results to summarize, of the study --config.'
)
_OUT = flags.DEFINE_string(
  'out', '', 'Folder for the summary; by default WORKDIR/summary.'
)


def main(argv: list[str]) -> int:
  """Parses the flags, runs the command and returns the exit status."""
  if argv[1:] == ['summarise']:
    return cli.run(_summarize)
  cli.check_no_arguments(argv)
  return cli.run(_run)


def _run() -> None:
  from jaxgan.storage import workdir  # Late: --help is fast.
  from jaxgan.study import cluster, jobs, runner, spec

  part, parts, scheduler = _PART.value, _JOBS.value, _SCHEDULER.value
  if scheduler and parts > 1:
    raise ValueError(
      f'--jobs is {parts} and --scheduler is {scheduler}; only one can be '
      "given, since a cluster's workers share the runs by themselves."
    )
  if part is not None:
    jobs.pin_to_cores(part, parts)
  cli.cache_compiled_programs()
  study = spec.parse(_study_values())
  folder = _folder()
  if part is not None:
    phase, blocks = runner.pending_blocks(study, folder)
    runner.run_blocks(phase, folder, blocks[part::parts], part)
    return
  workdir.make(folder)
  with workdir.lock(folder):
    runner.claim(study, folder)
    for _ in ('tuning', 'test'):
      phase, blocks = runner.pending_blocks(study, folder)
      if blocks and scheduler:
        cluster.run_blocks(phase, folder, blocks, scheduler)
      elif blocks and parts > 1:
        jobs.run_processes(sys.argv[1:], parts)
      else:
        runner.run_blocks(phase, folder, blocks)


def _summarize() -> None:
  from jaxgan.storage import workdir
  from jaxgan.study import report, results, spec, tuning

  if _RESULTS.value:
    path, values = pathlib.Path(_RESULTS.value), _study_values()
  else:
    path = _folder() / 'results.jsonl'
    values = workdir.read(_folder() / 'study.json')
  out = pathlib.Path(_OUT.value) if _OUT.value else _folder() / 'summary'
  rows = results.load(path)
  report.write(tuning.resolve(spec.parse(values), rows), rows, out)
  sys.stdout.write((out / 'summary.md').read_text())


def _folder() -> pathlib.Path:
  if not _WORKDIR.value:
    raise ValueError('--workdir is missing; it must be the folder of a study.')
  return pathlib.Path(_WORKDIR.value)


def _study_values() -> Any:
  """Returns the values of --config, with the changes of the command line."""
  if _CONFIG.value is None:
    raise ValueError('--config is missing; give a file as in configs/studies.')
  return cli.config_values(_CONFIG, study=True)


def run() -> None:
  """Entry point of the console command."""
  app.run(main, flags_parser=cli.parse)


if __name__ == '__main__':
  run()
