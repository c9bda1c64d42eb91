"""The largest batch whose training step a topology can hold."""

import logging
from collections.abc import Callable

from jaxgan.config import Config
from jaxgan.training import plan
from jaxgan.training.chips import CHIPS, Topology
from jaxgan.training.plan import Plan

_LOG = logging.getLogger(__name__)

PER_DEVICE = 2**24  # Larger batches are not tried.
_PRECISION = 16  # The answer is within this part of the next that fails.


def find(config: Config, topology: Topology) -> Plan | None:
  """Searches the largest batch that fits, by compiling the step each time.

  Args:
    config: the run; its batch is the first that is tried.
    topology: from `chips.parse`.

  Returns:
    The plan of the largest batch that fits; None if none does.

  Raises:
    ValueError: as `plan.make`; a batch that the configuration forbids.
  """
  plans: dict[int, Plan] = {}

  def fits(batch: int) -> bool:
    plans[batch] = plan.make(plan.with_batch(config, batch), topology)
    answer = 'fits' if plans[batch].fits else 'does not fit'
    _LOG.info('Batch %d on %s %s.', batch, topology, answer)
    return plans[batch].fits

  found = search(fits, unit(config, topology), plan.largest(config))
  return plans.get(found)


def unit(config: Config, topology: Topology) -> int:
  """The number of which a batch must be a multiple.

  All devices, their microbatches, and the groups of the standard deviation in
  a critic of stylegan get equal parts of it.
  """
  size = topology.chips * CHIPS[topology.chip].devices
  size *= config.train.microbatches
  group = config.net.minibatch_group if config.net.name == 'stylegan' else 1
  common = size if size % group == 0 else size * group
  return common * 2 ** len(config.train.batch_doubles_at)


def search(
  fits: Callable[[int], bool], unit: int, start: int, limit: int = 0
) -> int:
  """Searches the largest multiple of `unit` that fits.

  Doubles or halves from `start`, then bisects until the answer is within a
  sixteenth of a batch that does not fit.

  Args:
    fits: whether a batch fits; if one does, so do all smaller ones.
    unit: at least 1.
    start: the first batch that is tried, rounded up to a multiple of `unit`.
    limit: the largest that is tried; `PER_DEVICE` times `unit` where 0.

  Returns:
    The batch; 0 if not even `unit` fits.
  """
  limit = max(1, (limit or PER_DEVICE * unit) // unit)
  low, high = 0, min(limit, -(-start // unit))
  while fits(high * unit):
    low = high
    if high == limit:
      return limit * unit
    high = min(2 * high, limit)
  while not low and high > 1:
    half = high // 2
    low, high = (half, high) if fits(half * unit) else (0, half)
  while high - low > max(1, low // _PRECISION):
    middle = (low + high) // 2
    low, high = (middle, high) if fits(middle * unit) else (low, middle)
  return low * unit
