"""The command `jaxgan`: jaxgan train is python -m jaxgan.main, and so on."""

import difflib
import os
import runpy
import sys

from jaxgan import __version__

# Command -> module that is run, first arguments, help.
COMMANDS: dict[str, tuple[str, list[str], str]] = {
  'train': ('jaxgan.main', [], 'Trains a GAN, or continues a run.'),
  'sample': ('jaxgan.sample', [], 'Draws samples of a run.'),
  'translate': (
    'jaxgan.translate', [], 'Translates pictures by an image-to-image run.',
  ),
  'export': (
    'jaxgan.export', [], 'Exports a run for use without jaxgan; model cards.',
  ),
  'evaluate': ('jaxgan.evaluate', [], 'Measures a run or files of samples.'),
  'study': ('jaxgan.study', [], 'Compares methods over tasks and seeds.'),
  'report': ('jaxgan.report', [], 'Writes a page about one run or several.'),
  'search': ('jaxgan.search', [], 'Searches hyper-parameters.'),
  'benchmark': ('jaxgan.benchmark', [], 'Measures the speed of training.'),
  'classify': (
    'jaxgan.classify', [], 'Trains the digit classifier of the metrics.',
  ),
  'convert_inception': (
    'jaxgan.convert_inception', [], 'Converts the public Inception weights.',
  ),
}  # fmt: skip


def run() -> None:
  """Entry point of the console command."""
  sys.path.append(os.getcwd())  # noqa: PTH109  As `python -m` finds modules.
  raise SystemExit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
  """Runs the command that the first argument names; returns the exit status."""
  name, *rest = arguments or ['--help']
  if name in ('-h', '--help', 'help'):
    sys.stdout.write(_help())
    return 0
  if name == '--version':
    sys.stdout.write(f'jaxgan {__version__}\n')
    return 0
  if name not in COMMANDS:
    sys.stderr.write(f'jaxgan: {_unknown(name)}\n')
    return 2
  module, first, _ = COMMANDS[name]
  sys.argv = [f'jaxgan {name}', *first, *rest]
  runpy.run_module(module, run_name='__main__', alter_sys=True)
  return 0  # Not reached by a command that exits.


def _help() -> str:
  lines = [f'  {name:<18} {text}\n' for name, (_, _, text) in COMMANDS.items()]
  return (
    'usage: jaxgan COMMAND [--help] [FLAGS]\n\n'
    f'{"".join(lines)}\n'
    'For example: jaxgan train --config=digits --workdir=runs/digits\n'
    'jaxgan train is the same as python -m jaxgan.main.\n'
  )


def _unknown(name: str) -> str:
  near = difflib.get_close_matches(name, COMMANDS, 1)
  allowed = f'did you mean {near[0]}?' if near else (
    f'it must be one of {", ".join(COMMANDS)}.'
  )  # fmt: skip
  return f'Unknown command {name!r}; {allowed}'


if __name__ == '__main__':
  run()
