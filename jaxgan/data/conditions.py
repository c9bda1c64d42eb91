"""Training by sampling: which row and which label an iteration reads.

A column of categories is drawn uniformly, then a category by the logarithm of
its number of rows, then a row that has it (Xu et al., 2019, section 4.3). So
rare categories are seen often. All three are functions of (seed, step).
"""

from typing import NamedTuple

import numpy as np

from jaxgan.data.mixed import Mixed


class Conditions(NamedTuple):
  """The rows of each label of a table.

  Attributes:
    counts: [K] rows that have the category of each label.
    order: rows, sorted by label within each column of categories.
    starts: [K] position in `order` of the first row of each label.
    bounds: [K] upper ends of the intervals of [0, 1) that draw each label.
  """

  counts: np.ndarray
  order: np.ndarray
  starts: np.ndarray
  bounds: np.ndarray

  def draw(
    self, seed: int, step: int, positions: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Draws rows and labels for positions of the batches of an iteration.

    Args:
      seed: of the run.
      step: the iteration.
      positions: counted from 0 over all batches of the iteration.

    Returns:
      Rows int64 and labels int32, in the shape of the positions.
    """
    # Two numbers per position, in the order of the positions.
    bits = np.random.Philox(key=np.array([seed, step], np.uint64))
    raw = bits.random_raw(2 * (int(positions.max()) + 1)) >> np.uint64(11)
    uniforms = (raw * 2.0**-53).reshape(-1, 2)[positions]
    label = np.searchsorted(self.bounds, uniforms[..., 0], side='right')
    label = np.minimum(label, len(self.bounds) - 1)
    place = (uniforms[..., 1] * self.counts[label]).astype(np.int64)
    return self.order[self.starts[label] + place], label.astype(np.int32)


def build(mixed: Mixed, rows: np.ndarray) -> Conditions | None:
  """Indexes encoded rows [N, M] by label; None without conditions."""
  if not mixed.conditions:
    return None
  counts, order, starts, shares = [], [], [], []
  for number, i in enumerate(mixed.conditions):
    column = mixed.columns[i]
    codes = column.codes(np.asarray(rows[:, [mixed.offsets[i]]]))
    own = np.bincount(codes, minlength=column.choices)
    order.append(np.argsort(codes, kind='stable'))
    starts.append(number * len(rows) + np.cumsum(own) - own)
    share = np.log1p(own)
    shares.append(share / share.sum() / len(mixed.conditions))
    counts.append(own)
  bounds = np.cumsum(np.concatenate(shares))
  return Conditions(
    np.concatenate(counts),
    np.concatenate(order),
    np.concatenate(starts),
    bounds,
  )
