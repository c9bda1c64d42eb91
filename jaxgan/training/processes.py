"""Starts one of several processes that train a run, and lets them agree."""

import json
import os
import pathlib
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from jaxgan.config import Config, to_dict
from jaxgan.storage import workdir

T = TypeVar('T')

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

  All processes must call it, with equally many values.
  """
  if jax.process_count() == 1:
    return list(values)
  # As bytes, since JAX would round them to float32.
  own = np.asarray(values, np.float64).view(np.uint8)
  first = np.asarray(multihost_utils.broadcast_one_to_all(own))
  return [float(x) for x in first.view(np.float64)]


def from_first(compute: Callable[[], T]) -> T:
  """Calls a function on process 0; returns its value on all processes.

  All processes must call it.

  Args:
    compute: returns JSON values.
  """
  if jax.process_count() == 1:
    return compute()
  text = json.dumps(compute()).encode() if jax.process_index() == 0 else b''
  (size,) = agree([len(text)])
  # Of whole KiB, so that few lengths are compiled.
  own = np.zeros(-(-int(size) // 1024) * 1024, np.uint8)
  own[: len(text)] = np.frombuffer(text, np.uint8)
  first = np.asarray(multihost_utils.broadcast_one_to_all(own))
  return json.loads(first.tobytes()[: int(size)])


def check_same(config: Config) -> None:
  """Checks that process 0 has the same configuration.

  Raises:
    ValueError: it has another one; the message names the keys.
  """
  own = to_dict(config)
  if keys := workdir.differences(from_first(lambda: own), own):
    raise ValueError(
      f'Process {jax.process_index()} has another configuration than process 0 '
      f'(there), which differs in {keys}; start the same command on all hosts.'
    )


def _appears(path: pathlib.Path) -> bool:
  """Whether a file exists soon; a shared disk may be late."""
  for _ in range(50):
    if path.exists():
      return True
    time.sleep(0.1)
  return False


def check_shared(folder: pathlib.Path) -> None:
  """Checks that a folder, which process 0 has made, is the same on all.

  Raises:
    ValueError: on all processes, if one of them does not find a file there
      that process 0 has written.
  """
  if jax.process_count() == 1:
    return
  name = from_first(lambda: f'.shared.{uuid.uuid4().hex}')
  path = folder / name
  try:
    if jax.process_index() == 0:
      path.touch()
    found = from_first(lambda: True) and _appears(path)
    everywhere = np.asarray(multihost_utils.process_allgather(np.array(found)))
  finally:
    if jax.process_index() == 0:
      path.unlink(missing_ok=True)
  if not everywhere.all():
    raise ValueError(
      f'Process {everywhere.argmin()} does not find the files of process 0 in '
      'its --workdir; it must be the same folder on all hosts, such as one of '
      'a shared disk.'
    )
