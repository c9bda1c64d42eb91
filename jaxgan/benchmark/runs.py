"""Whole runs of many seeds: a program for each in turn, or one for all.

Unlike a step's seconds these hold what starting and compiling costs. Each
program is a process; compiled programs are kept from one to the next, in a
folder that is empty at first.
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

# What the programs are told; `mode` and `seeds` are their own.
_SHARED = (
  'net', 'batch', 'critic_steps', 'steps', 'precision', 'conv', 'replicas',
)  # fmt: skip


def measure(settings: Settings, devices: int = 0) -> Figures:
  """Times `seeds` lone runs, and one program that trains them all.

  Args:
    settings: of the runs; `steps` is their length.
    devices: virtual CPU devices of the one program; 0 for those there are.

  Returns:
    The settings; seconds of the lone runs, of all of them, of the one program;
    and `ratio`, the one program's over theirs.

  Raises:
    ValueError: the devices cannot share the seeds evenly, or a program failed.
  """
  if devices and settings.seeds % devices:
    raise ValueError(
      f'--seeds is {settings.seeds} and --devices is {devices}; there must be '
      f'a multiple of {devices} seeds.'
    )
  with tempfile.TemporaryDirectory() as programs:
    environment = os.environ | {'JAX_COMPILATION_CACHE_DIR': programs}
    lone = [_process(settings, 1, environment) for _ in range(settings.seeds)]
    if devices:
      count = f'--xla_force_host_platform_device_count={devices}'
      given = environment.get('XLA_FLAGS', '')
      environment |= {'XLA_FLAGS': f'{given} {count}'}
    together = _process(settings, settings.seeds, environment)
  return {
    **dataclasses.asdict(settings),
    **iteration.machine(),
    'devices': devices,
    **iteration.spread(lone),
    'in_turn_seconds': sum(lone),
    'together_seconds': together,
    'ratio': together / sum(lone),
  }


def train(settings: Settings) -> Figures:
  """Trains `seeds` runs in this process, to the end, and keeps nothing.

  Returns:
    The settings, and the seconds from the data on.
  """
  start = time.perf_counter()
  config = configuration(settings)
  reps = Replicas(config, {'seed': range(settings.seeds)})
  with iteration.precisely(settings):
    for moment in vmapped_runs.train(reps, sources.load(config.data)):
      last = moment
  jax.block_until_ready(last.states)
  return {
    **dataclasses.asdict(settings),
    **iteration.machine(),
    'seconds': time.perf_counter() - start,
  }


def _process(
  settings: Settings, seeds: int, environment: dict[str, str]
) -> float:
  """Seconds of a command, from its start to its end.

  Raises:
    ValueError: it failed; it has said why.
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
      f'A program of {seeds} runs ended with {done.returncode}; it must end '
      'with 0, and has said why it did not.'
    )
  return time.perf_counter() - start
