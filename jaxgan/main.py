"""Trains a GAN: python -m jaxgan.main --config=configs/digits.py --workdir=W.

Started again with the same workdir, a run goes on where it was. With --describe
it prints the nets instead, and needs no workdir.
"""

import pathlib
import sys
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from jaxgan import cli

# Config files import each other as `configs.default`, whatever folder the
# command is given in.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

_CONFIG = config_flags.DEFINE_config_file(
  'config', None, 'A file of configs/, with :tiny behind it for a dry run.'
)
_WORKDIR = flags.DEFINE_string('workdir', '', 'Where the run lives.')
_DESCRIBE = flags.DEFINE_bool(
  'describe', False, 'Only print the nets: modules, shapes, parameters.'
)
_ACCEPT = flags.DEFINE_bool(
  'accept_new_config', False, 'Go on in a workdir of another configuration.'
)
_DISTRIBUTED = flags.DEFINE_bool(
  'distributed', False, 'One of several processes (jax.distributed).'
)
_COORDINATOR = flags.DEFINE_string(
  'coordinator', None, 'HOST:PORT of process 0, where no cluster says it.'
)
_PROCESSES = flags.DEFINE_integer('processes', None, 'How many there are.')
_PROCESS = flags.DEFINE_integer('process', None, 'Which one this is, from 0.')


def main(argv: list[str]) -> int:
  """Parses flags, trains, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_describe if _DESCRIBE.value else _train)


@flags.multi_flags_validator(
  ['workdir', 'describe'],
  '--workdir must say where the run lives; only --describe needs none.',
)
def _has_workdir(values: dict[str, Any]) -> bool:
  return bool(values['describe'] or values['workdir'])


def _describe() -> None:
  from jaxgan import config
  from jaxgan.training import describe

  sys.stdout.write(describe.describe(config.from_config_dict(_values())))


def _train() -> None:
  import jax  # Only now: --help shall not wait for it.

  from jaxgan import config
  from jaxgan.training import train

  settings = config.from_config_dict(_values())
  cli.keep_programs()
  if _DISTRIBUTED.value:
    jax.distributed.initialize(
      _COORDINATOR.value, _PROCESSES.value, _PROCESS.value
    )
  train.train_and_evaluate(
    settings, _WORKDIR.value, accept_new_config=_ACCEPT.value
  )


def _values() -> Any:
  """The config file's values, with what the command line changed."""
  try:
    return dict(_CONFIG.value.items())  # A file that failed fails here.
  except OSError as error:
    raise ValueError(cli.unreadable(error)) from error


def run() -> None:
  """The console entry."""
  flags.mark_flag_as_required('config')
  app.run(main, flags_parser=cli.parse)


if __name__ == '__main__':
  run()
