"""A study over several processes, each on cores of its own.

Small nets leave most of a second core idle, so two processes on two cores do
nearly twice as much as one on both.
"""

import os
import subprocess
import sys
from collections.abc import Sequence


def pin(part: int, parts: int) -> None:
  """Keeps this process on its share of the cores.

  It must come before jax starts, which makes a thread for each core it sees.

  Args:
    part: number of this process, from 0.
    parts: how many there are; where there are more than cores, nothing is
      done.
  """
  if not hasattr(os, 'sched_setaffinity'):  # Linux alone has it.
    return
  cores = sorted(os.sched_getaffinity(0))
  if parts <= len(cores):
    os.sched_setaffinity(0, cores[part::parts])


def spread(arguments: Sequence[str], parts: int) -> None:
  """Starts the processes and waits for them.

  Args:
    arguments: of the command line, which they all get.
    parts: how many.

  Raises:
    ValueError: one of them failed; it has said why.
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
      f'The processes of the study ended with {statuses}; each but 0 has said '
      'why, and the same command goes on from there.'
    )
