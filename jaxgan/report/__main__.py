"""Writes a page about a run, or about several runs.

  python -m jaxgan.report --workdir=runs/digits
  python -m jaxgan.report --workdirs=runs/digits,runs/gp --out=compared.html

The page is one HTML file that opens without a network: samples, curves,
metrics, failures, configuration and command lines. A run that is still training
can be reported. --neighbours adds a picture of samples beside their nearest
training images; it is drawn if the file does not exist.
"""

import pathlib
import sys
from typing import Any

from absl import app, flags

from jaxgan import cli

_WORKDIR = flags.DEFINE_string('workdir', '', 'Workdir of the run.')
_WORKDIRS = flags.DEFINE_list(
  'workdirs', [], 'Workdirs of two to eight runs to compare: A,B.'
)
_OUT = flags.DEFINE_string(
  'out', '', 'Output, a .html file; by default WORKDIR/report.html.'
)
_NEIGHBORS = flags.DEFINE_string(
  'neighbours',
  '',
  'A .png of jaxgan.evaluate --neighbours; drawn now if it does not exist.',
)


@flags.multi_flags_validator(
  ['workdir', 'workdirs'],
  'Give --workdir for one run, or --workdirs for several.',
)
def _has_runs(values: dict[str, Any]) -> bool:
  return bool(values['workdir']) != bool(values['workdirs'])


@flags.multi_flags_validator(
  ['workdirs', 'out', 'neighbours'],
  '--workdirs needs --out, and no --neighbours.',
)
def _has_output(values: dict[str, Any]) -> bool:
  several = bool(values['workdirs'])
  return not several or bool(values['out'] and not values['neighbours'])


def main(argv: list[str]) -> int:
  """Parses flags, writes the page and returns the exit status."""
  cli.check_no_arguments(argv)
  return cli.run(_report)


def _report() -> None:
  from jaxgan.report import write  # Late: --help is fast.

  out = pathlib.Path(_OUT.value) if _OUT.value else None
  if _WORKDIRS.value:
    assert out is not None  # Checked by `_has_output`.
    path = write.compare([pathlib.Path(x) for x in _WORKDIRS.value], out)
  else:
    neighbors = pathlib.Path(_NEIGHBORS.value) if _NEIGHBORS.value else None
    path = write.single(pathlib.Path(_WORKDIR.value), out, neighbors)
  sys.stdout.write(f'{path}: {path.stat().st_size / 1000:,.0f} kB.\n')


def run() -> None:
  """Entry point of the console command."""
  app.run(main)


if __name__ == '__main__':
  run()
