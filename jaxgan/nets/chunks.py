"""Applies a network to any number of examples, in chunks on all local devices.

Only the devices of this process are used, so that one process of several can
evaluate alone.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.types import Array

CHUNK = 256  # Examples of one call of a compiled network.

T = TypeVar('T')


def split(examples: np.ndarray | Iterable[np.ndarray]) -> Iterator[np.ndarray]:
  """Yields an array, or pieces of one, in chunks of at most CHUNK examples."""
  pieces = [examples] if isinstance(examples, np.ndarray) else examples
  for piece in pieces:
    for start in range(0, len(piece), CHUNK):
      yield np.asarray(piece[start : start + CHUNK])


def replicate(variables: T) -> T:
  """Copies a tree of arrays to all local devices, unless it is there."""
  return jax.device_put(variables, _sharding(PartitionSpec()))


def apply(
  net: Callable[[Array], Any], chunks: Iterable[np.ndarray]
) -> Iterator[Any]:
  """Applies a network to chunks, each split over all local devices.

  The next chunk is dispatched before the outputs of one are fetched, so that
  the devices do not wait for the host. At most two are on the devices.

  Args:
    net: examples [B, ...] on the devices -> a tree of arrays [B, ...].
    chunks: of n examples each, as from `split`.

  Yields:
    The outputs of each chunk: numpy arrays [n, ...].
  """
  sharding = _sharding(PartitionSpec('data'))
  # Padded, so that each device has as many examples, and so that the last chunk
  # does not compile again.
  size = CHUNK + -CHUNK % sharding.num_devices
  last: tuple[int, Any] | None = None
  for chunk in chunks:
    full = np.resize(chunk, (size, *chunk.shape[1:]))
    dispatched = len(chunk), net(jax.device_put(full, sharding))
    if last:
      yield _fetch(*last)
    last = dispatched
  if last:
    yield _fetch(*last)


def _fetch(num: int, outputs: Any) -> Any:
  return jax.tree.map(lambda x: x[:num], jax.device_get(outputs))


def _sharding(spec: PartitionSpec) -> NamedSharding:
  return NamedSharding(Mesh(np.array(jax.local_devices()), ('data',)), spec)
