"""TPU chips and topologies: their facts, their names, and their devices.

The devices are those of libtpu, the compiler of TPUs: programs can be compiled
for them ahead of time, on a host without a TPU.
"""

import importlib.metadata
import importlib.util
import math
import os
import re
from typing import Any, NamedTuple

import jax

from jaxgan.config import pick


class Chip(NamedTuple):
  """Facts of one kind of TPU chip.

  The first four numbers are those of Google's pages
  https://cloud.google.com/tpu/docs/v4, /v5e, /v5p and /v6e. Where two dates of
  a page differ, the higher rate stands here, so that a bound stays one.

  Attributes:
    hbm: memory in GB, as its page says.
    flops: peak rate of bfloat16 products, per second.
    bandwidth: of the memory, bytes per second.
    pod: most chips in one topology.
    axes: number of axes of a topology.
    usable: memory in GiB that libtpu 0.0.42.1 gives to a program.
    devices: into which JAX divides a chip in a topology that is not there.
  """

  hbm: float
  flops: float
  bandwidth: float
  pod: int
  axes: int
  usable: float
  devices: int = 1


CHIPS = {
  'v4': Chip(32, 275e12, 1200e9, 4096, 3, 30.5, devices=2),
  'v5e': Chip(16, 197e12, 819e9, 256, 2, 15.75),
  'v5p': Chip(95, 459e12, 2765e9, 6144, 3, 95.74),
  'v6e': Chip(32, 918e12, 1640e9, 256, 2, 31.25),
}

_MISSING = (
  '--topology needs libtpu, the compiler of TPUs; install it with '
  "pip install 'jaxgan[tpu]'."
)


class Topology(NamedTuple):
  """A grid of TPU chips.

  Attributes:
    chip: a key of `CHIPS`.
    grid: number of chips along each axis.
  """

  chip: str
  grid: tuple[int, ...]

  def __str__(self) -> str:
    return f'{self.chip}:{"x".join(map(str, self.grid))}'

  @property
  def chips(self) -> int:
    """Number of chips."""
    return math.prod(self.grid)

  @property
  def host(self) -> tuple[int, int, int]:
    """Chips of one host along three axes."""
    return min(self.grid[0], 2), min(self.grid[1], 2), 1


def parse(text: str) -> Topology:
  """Reads the name of a topology, such as v5e:2x2.

  Raises:
    ValueError: an unknown chip, or a grid that its pods do not have.
  """
  match = re.fullmatch(r'(\w+):(\d+(?:x\d+)+)', text)
  if match is None:
    raise ValueError(
      f'--topology is {text!r}; it must be a chip and a grid of chips, such as '
      'v5e:2x2 or v5p:2x2x1.'
    )
  name, sizes = match.groups()
  pick('The chip of --topology', name, CHIPS)
  chip, topology = (
    CHIPS[name],
    Topology(name, tuple(map(int, sizes.split('x')))),
  )
  if len(topology.grid) != chip.axes:
    raise ValueError(
      f'--topology is {text!r} and {name} has {chip.axes} axes; the grid must '
      f'be like {"x".join(["2", "2", "1"][: chip.axes])}.'
    )
  if any(size < 1 or (size > 1 and size % 2) for size in topology.grid[:2]):
    raise ValueError(
      f'--topology is {text!r}; the first two sizes must be 1 or even, since '
      'a host has 2x2 chips.'
    )
  if not 0 < topology.chips <= chip.pod:
    raise ValueError(
      f'--topology is {text!r}, which is {topology.chips} chips; {name} has '
      f'from 1 to {chip.pod}.'
    )
  return topology


def devices(topology: Topology) -> list[Any]:
  """The devices of a topology; JAX itself then runs on the CPU.

  Call it before anything runs on a device: JAX must not look for a TPU here.

  Raises:
    ValueError: libtpu is missing, or refuses the topology.
  """
  if importlib.util.find_spec('libtpu') is None:
    raise ValueError(_MISSING)
  from jax.experimental import topologies  # Late: it costs time.

  jax.config.update('jax_platforms', 'cpu')
  os.environ.update(_environment(topology))
  try:
    found = topologies.get_topology_desc(
      platform='tpu',
      topology_name=str(topology),
      chips_per_host_bounds=topology.host,
    )
  except RuntimeError as error:  # JaxRuntimeError is one.
    raise ValueError(
      f'libtpu {version()} cannot compile for {topology}: {error}'
    ) from error
  return list(found.devices)


def version() -> str:
  """The version of libtpu."""
  return importlib.metadata.version('libtpu')


def _environment(topology: Topology) -> dict[str, str]:
  """Variables without which libtpu asks Google's servers and warns."""
  return {
    'TPU_SKIP_MDS_QUERY': '1',
    'TPU_WORKER_HOSTNAMES': 'localhost',
    # Read, but not compared with the topology.
    'TPU_ACCELERATOR_TYPE': f'v5litepod-{math.prod(topology.host)}',
    'TPU_LOG_DIR': 'disabled',
    # No chip is used: a lock of another process does not matter.
    'ALLOW_MULTIPLE_LIBTPU_LOAD': '1',
  }
