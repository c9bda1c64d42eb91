"""Starts one of several processes that train a run together."""

import os
from collections.abc import Callable, Mapping, Sequence

import jax
import numpy as np
from jax.experimental import multihost_utils

# Environment variable of a launcher -> how it counts its processes.
_LAUNCHERS: dict[str, Callable[[str], int]] = {
  'OMPI_COMM_WORLD_SIZE': int,
  'PMI_SIZE': int,
  'SLURM_STEP_NUM_TASKS': int,
  'TPU_WORKER_HOSTNAMES': lambda names: len(names.split(',')),
}


def start(
  coordinator: str | None,
  processes: int | None,
  process: int | None,
  local_device_ids: Sequence[int] | None,
) -> None:
  """Connects this process to the others; call it before JAX is used.

  Args:
    coordinator: HOST:PORT of process 0; None to ask the cluster.
    processes: number of processes; None to ask the cluster.
    process: index of this process; None to ask the cluster.
    local_device_ids: devices of this host that this process uses; None for
      those that the cluster assigns, or all.

  Raises:
    ValueError: there is no cluster to ask, or the connection fails.
  """
  try:
    jax.distributed.initialize(
      coordinator, processes, process, local_device_ids
    )
  except (RuntimeError, ValueError) as error:
    reason = str(error).strip().partition('\n')[0].rstrip('.')
    raise ValueError(
      f'--distributed cannot connect the processes ({reason}); outside a '
      'cluster that JAX knows, --coordinator, --processes and --process must '
      'be given, each process the same HOST:PORT.'
    ) from error


def check_alone(environment: Mapping[str, str] = os.environ) -> None:
  """Checks that a process without --distributed is the only one of its job.

  Raises:
    ValueError: a launcher has started several.
  """
  for name, count in _LAUNCHERS.items():
    value = environment.get(name, '')
    num = count(value) if value.strip() else 1
    if num > 1:
      raise ValueError(
        f'{name} is {value!r}, so this is one of {num} processes, and '
        '--distributed is not set; add --distributed, or start one process.'
      )


def check_started() -> None:
  """Checks that processes that see each other's devices are connected.

  Raises:
    ValueError: they are not, as on a TPU pod slice without --distributed.
  """
  if jax.process_count() > 1 and not jax.distributed.is_initialized():
    raise ValueError(
      f'The devices belong to {jax.process_count()} processes, and '
      '--distributed is not set; add it to the command on all hosts.'
    )


def agree(values: Sequence[float]) -> list[float]:
  """Returns the values of process 0 on all processes.

  All processes must call it, with equally many values. With several, values
  are rounded to float32.
  """
  if jax.process_count() == 1:
    return list(values)
  array = np.asarray(values, np.float32)
  return [float(x) for x in multihost_utils.broadcast_one_to_all(array)]
