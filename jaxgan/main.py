"""Trains a GAN: python -m jaxgan.main --config=configs/digits.py --workdir=W.

The same command continues a run that was stopped. --describe prints the nets
and --help_config prints the config keys instead; neither needs a workdir.
"""

import sys
from typing import Any

from absl import app, flags
from ml_collections import config_flags

from jaxgan import cli, config
from jaxgan.config import help_text

_CONFIG = config_flags.DEFINE_config_file(
  'config',
  None,
  'Config: a name such as digits or zoo/sngan, or a .py file; append :tiny for '
  'a dry run.',
)
_WORKDIR = flags.DEFINE_string('workdir', '', 'Folder of the run.')
_DESCRIBE = flags.DEFINE_bool(
  'describe', False, 'Only prints the nets: modules, shapes, parameters.'
)
_HELP_CONFIG = flags.DEFINE_bool(
  'help_config', False, 'Only prints all config keys, with their meaning.'
)
_TOPOLOGY = flags.DEFINE_string(
  'topology',
  None,
  'With --describe: plans the run on TPUs such as v5e:2x2 that need not exist: '
  'memory, arithmetic, a lower bound on time. Needs the extra tpu.',
)
_LARGEST_BATCH = flags.DEFINE_bool(
  'largest_batch',
  False,
  'With --topology: searches the largest batch that fits, by compiling.',
)
_ACCEPT = flags.DEFINE_bool(
  'accept_new_config', False, 'Continues a run with a changed configuration.'
)
_INIT_FROM = flags.DEFINE_string(
  'init_from',
  None,
  'Workdir of another run: a new run starts from its networks, not at random.',
)
_INIT_NETS = flags.DEFINE_enum(
  'init_nets',
  'all',
  ['all', 'gen', 'critic'],
  'With --init_from: the networks that are taken.',
)
_DISTRIBUTED = flags.DEFINE_bool(
  'distributed', False, 'Trains in several processes (jax.distributed).'
)
_COORDINATOR = flags.DEFINE_string(
  'coordinator', None, 'HOST:PORT of process 0, if no cluster provides it.'
)
_PROCESSES = flags.DEFINE_integer('processes', None, 'Number of processes.')
_PROCESS = flags.DEFINE_integer('process', None, 'Index of this process.')
_LOCAL_DEVICES = flags.DEFINE_list(
  'local_device_ids', None, 'Devices of this host for this process: 0,1.'
)


def main(argv: list[str]) -> int:
  """Parses flags, runs the command, and returns the exit status."""
  cli.check_no_arguments(argv)
  if _DESCRIBE.value or _HELP_CONFIG.value:
    return cli.run(_print)
  return _train_together() if _DISTRIBUTED.value else cli.run(_train)


@flags.multi_flags_validator(
  ['workdir', 'describe', 'help_config'],
  '--workdir must be the folder of the run; only --describe and --help_config '
  'need none.',
)
def _has_workdir(values: dict[str, Any]) -> bool:
  return any(values.values())


flags.register_validator(
  'local_device_ids',
  lambda ids: all(i.isdecimal() for i in ids or ()),
  'it must be numbers of devices, such as 0,1.',
)


@flags.multi_flags_validator(
  ['describe', 'topology', 'largest_batch'],
  '--topology needs --describe, and --largest_batch needs --topology.',
)
def _is_plan(values: dict[str, Any]) -> bool:
  topology = values['topology'] is not None
  return values['describe'] >= topology >= values['largest_batch']


@flags.multi_flags_validator(
  ['distributed', 'coordinator', 'processes', 'process', 'local_device_ids'],
  '--coordinator, --processes, --process and --local_device_ids need '
  '--distributed.',
)
def _is_distributed(values: dict[str, Any]) -> bool:
  alone = all(v is None for k, v in values.items() if k != 'distributed')
  return alone or values['distributed']


@flags.multi_flags_validator(
  ['init_from', 'init_nets'], '--init_nets needs --init_from.'
)
def _has_source(values: dict[str, Any]) -> bool:
  return values['init_nets'] == 'all' or values['init_from'] is not None


def _print() -> None:
  settings = config.from_config_dict(cli.config_values(_CONFIG))
  if _HELP_CONFIG.value:
    sys.stdout.write(help_text.help_text(settings))
  elif _TOPOLOGY.value is not None:
    from jaxgan.training import plan_text  # Late: --help is fast.

    sys.stdout.write(
      plan_text.describe(settings, _TOPOLOGY.value, search=_LARGEST_BATCH.value)
    )
  else:
    from jaxgan.training import describe  # Late: --help is fast.

    sys.stdout.write(describe.describe(settings))


def _train() -> None:
  from jaxgan.training import processes  # Late: --help is fast.

  settings = config.from_config_dict(cli.config_values(_CONFIG))
  processes.check_alone()
  cli.cache_compiled_programs()
  _run(settings)


def _train_together() -> int:
  from jaxgan.training import peers, processes  # Late: --help is fast.

  others = peers.Peers()

  def command() -> None:
    settings = config.from_config_dict(cli.config_values(_CONFIG))
    cli.cache_compiled_programs()
    processes.start(
      _COORDINATOR.value,
      _PROCESSES.value,
      _PROCESS.value,
      [int(i) for i in _LOCAL_DEVICES.value or ()] or None,
    )
    others.watch()
    with others.reporting():
      _run(settings)

  return others.run(lambda: cli.run(command))


def _run(settings: config.Config) -> None:
  """Trains a run, perhaps from the networks of another."""
  from jaxgan.report import write  # Late: --help is fast.
  from jaxgan.training import failures, train, transfer

  source = None
  if _INIT_FROM.value is not None:
    source = transfer.Source(_INIT_FROM.value, _INIT_NETS.value)
  try:
    train.train_and_evaluate(
      settings,
      _WORKDIR.value,
      accept_new_config=_ACCEPT.value,
      init_from=source,
    )
  except (FloatingPointError, failures.RunFailed):
    # It shows the failure. Several processes must end at about the same time.
    if not _DISTRIBUTED.value:
      write.after_training(settings, _WORKDIR.value)
    raise
  write.after_training(settings, _WORKDIR.value)


def run() -> None:
  """Entry point of the console command."""
  flags.mark_flag_as_required('config')
  app.run(main, flags_parser=cli.parse)


if __name__ == '__main__':
  run()
