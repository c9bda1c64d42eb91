"""The devices of a run, and the layout of arrays on them."""

from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.config import Config


class Shardings(NamedTuple):
  """The three layouts of a run.

  Attributes:
    state: replicated on every device.
    batch: [K, B, ...], split along B.
    examples: [B, ...], split along B.
  """

  state: NamedSharding
  batch: NamedSharding
  examples: NamedSharding


def make_mesh() -> Mesh:
  """A mesh of all devices of all processes, with one axis.

  The devices of a process are neighbors, since it reads neighboring rows of a
  batch. Real and fake examples of equal index are on one device.
  """
  devices = sorted(jax.devices(), key=lambda d: (d.process_index, d.id))
  return Mesh(np.array(devices), ('data',))


def platform(mesh: Mesh) -> str:
  """The platform of a mesh's devices: cpu, gpu or tpu."""
  found: str = mesh.devices.flat[0].platform
  return found


def shardings(mesh: Mesh) -> Shardings:
  """The layouts over a mesh from `make_mesh`."""
  return Shardings(
    NamedSharding(mesh, PartitionSpec()),
    NamedSharding(mesh, PartitionSpec(None, 'data')),
    NamedSharding(mesh, PartitionSpec('data')),
  )


def check_devices(config: Config, devices: int) -> None:
  """Checks that batches can be split evenly over devices and microbatches.

  Raises:
    ValueError: `train.batch_size`, `train.gen_batch_size` or the penalized
      share of the batch is not a multiple of the number of devices, or of
      devices x `train.microbatches`.
  """
  parts = config.train.microbatches
  each = f' in {parts} parts each (train.microbatches)' if parts > 1 else ''
  for name in ('batch_size', 'gen_batch_size'):
    size = getattr(config.train, name)
    if size % (devices * parts):
      raise ValueError(
        f'train.{name} is {size}, which cannot be split over {devices} '
        f'devices{each}; it must be a multiple of {devices * parts}.'
      )
  size = round(config.penalty.share * config.train.batch_size)
  if size % (devices * parts):  # Equal to the first size for a share of 1.
    raise ValueError(
      f'penalty.share is {config.penalty.share:g}, of which {size} examples '
      f'cannot be split over {devices} devices{each}; they must be a multiple '
      f'of {devices * parts}.'
    )
