"""Metrics of rows against reference numbers of SDMetrics 0.32."""

import itertools

import numpy as np
import pytest

from jaxgan.data import cells, mixed_fit
from jaxgan.metrics import row_kinds, tabular, tabular_models
from jaxgan.metrics.tabular import Part


def part(name, values):
  if values.dtype.kind != 'U':
    return Part(name, False, values, 0)
  codes = np.searchsorted(list('abcdpq'), values)
  return Part(name, True, codes, 6)


def columns(shift):
  """Two columns of numbers, one with missing cells, and two of categories."""
  i = np.arange(120)
  x = np.sin(i * 0.7) * 3 + shift
  y = np.where(i % 11 == 0, np.nan, x * (1 - shift) / 2 + np.cos(i * 1.3))
  g = np.array(list('abcd'))[(i * i // 4) % (3 + shift)]
  k = np.array(list('pq'))[(i % (5 + shift) < 2).astype(int)]
  names = zip('xygk', (x, y, g, k), strict=True)
  return [part(name, values) for name, values in names]


REAL, FAKE = columns(0), columns(1)


def test_shapes_are_those_of_sdmetrics():
  found = tabular.shapes(REAL, FAKE)
  expected = {'x': 0.675, 'y': 0.752294, 'g': 0.916667, 'k': 0.933333}
  assert found == pytest.approx(expected, abs=1e-6)
  same = tabular.shapes(REAL, REAL)
  assert same == pytest.approx(dict.fromkeys('xygk', 1.0))


def test_trends_are_those_of_sdmetrics():
  found = tabular.trends(REAL, FAKE)
  expected = [0.595308, 0.375, 0.358333, 0.583333, 0.566667, 0.883333]
  assert found == pytest.approx(expected, abs=1e-6)
  assert tabular.trends(REAL, REAL) == pytest.approx([1.0] * 6)


def test_categories_are_those_of_sdmetrics():
  assert tabular.categories(REAL, FAKE) == 1
  one = [
    Part(n, True, np.array(v), 4) for n, v in (('a', [0, 1, 3]), ('b', [2]))
  ]
  few = [Part(n, True, np.array(v), 4) for n, v in (('a', [2, 3]), ('b', [2]))]
  assert tabular.categories(one, few) == pytest.approx((1 / 3 + 1) / 2)
  assert np.isnan(tabular.categories(REAL[:2], FAKE[:2]))


def test_two_categories_are_as_far_as_stated():
  rows = [Part('c', True, np.array([0, 1, 2]), 3)]
  made = tabular.vectors(rows, rows)
  gaps = np.linalg.norm(made[:, None] - made, axis=2)
  np.testing.assert_allclose(gaps, 1 - np.eye(3), atol=1e-6)
  gone = [Part('n', False, np.array([0.0, 4.0, np.nan]), 0)]
  np.testing.assert_allclose(
    tabular.vectors(gone, gone), [[-1, 0], [1, 0], [0, 1]]
  )


def test_copies_are_equal_in_every_column():
  fake = [p._replace(values=p.values[[3, 3, 4]].copy()) for p in REAL]
  fake[0].values[2] += 1
  assert tabular.copies(REAL, fake).tolist() == [True, True, False]
  assert not tabular.copies(REAL, FAKE).any()


def rows(num, seed, link):
  """A table whose column of two categories follows from a number."""
  rng = np.random.default_rng(seed)
  x, other = rng.normal(size=(2, num))
  label = np.where(np.where(link, x, other) > 0.5, 'yes', 'no')
  return [
    [f'{a:.3f}', str(b), c]
    for a, b, c in zip(x, rng.integers(0, 9, num), label, strict=True)
  ]


@pytest.fixture(scope='module')
def sets():
  """Columns, and encoded rows: three real sets, and one without the link."""
  texts = [rows(250, seed, link=seed < 3) for seed in range(4)]
  names = ('x', 'n', 'label')
  whole = cells.of_rows(names, itertools.chain(*texts), 'test')
  fitted = mixed_fit.fit(whole, {})
  return fitted, *np.split(fitted.encode(whole), 4)


@pytest.mark.slow
@pytest.mark.parametrize('kind', row_kinds.KINDS)
def test_a_kind_tells_real_rows_from_unlinked_ones(kind, sets):
  fitted, one, two, three, loose = sets
  function, reads, better = row_kinds.KINDS[kind]
  real = {'reference': one, 'heldout': one, 'train': two}
  known = {name: real[name] for name in reads}
  good, _ = function(fitted, known, three, 0)
  bad, _ = function(fitted, known, two if kind == 'copies' else loose, 0)
  if kind in ('shapes', 'categories'):  # The columns by themselves are alike.
    assert min(good, bad) > 0.85
  elif kind == 'closest':
    assert good == pytest.approx(1, abs=0.25)
  else:
    assert good > bad if better == 'high' else good < bad


@pytest.mark.slow
def test_models_predict_the_last_column_of_categories(sets):
  fitted, one, two, _, loose = sets
  found = tabular_models.efficacy(fitted, two, one)
  assert found.target == 'label'
  assert set(found.auc) == {'logistic', 'tree', 'boosting'}
  assert min(found.auc.values()) > 0.9
  assert min(found.f1.values()) > 0.8
  same = loose.copy()
  same[:, -1] = 0  # Rows of one class teach nothing.
  nothing = tabular_models.efficacy(fitted, same, one)
  assert set(nothing.auc.values()) == {0.5}


def test_a_table_without_categories_has_no_target():
  names = [[str(i), str(i * i % 97)] for i in range(60)]
  table = cells.of_rows(('a', 'b'), names, 'test')
  fitted = mixed_fit.fit(table, {})
  encoded = fitted.encode(table)
  with pytest.raises(ValueError, match='no column of 2 to 20 categories'):
    tabular_models.efficacy(fitted, encoded, encoded)
