"""Rows of a table as numbers and back, and the modes of a column."""

import json
import os
import pathlib

import numpy as np
import pytest

from jaxgan.data import cells, mixed, mixed_fit, modes


def table(num=400, seed=0):
  """Columns of every kind, with missing cells, an outlier and a constant."""
  rng = np.random.default_rng(seed)
  bumps = rng.normal(rng.choice([-50, 3, 800], num), 1)
  bumps[0] = 1e6
  spike = np.where(rng.random(num) < 0.6, 0, rng.gamma(2, 1e4, num))
  day = rng.integers(19_000, 20_000, num)
  rows = [
    [
      '' if i % 7 == 0 else f'{bumps[i]:.3f}',
      str(round(spike[i])),
      str(np.datetime64(int(day[i]), 'D')),
      f'{np.datetime64(int(day[i] % 30) * 5_400, "s")}'.replace('T', ' '),
      ['no', 'yes', '?'][i % 3],
      ['=1+1', 'b, c', 'd'][i % 2],
      'always',
      str(i % 4),
    ]
    for i in range(num)
  ]
  names = ('bumps', 'spike', 'day', 'time', 'flag', 'text', 'same', 'few')
  return cells.of_rows(names, rows, 'test'), rows


@pytest.fixture(scope='module')
def fitted():
  columns, rows = table()
  return mixed_fit.fit(columns, {}, 'all'), columns, rows


def test_rows_survive_encoding(fitted):
  columns, cells_, rows = fitted
  encoded = columns.encode(cells_)
  assert encoded.shape == (400, columns.width)
  assert encoded.dtype == np.float32
  back = [*map(list, zip(*columns.decode(encoded), strict=True))]
  assert back == rows


def test_columns_have_their_kinds(fitted):
  kinds = {c.name: (c.kind, c.discrete, c.width) for c in fitted[0].columns}
  assert kinds == {
    'bumps': ('number', False, 2), 'spike': ('integer', False, 2),
    'day': ('date', False, 2), 'time': ('datetime', False, 2),
    'flag': ('boolean', True, 1), 'text': ('category', True, 1),
    'same': ('category', True, 0), 'few': ('integer', True, 1),
  }  # fmt: skip
  assert fitted[0].conditions == (4, 5, 7)
  assert len(fitted[0].labels) == 3 + 2 + 4 == fitted[0].label('few', '3') + 1
  assert fitted[0].label('few', '9') == fitted[0].label('day', 'x') == -1


def test_alphas_are_bounded_and_several_modes_are_found(fitted):
  columns, cells_, _ = fitted
  encoded = columns.encode(cells_)
  sizes = np.array(columns.sizes)
  assert np.abs(encoded[:, sizes == 0]).max() <= 1
  choices = encoded[:, sizes > 0]
  assert (choices >= 0).all()
  assert (choices < sizes[sizes > 0]).all()
  means = columns.columns[0].modes.means
  for bump in (-50, 3, 800):
    assert np.abs(np.array(means) - bump).min() < 2


def test_any_numbers_are_decoded_into_the_range(fitted):
  columns, _, rows = fitted
  wild = np.random.default_rng(0).normal(0, 50, (300, columns.width))
  spike = [int(x) for x in columns.decode(wild.astype(np.float32))[1]]
  known = [int(row[1]) for row in rows]
  assert min(spike) >= min(known)
  assert max(spike) <= max(known)


def test_a_record_in_json_holds_everything(fitted):
  columns = fitted[0]
  stored = json.loads(json.dumps(columns.record()))
  assert mixed.from_record(stored) == columns
  assert hash(columns) == hash(mixed.from_record(stored))


def test_numbers_of_another_table_get_the_nearest_mode(fitted):
  columns, cells_, _ = fitted
  far = cells_[1]._replace(
    texts=('999999999', '-5'), codes=np.array([0, 1] * 200)
  )
  encoded = columns.encode([cells_[0], far, *cells_[2:]])
  spike = columns.decode(encoded)[1]
  assert spike[1] == '0'
  assert int(spike[0]) == max(int(row[1]) for row in fitted[2])


