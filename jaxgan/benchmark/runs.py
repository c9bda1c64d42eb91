"""Measures whole runs of many seeds: one process for each, or one for all.

The times include start and compilation. The processes share a compilation
cache, which is empty at first.
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


def measure(settings: Settings, devices: int = 0) -> Figures:
  """Times `seeds` single runs, and one process that trains them all.

  Args:
    settings: `steps` is the length of each run.
    devices: virtual CPU devices of the one process; 0 for the real devices.

  Returns:
    The settings; the seconds of single runs and their sum `in_turn_seconds`;
    `together_seconds` of the one process; `ratio`, together over in turn.

  Raises:
    ValueError: the number of seeds is not a multiple of the number of devices,
      or a process fails.
  """
  if devices and settings.seeds % devices:
    raise ValueError(
      f'--seeds is {settings.seeds} and --devices is {devices}; the first must '
      'be a multiple of the second.'
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
  """Trains `seeds` runs in this process without writing files.

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
    ValueError: the process failed; its error message is on stderr.
  """
  values = dataclasses.asdict(settings) | {'mode': 'train', 'seeds': seeds}
  options = [f'--{name}={value}' for name, value in values.items()]
  command = [sys.executable, '-m', 'jaxgan.benchmark', *options]
  start = time.perf_counter()
  done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL)
  if done.returncode:
    raise ValueError(
      f'The process that trains {seeds} runs ended with status '
      f'{done.returncode}; the message above gives the reason.'
    )
  return time.perf_counter() - start
