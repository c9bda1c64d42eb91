"""The devices of a run, and what lives where on them."""

from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.config import Config


class Shardings(NamedTuple):
  """Where things live on the mesh.

  Attributes:
    state: a copy on each device.
    batch: [K, B, ...], spread along B.
    examples: [B, ...], spread along B.
  """

  state: NamedSharding
  batch: NamedSharding
  examples: NamedSharding


def make_mesh() -> Mesh:
  """All devices of all processes along one axis."""
  return Mesh(np.array(jax.devices()), ('data',))


def shardings(mesh: Mesh) -> Shardings:
  """The three layouts that a run needs."""
  return Shardings(
    NamedSharding(mesh, PartitionSpec()),
    NamedSharding(mesh, PartitionSpec(None, 'data')),
    NamedSharding(mesh, PartitionSpec('data')),
  )


def check_devices(config: Config, devices: int) -> None:
  """Refuses a batch that does not spread evenly.

  Raises:
    ValueError: `train.batch_size` or `train.gen_batch_size` is no multiple of
      the number of devices.
  """
  for name in ('batch_size', 'gen_batch_size'):
    size = getattr(config.train, name)
    if size % devices:
      raise ValueError(
        f'train.{name} is {size}, which cannot be spread over {devices} '
        f'devices; it must be a multiple of {devices}.'
      )