@pytest.mark.parametrize(
  ('change', 'sentence'),
  [
    (lambda t: [t[1], t[0], *t[2:]], 'The columns are spike, bumps'),
    (lambda t: t[:-1], 'must be bumps'),
    (
      lambda t: [*t[:5], t[5]._replace(texts=('a', 'b')), *t[6:]],
      "Column text holds 'a', which the table of the run lacks",
    ),
    (
      lambda t: [t[0], t[1]._replace(texts=('x',) * len(t[1].texts)), *t[2:]],
      "Column spike holds 'x' and is declared integer",
    ),
    (
      lambda t: [t[0], t[1]._replace(texts=('',) * len(t[1].texts)), *t[2:]],
      'Column spike has a missing cell',
    ),
  ],
)
def test_other_tables_end_with_a_sentence(change, sentence, fitted):
  with pytest.raises(ValueError, match=sentence):
    fitted[0].encode(change(fitted[1]))


def test_kinds_are_declared():
  columns, _ = table(60)
  kinds = {'few': 'number', 'day': 'category', 'text': 'drop'}
  fitted = mixed_fit.fit(columns, kinds)
  discrete = {c.name: c.discrete for c in fitted.columns}
  assert 'text' not in discrete
  assert (discrete['few'], discrete['day']) == (False, True)
  assert fitted.labels == ()
  with pytest.raises(ValueError, match="holds '=1\\+1' and is declared date"):
    mixed_fit.fit(columns, {'text': 'date'})
  with pytest.raises(ValueError, match=r"data\.condition is 'spike'"):
    mixed_fit.fit(columns, {}, 'spike')
  assert mixed_fit.fit(columns, {}, 'few').conditions == (7,)


def test_keys_are_refused_and_wide_categories_are_not():
  names = [[str(i), f'n{i}'] for i in range(300)]
  keys = cells.of_rows(('x', 'name'), names, 'test')
  with pytest.raises(ValueError, match='looks like a key or free text'):
    mixed_fit.fit(keys, {})
  assert mixed_fit.fit(keys, {'name': 'drop'}).names == ('x',)
  wide = [[f'c{i % 5000}'] for i in range(12_000)]
  columns = cells.of_rows(('wide',), wide, 'test')
  fitted = mixed_fit.fit(columns, {}, 'all')
  rows = fitted.encode(columns)
  assert (rows.shape, len(fitted.labels)) == ((12_000, 1), 5000)
  assert fitted.decode(rows)[0] == [row[0] for row in wide]


def test_a_constant_table_is_refused():
  constant = cells.of_rows('a', [['1'], ['1']], 'test')
  with pytest.raises(ValueError, match='constant or dropped'):
    mixed_fit.fit(constant, {})


def test_modes_invert_in_closed_form():
  made = modes.Modes((-10.0, 0.0, 5.0), (2.0, 0.0, 1.0), (0.3, 0.4, 0.3))
  values = np.array([-10, -2, 0, 5, 9, 0.4])
  alpha, mode = made.encode(values, np.full(6, 0.5))
  assert mode.tolist() == [0, 0, 1, 2, 2, 1]
  np.testing.assert_allclose(alpha, [0, 1, 0, 0, 1, 0])
  np.testing.assert_allclose(made.decode(alpha, mode)[:5], values[:5])
  both = modes.Modes((0.0, 1.0), (1.0, 1.0), (0.5, 0.5))
  _, mode = both.encode(np.full(1000, 0.5), np.arange(1000) / 1000)
  assert mode.sum() == 500


def adult():
  path = pathlib.Path(os.environ.get('JAXGAN_TEST_DATA', '-')) / 'adult.csv.gz'
  if not path.exists():
    pytest.skip('JAXGAN_TEST_DATA holds no adult.csv.gz')
  return path


@pytest.mark.slow
def test_adult_survives_encoding():
  columns = cells.read(adult())
  fitted = mixed_fit.fit(columns, {}, 'all')
  numbers = [c.name for c in fitted.columns if not c.discrete]
  assert numbers == [
    'age', 'fnlwgt', 'education-num', 'capital-gain', 'capital-loss',
    'hours-per-week',
  ]  # fmt: skip
  for column, texts in zip(
    columns, fitted.decode(fitted.encode(columns)), strict=True
  ):
    assert texts == [column.texts[i] for i in column.codes]
