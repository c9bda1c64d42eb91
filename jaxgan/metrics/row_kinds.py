"""Metrics of rows of a table, as functions of encoded rows."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from jaxgan.data.mixed import Mixed
from jaxgan.metrics import neighbors, tabular, tabular_models

# (columns, {set of real rows: [N, M]}, fake rows [n, M], seed) -> the value and
# its details.
Result = tuple[float, dict[str, Any]]
Compare = Callable[[Mixed, Mapping[str, np.ndarray], np.ndarray, int], Result]


def shapes(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """The mean agreement of columns, and that of each."""
  del seed
  each = tabular.shapes(*_parts(columns, real['reference'], fake))
  return float(np.mean([*each.values()])), each


def trends(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """The mean agreement of pairs of columns; NaN for one column."""
  del seed
  each = tabular.trends(*_parts(columns, real['reference'], fake))
  return float(np.mean(each)) if each else float('nan'), {}


def categories(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """The mean share of the categories of a column that fakes have."""
  del seed
  return tabular.categories(*_parts(columns, real['reference'], fake)), {}


def auc(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """The mean AUC of models that are trained on fakes, and that of each."""
  found = _efficacy(columns, fake, real, seed)
  return float(np.mean([*found.auc.values()])), found.auc


def fscore(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """The mean F1 of models that are trained on fakes, and that of each."""
  found = _efficacy(columns, fake, real, seed)
  return float(np.mean([*found.f1.values()])), found.f1


def detection(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """The AUC of a classifier that tells fakes from real rows."""
  one, other = _parts(columns, real['reference'], fake)
  return tabular_models.detection(one, other, seed), {}


def closest(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """Median distance to the closest training row, over that of held-out rows."""
  del seed
  sets = (fake, real['heldout'], real['train'])
  base = tabular.parts(columns, real['train'])
  vectors = (tabular.vectors(base, tabular.parts(columns, x)) for x in sets)
  found = neighbors.distance_ratio(*vectors)
  return found.ratio, {'samples': found.samples, 'heldout': found.heldout}


def copies(
  columns: Mixed, real: Mapping[str, np.ndarray], fake: np.ndarray, seed: int
) -> Result:
  """The share of fakes that equal a training row in all columns."""
  del seed
  same = tabular.copies(*_parts(columns, real['train'], fake))
  return float(same.mean()), {}


def _parts(
  columns: Mixed, *sets: np.ndarray
) -> tuple[list[tabular.Part], list[tabular.Part]]:
  one, other = (tabular.parts(columns, rows) for rows in sets)
  return one, other


def _efficacy(
  columns: Mixed,
  fake: np.ndarray,
  real: Mapping[str, np.ndarray],
  seed: int,
) -> tabular_models.Efficacy:
  del seed
  test = real['reference']
  shapes = fake.shape, test.shape
  return _cached(columns, fake.tobytes(), test.tobytes(), shapes)


@functools.lru_cache(maxsize=8)  # auc and fscore train the same models.
def _cached(
  columns: Mixed, train: bytes, test: bytes, shapes: tuple
) -> tabular_models.Efficacy:
  fake, real = (
    np.frombuffer(data, np.float32).reshape(shape)
    for data, shape in zip((train, test), shapes, strict=True)
  )
  return tabular_models.efficacy(columns, fake, real)


_ALL: Mapping[str, str] = {'reference': 'all'}

# name -> (function, the real sets that it reads, its best value), as in
# `kinds.Kind`.
KINDS: Mapping[str, tuple[Compare, Mapping[str, str], str]] = {
  'shapes': (shapes, _ALL, 'high'),
  'trends': (trends, _ALL, 'high'),
  'categories': (categories, _ALL, 'high'),
  'auc': (auc, _ALL, 'high'),
  'fscore': (fscore, _ALL, 'high'),
  'detection': (detection, {'reference': 'subset'}, 'low'),
  'closest': (closest, {'train': 'all', 'heldout': 'subset'}, 'neither'),
  'copies': (copies, {'train': 'all'}, 'low'),
}
