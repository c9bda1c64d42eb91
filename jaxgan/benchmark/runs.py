"""Measures whole runs of many seeds: one process for each, or one for all.

The times include start and compilation. The processes share a folder of
compiled programs, which is empty at first.
"""

import dataclasses
import os
import subprocess
import sys
import tempfile
import time

import jax

from jaxgan.benchmark import iteration
from jaxgan.benchmark.iteration import Figures
from jaxgan.benchmark.settings import Settings, configuration
from jaxgan.data import sources
from jaxgan.gan.vmapped import Replicas
from jaxgan.training import vmapped_runs

# Settings that every process gets; `mode` and `seeds` are set for each.
_SHARED = (
  'net', 'batch', 'critic_steps', 'steps', 'precision', 'conv', 'replicas',
)  # fmt: skip


def measure(settings: Settings, devices: int = 0) -> Figures:
  """Times `seeds` single runs, and one process that trains them all.

  Args:
    settings: `steps` is the length of each run.
    devices: virtual CPU devices of the one process; 0 for the real devices.

  Returns:
    The settings; seconds of the single runs and their sum,
    `in_turn_seconds`; `together_seconds` of the one process; and `ratio`,
    together over in turn.

  Raises:
    ValueError: the number of seeds is no multiple of the number of devices,
      or a process failed.
  """
  if devices and settings.seeds % devices:
    raise ValueError(
      f'--seeds is {settings.seeds} and --devices is {devices}; there must be '
      f'a multiple of {devices} seeds.'
    )
  with tempfile.TemporaryDirectory() as programs:
    environment = os.environ | {'JAX_COMPILATION_CACHE_DIR': programs}
    single = [_process(settings, 1, environment) for _ in range(settings.seeds)]
    if devices:
      count = f'--xla_force_host_platform_device_count={devices}'
      xla_flags = environment.get('XLA_FLAGS', '')
      environment |= {'XLA_FLAGS': f'{xla_flags} {count}'}
    together = _process(settings, settings.seeds, environment)
  return {
    **dataclasses.asdict(settings),
    **iteration.device_info(),
    'devices': devices,
    **iteration.time_statistics(single),
    'in_turn_seconds': sum(single),
    'together_seconds': together,
    'ratio': together / sum(single),
  }


def train(settings: Settings) -> Figures:
  """Trains `seeds` runs in this process and writes no files.

  Returns:
    The settings, and the seconds from loading the data to the end.
  """
  start = time.perf_counter()
  config = configuration(settings)
  reps = Replicas(config, {'seed': range(settings.seeds)})
  with iteration.set_precision(settings):
    for snapshot in vmapped_runs.train(reps, sources.load(config.data)):
      last = snapshot
  jax.block_until_ready(last.states)
  return {
    **dataclasses.asdict(settings),
    **iteration.device_info(),
    'seconds': time.perf_counter() - start,
  }


def _process(
  settings: Settings, seeds: int, environment: dict[str, str]
) -> float:
  """Runs `--mode=train` in a new process and returns its seconds.

  Raises:
    ValueError: it failed; its error message is on stderr.
  """
  values = dataclasses.asdict(settings)
  options = [f'--{name}={values[name]}' for name in _SHARED]
  command = [sys.executable, '-m', 'jaxgan.benchmark', '--mode=train']
  start = time.perf_counter()
  done = subprocess.run(
    [*command, *options, f'--seeds={seeds}'],
    env=environment,
    stdout=subprocess.DEVNULL,
    check=False,
  )
  if done.returncode:
    raise ValueError(
      f'The process that trains {seeds} runs ended with status '
      f'{done.returncode}; the message above says why.'
    )
  return time.perf_counter() - start
