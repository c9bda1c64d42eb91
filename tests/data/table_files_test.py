"""Tables of numbers from files, and what is refused with its place."""

import numpy as np
import pytest

from jaxgan.config import Data
from jaxgan.data import columns, table_files
from jaxgan.data.builders import table

VALUES = np.array([[1, -2.5, 3e5], [4, 0.1, 6], [7, 8, 9e-3]], np.float32)
LINES = '1,-2.5,3e5\n4,0.1,6\n7,8,9e-3\n'


def written(tmp_path, name, text, encoding='utf-8'):
  path = tmp_path / name
  path.write_text(text, encoding=encoding)
  return path


def sentence(path, *words):
  """Reading raises one sentence that names the file."""
  with pytest.raises(ValueError, match=r'\.$') as caught:
    table_files.read(path)
  text = str(caught.value)
  assert '\n' not in text
  for word in (str(path), *words):
    assert word in text


# Reading.


@pytest.mark.parametrize('dtype', ['f2', 'f4', '>f8', 'i4', 'u8', '?'])
def test_arrays_of_any_real_type_become_float32(tmp_path, dtype):
  array = np.array([[0, 1], [1, 1], [1, 0]]).astype(dtype)
  np.save(tmp_path / 'x.npy', array)
  found = table_files.read(tmp_path / 'x.npy')
  assert found.values.dtype == np.float32
  assert found.names == ()
  np.testing.assert_array_equal(found.values, array)


def test_an_archive_of_one_array_whatever_its_name(tmp_path):
  np.savez_compressed(tmp_path / 'x.npz', anything=VALUES)
  found = table_files.read(tmp_path / 'x.npz')
  np.testing.assert_array_equal(found.values, VALUES)


@pytest.mark.parametrize(
  ('text', 'names'),
  [
    (LINES, ()),
    (f'a, b c ,"d,e"\n{LINES}', ('a', 'b c', 'd,e')),
    (f',,\n{LINES}', ('', '', '')),
    (f'\ufeffa,b,c\r\n\r\n{LINES}\n\n', ('a', 'b', 'c')),
  ],
)
def test_lines_with_and_without_a_header(tmp_path, text, names):
  found = table_files.read(written(tmp_path, 'x.csv', text))
  assert found.names == names
  np.testing.assert_array_equal(found.values, VALUES)


def test_tabs_between(tmp_path):
  text = 'a\tb\tc\n' + LINES.replace(',', '\t')
  found = table_files.read(written(tmp_path, 'x.TSV', text))
  assert found.names == ('a', 'b', 'c')
  np.testing.assert_array_equal(found.values, VALUES)


@pytest.mark.parametrize(
  ('text', 'words'),
  [
    ('', ['0 rows', 'at least 2']),
    ('a,b\n1,2\n', ['1 rows', 'at least 2']),
    ('a,b\n1,2\n\n3,x\n', ['Line 4', "'x' in column 2 (b)"]),
    ('1,2\n3,\n', ['Line 2', "'' in column 2;"]),
    ('1,x\n3,4\n5,6\n', ['Line 1', "'x' in column 2;"]),
    ('a,b\n1,2\n3,nan\n', ['Line 3', "'nan' in column 2 (b)"]),
    ('1,2\n-inf,4\n', ['Line 2', "'-inf' in column 1;"]),
    ('1,2\n3,1e39\n', ['Line 2', "'1e39' in column 2;"]),
    ('1,2\n3,2020_01\n', ['Line 2', "'2020_01'"]),
    ('1,2\n3,4\n5,6,7\n', ['Line 3', '3 columns', 'line 1 has 2']),
    ('a,b\n1\n2\n', ['Line 2', '1 columns', 'line 1 has 2']),
    ('a;b\n1;2\n3;4\n', ['Line 2', "'1;2'"]),
  ],
)
def test_bad_lines_are_named(tmp_path, text, words):
  sentence(written(tmp_path, 'x.csv', text), *words)


def test_text_in_another_encoding(tmp_path):
  path = written(tmp_path, 'x.csv', 'Größe\n1\n2\n', 'latin-1')
  sentence(path, 'UTF-8')


@pytest.mark.parametrize(
  ('array', 'words'),
  [
    (np.zeros(3), ['float64 of shape [3]']),
    (np.zeros((3, 2, 1)), ['shape [3, 2, 1]']),
    (np.zeros((1, 2)), ['shape [1, 2]', 'two rows']),
    (np.zeros((3, 0)), ['shape [3, 0]']),
    (np.zeros((3, 2), complex), ['complex128']),
    (np.full((3, 2), 'x'), ['<U1']),
    (np.array([[0, 1], [2, np.nan]]), ['nan at [1, 1]']),
    (np.array([[0, 1], [1e39, 0]]), ['1e+39 at [1, 0]']),
  ],
)
def test_bad_arrays_are_named(tmp_path, array, words):
  np.save(tmp_path / 'x.npy', array)
  sentence(tmp_path / 'x.npy', *words)


