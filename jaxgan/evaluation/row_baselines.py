"""Rows of a table that need no training of networks, to compare a GAN with.

`independent` draws each column by itself from the training rows. `copula` keeps
the rank correlations of the columns too: a Gaussian copula with the empirical
distribution of each column.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import special

from jaxgan.data.mixed import Mixed
from jaxgan.evaluation.evaluator import Draw

# (columns, training rows [N, M], number, seed) -> rows [number, M].
Rows = Callable[[Mixed, np.ndarray, int, int], np.ndarray]


def independent(
  columns: Mixed, train: np.ndarray, num: int, seed: int
) -> np.ndarray:
  """Each column of a row is that of a training row of its own."""
  rng = np.random.default_rng(seed)
  parts = [
    part[rng.integers(0, len(train), num)] for _, part in columns.parts(train)
  ]
  return np.concatenate(parts, axis=1)


def copula(
  columns: Mixed, train: np.ndarray, num: int, seed: int
) -> np.ndarray:
  """A Gaussian copula of the ranks; equal values are in random order.

  Categories have the order of their numbers, the most frequent one first.
  """
  rng = np.random.default_rng(seed)
  orders, scores = [], []
  for column, part in columns.parts(train):
    key = column.codes(part) if column.discrete else column.numbers(part)
    order = np.lexsort((rng.random(len(train)), key))  # NaN is last.
    rank = np.empty(len(train))
    rank[order] = np.arange(len(train)) + 0.5
    orders.append(order)
    scores.append(special.ndtri(rank / len(train)))
  correlation = np.atleast_2d(np.corrcoef(np.stack(scores)))
  size = len(scores)
  normal = rng.multivariate_normal(
    np.zeros(size), correlation, num, method='cholesky'
  )
  at = (special.ndtr(normal) * len(train)).astype(int).clip(0, len(train) - 1)
  parts = [
    part[order[at[:, i]]]
    for i, ((_, part), order) in enumerate(
      zip(columns.parts(train), orders, strict=True)
    )
  ]
  return np.concatenate(parts, axis=1)


BASELINES: Mapping[str, Rows] = {'independent': independent, 'copula': copula}


def draws(columns: Mixed, train: np.ndarray, seed: int) -> dict[str, Draw]:
  """The baselines as functions that draw samples.

  Args:
    columns: of the table.
    train: [N, M] training rows.
    seed: of the rows.
  """

  def draw(rows: Rows) -> Draw:
    return lambda num, balanced=False: rows(columns, train, num, seed)

  return {name: draw(rows) for name, rows in BASELINES.items()}
