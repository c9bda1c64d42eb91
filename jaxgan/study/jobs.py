"""Runs a study in several processes, each pinned to its own CPU cores.

Small nets leave most of a second core idle, so two processes on two cores do
nearly twice as much work as one process on both.
"""

import os
import subprocess
import sys
from collections.abc import Sequence


def pin_to_cores(part: int, parts: int) -> None:
  """Pins this process to its share of the CPU cores (Linux only).

  Call it before jax starts, since jax makes one thread per visible core.

  Args:
    part: index of this process, from 0.
    parts: number of processes; nothing is pinned if it exceeds the cores.
  """
  if not hasattr(os, 'sched_setaffinity'):
    return
  cores = sorted(os.sched_getaffinity(0))
  if parts <= len(cores):
    os.sched_setaffinity(0, cores[part::parts])


def run_processes(arguments: Sequence[str], parts: int) -> None:
  """Starts `parts` processes with the same arguments and waits for them.

  Args:
    arguments: of `jaxgan.study`; each process also gets its own `--part`.
    parts: number of processes.

  Raises:
    ValueError: a process failed; it has printed its own error message.
  """
  command = [sys.executable, '-m', 'jaxgan.study', *arguments]
  started = [
    subprocess.Popen([*command, f'--part={part}']) for part in range(parts)
  ]
  try:
    statuses = [process.wait() for process in started]
  finally:
    for process in started:
      process.terminate()
  if any(statuses):
    raise ValueError(
      f'The processes of the study ended with the exit statuses {statuses}; '
      'see the error messages above, then run the same command to continue.'
    )