def test_objects_are_never_unpickled(tmp_path):
  objects = np.array([[1, {}], [2, {}]], object)
  np.save(tmp_path / 'x.npy', objects)
  np.savez(tmp_path / 'x.npz', x=objects)
  for name in ('x.npy', 'x.npz'):
    sentence(tmp_path / name, 'damaged or holds other things than numbers')


def test_files_that_are_no_tables(tmp_path):
  np.savez(tmp_path / 'x.npz', a=VALUES, b=VALUES)
  sentence(tmp_path / 'x.npz', '2 arrays (a, b)')
  (tmp_path / 'x.npz').write_bytes(b'PK\x03\x04 and no more')
  sentence(tmp_path / 'x.npz', 'damaged')
  np.save(tmp_path / 'x.npy', VALUES)
  whole = (tmp_path / 'x.npy').read_bytes()
  (tmp_path / 'x.npy').write_bytes(whole[:-3])
  sentence(tmp_path / 'x.npy', 'damaged')
  sentence(written(tmp_path, 'x.xls', ''), '.npy, .npz, .csv, .tsv')


# The recipe.


def test_the_recipe_is_known_by_content(tmp_path):
  one = written(tmp_path, 'x.csv', LINES)
  two = written(tmp_path, 'y.csv', f'a,b,c\n{LINES}')
  other = written(tmp_path, 'z.csv', LINES.replace('8', '80'))
  recipes = [
    table.recipe(Data(name='table', path=str(path)))
    for path in (one, two, other)
  ]
  versions = [recipe.version for recipe in recipes]
  assert versions[0] == versions[1] != versions[2]
  assert recipes[1].columns.names == ('a', 'b', 'c')
  assert (recipes[0].shape, recipes[0].num_classes) == ((3,), 0)


@pytest.mark.parametrize(
  ('kind', 'name'), [(FileNotFoundError, 'none.csv'), (ValueError, '')]
)
def test_nothing_or_a_folder(tmp_path, kind, name):
  config = Data(name='table', path=str(tmp_path / name))
  with pytest.raises(kind, match=r'data\.path is .*ends in \.npy'):
    table.recipe(config)


# Columns.


def test_columns_have_mean_0_and_deviation_1_and_come_back():
  rng = np.random.default_rng(0)
  spread, middle = [1e-3, 1.0, 1e5], [4, -7, 1e6]
  values = (rng.normal(size=(500, 3)) * spread + middle).astype(np.float32)
  units = columns.measure(values, ())
  inside = units.standardise(values)
  assert inside.dtype == np.float32
  np.testing.assert_allclose(inside.mean(axis=0), 0, atol=1e-4)
  np.testing.assert_allclose(inside.std(axis=0), 1, atol=1e-4)
  np.testing.assert_allclose(units.restore(inside), values, rtol=1e-6)


def test_a_constant_column_is_0_inside_and_itself_outside():
  # In float32 the mean of these is not 0.1, nor is their deviation 0.
  values = np.full((1000, 1), 0.1, np.float32)
  units = columns.measure(values, ())
  assert units.scale == (1,)
  inside = units.standardise(values)
  np.testing.assert_array_equal(inside, 0)
  np.testing.assert_array_equal(units.restore(inside), values)


def test_from_one_table_to_another():
  values = np.array([[0.0], [2.0]], np.float32)
  one = columns.Columns(('a',), (10.0,), (5.0,))
  two = columns.Columns((), (0.0,), (2.0,))
  assert columns.convert(values, one, one) is values
  np.testing.assert_array_equal(
    columns.convert(values, one, None), [[10], [20]]
  )
  np.testing.assert_array_equal(columns.convert(values, one, two), [[5], [10]])
  np.testing.assert_array_equal(columns.convert(values, None, two), [[0], [1]])


@pytest.mark.parametrize('shape', [(4, 2), (4, 8, 8, 1), (4,)])
def test_other_numbers_of_columns_are_refused(shape):
  units = columns.measure(VALUES, ())
  for change in (units.standardise, units.restore):
    with pytest.raises(ValueError, match='the table has 3 columns'):
      change(np.zeros(shape, np.float32))
