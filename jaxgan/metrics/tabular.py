"""How well rows of a table agree with real ones: columns, pairs, categories.

The scores are those of the SDMetrics library's quality report (Patki et al.,
2016), in [0, 1] with 1 the best. Columns that are constant do not count.
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from jaxgan.data.mixed import Mixed

_BINS = 10  # Of a column of numbers beside a column of categories.


class Part(NamedTuple):
  """One column of N rows.

  Attributes:
    name: of the column.
    discrete: whether the values are categories.
    values: [N] numbers of categories, int64, or float64 with NaN if missing.
    choices: number of categories; 0 of numbers.
  """

  name: str
  discrete: bool
  values: np.ndarray
  choices: int


def parts(columns: Mixed, rows: np.ndarray) -> list[Part]:
  """The columns of encoded rows [N, M] that are not constant."""
  return [
    Part(column.name, True, column.codes(part), column.choices)
    if column.discrete
    else Part(column.name, False, column.numbers(part), 0)
    for column, part in columns.parts(rows)
    if column.width
  ]


def shapes(real: Sequence[Part], fake: Sequence[Part]) -> dict[str, float]:
  """The agreement of each column.

  Of numbers 1 minus the Kolmogorov-Smirnov statistic, without missing cells;
  of categories 1 minus the total variation distance.
  """
  return {
    one.name: _tv([one], [other]) if one.discrete else _ks(one, other)
    for one, other in zip(real, fake, strict=True)
  }


def trends(real: Sequence[Part], fake: Sequence[Part]) -> list[float]:
  """The agreement of each pair of columns.

  Of numbers 1 minus half the difference of the correlations; of other pairs 1
  minus the total variation distance of their contingency tables, with numbers
  in ten bins of equal width over the range of the real ones.
  """
  scores = []
  for i, j in itertools.combinations(range(len(real)), 2):
    pair, other = (real[i], real[j]), (fake[i], fake[j])
    if not (real[i].discrete or real[j].discrete):
      difference = _correlation(*pair) - _correlation(*other)
      scores.append(1 - abs(difference) / 2)
      continue
    binned = [_binned(r, f) for r, f in zip(pair, other, strict=True)]
    scores.append(_tv([r for r, _ in binned], [f for _, f in binned]))
  return scores


def categories(real: Sequence[Part], fake: Sequence[Part]) -> float:
  """The mean share of the real categories of a column that fakes have.

  NaN if no column has categories.
  """
  shares = [
    len(np.intersect1d(one.values, other.values)) / len(np.unique(one.values))
    for one, other in zip(real, fake, strict=True)
    if one.discrete
  ]
  return float(np.mean(shares)) if shares else float('nan')


def vectors(reference: Sequence[Part], rows: Sequence[Part]) -> np.ndarray:
  """Rows as vectors [N, E] float32 whose distances mean something.

  Numbers are divided by their standard deviation in the reference, and a
  missing one is their mean and has an indicator. Two different categories have
  the distance 1.
  """
  columns = []
  for base, part in zip(reference, rows, strict=True):
    if part.discrete:
      one_hot = part.values[:, None] == np.arange(part.choices)
      columns.append(one_hot * 0.5**0.5)
      continue
    center, scale = np.nanmean(base.values), np.nanstd(base.values) or 1.0
    gone = np.isnan(part.values)
    known = np.where(gone, 0.0, (part.values - center) / scale)
    columns.append(np.stack([known, gone], axis=1))
  return np.concatenate(columns, axis=1, dtype=np.float32)


def copies(train: Sequence[Part], fake: Sequence[Part]) -> np.ndarray:
  """Whether each fake row equals a training row in all columns: [N] bool."""
  seen = set(_keys(train))
  return np.array([key in seen for key in _keys(fake)])


def _keys(rows: Sequence[Part]) -> list[bytes]:
  values = [np.nan_to_num(part.values, nan=-1e300) for part in rows]
  table = np.stack(values, axis=1, dtype=np.float64) + 0.0  # No minus zero.
  return [row.tobytes() for row in table]


def _ks(real: Part, fake: Part) -> float:
  one, other = (np.sort(x.values[~np.isnan(x.values)]) for x in (real, fake))
  if not (len(one) and len(other)):
    return 0.0
  at = np.concatenate([one, other])
  ranks = (np.searchsorted(x, at, side='right') / len(x) for x in (one, other))
  return float(1 - np.abs(np.subtract(*ranks)).max())


def _tv(real: Sequence[Part], fake: Sequence[Part]) -> float:
  """1 minus the total variation distance of the joint categories."""
  sizes = [part.choices for part in real]
  shares = []
  for rows in (real, fake):
    flat = np.ravel_multi_index(tuple(part.values for part in rows), sizes)
    places, counts = np.unique(flat, return_counts=True)
    shares.append(dict(zip(places.tolist(), counts / len(flat), strict=True)))
  one, other = shares
  common = sum(min(p, other[k]) for k, p in one.items() if k in other)
  return float(common)


def _binned(real: Part, fake: Part) -> tuple[Part, Part]:
  """Both columns as categories; a missing number is one of its own."""
  if real.discrete:
    return real, fake
  known = real.values[~np.isnan(real.values)]
  edges = np.histogram_bin_edges(known, _BINS)[1:-1]

  def binned(part: Part) -> Part:
    codes = np.searchsorted(edges, part.values, side='right')
    codes = np.where(np.isnan(part.values), _BINS, codes)
    return Part(part.name, True, codes, _BINS + 1)

  return binned(real), binned(fake)


def _correlation(x: Part, y: Part) -> float:
  both = ~(np.isnan(x.values) | np.isnan(y.values))
  one, other = x.values[both], y.values[both]
  if len(one) < 2 or not (one.std() and other.std()):
    return 0.0
  return float(np.corrcoef(one, other)[0, 1])
