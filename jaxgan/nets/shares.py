"""Shares the chunks of a set of examples among the processes of a run.

Process p of P computes chunks p, p + P, p + 2 P and so on, and process 0
receives all outputs. The chunks are those of a process that is alone, so the
outputs are equal to rounding for any number of processes.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.experimental import multihost_utils

from jaxgan.nets.chunks import CHUNK


def _alone(array: np.ndarray) -> np.ndarray:
  return np.asarray(array)[None]


class Share(NamedTuple):
  """The part of one process; the default is a process that works alone.

  Attributes:
    process: p, its index.
    processes: P, their number.
    exchange: an array [...] of each process -> [P, ...] of all, in order. All
      processes call it, with equal shapes.
  """

  process: int = 0
  processes: int = 1
  exchange: Callable[[np.ndarray], np.ndarray] = _alone

  @property
  def is_first(self) -> bool:
    """Whether this is process 0, which receives the outputs."""
    return self.process == 0

  def agree(self, choice: bool) -> bool:
    """Returns the choice of process 0; all processes call it."""
    return bool(self.exchange(np.array(choice))[0])

  def own(self, chunks: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Yields the chunks of this process, out of all chunks in order.

    A process that has no chunk in the last round gets the last one again, so
    that all have as many.
    """
    index = -1
    for index, chunk in enumerate(chunks):
      if index % self.processes == self.process:
        yield chunk
    if index % self.processes < self.process:
      yield chunk

  def gather(self, outputs: Iterator[Any], num: int) -> Iterator[Any]:
    """Yields the outputs of all chunks in order, on process 0.

    At most P chunks of outputs are in memory.

    Args:
      outputs: trees of arrays [n, ...], of each chunk of `own`.
      num: of the examples of all processes.

    Yields:
      Trees of arrays [n, ...]; without rows on the other processes.
    """
    if self.processes == 1:
      yield from outputs
      return
    for start in range(0, num, CHUNK * self.processes):
      gathered = jax.tree.map(self._gather, next(outputs))
      for process in range(min(self.processes, -(-(num - start) // CHUNK))):
        rows = min(CHUNK, num - start - process * CHUNK) * self.is_first
        yield jax.tree.map(lambda x, p=process, n=rows: x[p, :n], gathered)

  def _gather(self, output: np.ndarray) -> np.ndarray:
    padding = [(0, CHUNK - len(output)), *[(0, 0)] * (output.ndim - 1)]
    return np.asarray(self.exchange(np.pad(output, padding)))


ALONE = Share()


def of_run() -> Share:
  """The share of this process, in a run of one or of several processes."""
  processes = jax.process_count()
  if processes == 1:
    return ALONE
  exchange = multihost_utils.process_allgather
  return Share(jax.process_index(), processes, exchange)
