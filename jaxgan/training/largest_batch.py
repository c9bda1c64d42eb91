"""The largest batch whose training step a topology can hold."""

import logging
import math
import re
from collections.abc import Callable

from jaxgan.config import Config
from jaxgan.training import plan
from jaxgan.training.chips import CHIPS, Topology
from jaxgan.training.plan import Plan

_LOG = logging.getLogger(__name__)

PER_DEVICE = 2**24  # Larger batches are not tried.
_PRECISION = 16  # The answer is within this part of the next that fails.
_GROWTH = 64  # Of the batch, from one that fits to the next that is tried.
_TRUSTED = 8  # Compilations after which the search bisects.


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

  def share(batch: int) -> float:
    """Memory of the step over that which a program may use."""
    found = plan.make(plan.with_batch(config, batch), topology)
    plans[batch] = found
    size = needed(found) / found.usable
    _LOG.info('Batch %d on %s: %s.', batch, topology, _answer(found, size))
    return size if found.fits else max(size, math.nextafter(1, 2))

  found = search(share, unit(config, topology), plan.largest(config))
  return plans.get(found)


def needed(found: Plan) -> float:
  """Bytes that the step needs on a device; infinite if unknown.

  Where the compiler refused the step, its message names the bytes.
  """
  if found.memory is not None:
    return found.memory.total
  size = re.search(r'([\d.]+)([KMGT])\b', found.refusal)
  if size is None or 'hbm' not in found.refusal.lower():
    return math.inf
  return float(size[1]) * 1024 ** (1 + 'KMGT'.index(size[2]))


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
  share: Callable[[int], float], unit: int, start: int, limit: int = 0
) -> int:
  """Searches the largest multiple of `unit` that fits.

  Tries the batch at which the line through two known sizes reaches 1; after
  eight tries it bisects. It ends when the answer is within a sixteenth of a
  batch that does not fit.

  Args:
    share: the memory that a batch needs over the memory that there is; at
      most 1 if it fits. If a batch fits, so do all smaller ones.
    unit: at least 1.
    start: the first batch that is tried, rounded up to a multiple of `unit`.
    limit: the largest that is tried; `PER_DEVICE` times `unit` where 0.

  Returns:
    The batch; 0 if not even `unit` fits.
  """
  limit = max(1, (limit or PER_DEVICE * unit) // unit)
  sizes: dict[int, float] = {}
  low, high = 0, limit + 1
  guess = min(limit, -(-start // unit))
  while low < limit and high - low > max(1, low // _PRECISION):
    sizes[guess] = share(guess * unit)
    low, high = (guess, high) if sizes[guess] <= 1 else (low, guess)
    guess = _next(sizes, low, high, limit)
  return low * unit


def _next(sizes: dict[int, float], low: int, high: int, limit: int) -> int:
  """The batch to try, from `low` + 1 to `high` - 1, in units.

  Args:
    sizes: of the batches that were tried.
    low: the largest that fits; 0 if none does.
    high: the smallest that does not fit, or `limit` + 1.
    limit: the largest that may be tried.
  """
  failed = high <= limit
  if len(sizes) >= _TRUSTED:
    return (low + high) // 2 if failed else min(2 * low, limit)
  if not failed:
    at = min(_crossing(sizes), _GROWTH * low)
    near = low + max(1, low // _PRECISION)
    return limit if at >= limit else max(near, int(at))
  if not low:  # Halves at least, since a line from far away misleads.
    return max(1, int(min(_crossing(sizes), high // 2)))
  at = _crossing(sizes)
  if not low < at < high:
    return (low + high) // 2
  # A step down from the crossing should fit. A step up from `low` should not.
  below, least = int(at - at / 64), low + max(1, low // _PRECISION)
  return min(max(below, least), high - 1)


def _crossing(sizes: dict[int, float]) -> float:
  """The batch of size 1, by the line through the two sizes nearest to 1.

  The line starts at the origin if one size is known.
  """
  known = [pair for pair in sizes.items() if math.isfinite(pair[1])]
  known = sorted(known, key=lambda pair: abs(pair[1] - 1))[:2]
  if not known:
    return min(sizes) / 2
  (x1, y1), (x0, y0) = known[0], known[1] if known[1:] else (0, 0.0)
  slope = (y1 - y0) / (x1 - x0)
  return x1 + (1 - y1) / slope if slope > 0 else math.inf


def _answer(found: Plan, size: float) -> str:
  """Whether a plan fits, for the log."""
  answer = 'fits' if found.fits else 'does not fit'
  share = f', {size:.0%} of the memory' if math.isfinite(size) else ''
  return f'{answer}{share}; compiled in {found.compile_seconds:.0f} s'
