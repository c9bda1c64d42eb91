"""Tables from files; errors name the file and the place in it."""

import numpy as np
import pytest

from jaxgan.config import Data
from jaxgan.data import table_files
from jaxgan.data.builders import table

VALUES = np.array([[1, -2.5, 3e5], [4, 0.1, 6], [7, 8, 9e-3]], np.float32)
LINES = '1,-2.5,3e5\n4,0.1,6\n7,8,9e-3\n'


def written(tmp_path, name, text, encoding='utf-8'):
  path = tmp_path / name
  path.write_text(text, encoding=encoding)
  return path


def sentence(path, *words):
  """Reading raises one sentence that contains the file name and all words."""
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
  result = table_files.read(tmp_path / 'x.npy')
  assert result.values.dtype == np.float32
  assert result.names == ()
  np.testing.assert_array_equal(result.values, array)


def test_an_archive_of_one_array_of_any_name(tmp_path):
  np.savez_compressed(tmp_path / 'x.npz', anything=VALUES)
  result = table_files.read(tmp_path / 'x.npz')
  np.testing.assert_array_equal(result.values, VALUES)


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
  result = table_files.read(written(tmp_path, 'x.csv', text))
  assert result.names == names
  np.testing.assert_array_equal(result.values, VALUES)


def test_tab_separated_values(tmp_path):
  text = 'a\tb\tc\n' + LINES.replace(',', '\t')
  result = table_files.read(written(tmp_path, 'x.TSV', text))
  assert result.names == ('a', 'b', 'c')
  np.testing.assert_array_equal(result.values, VALUES)


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
    sentence(tmp_path / name, 'damaged or does not hold numbers only')


def test_files_that_are_not_tables(tmp_path):
  np.savez(tmp_path / 'x.npz', a=VALUES, b=VALUES)
  sentence(tmp_path / 'x.npz', '2 arrays (a, b)')
  (tmp_path / 'x.npz').write_bytes(b'PK\x03\x04 and no more')
  sentence(tmp_path / 'x.npz', 'damaged')
  np.save(tmp_path / 'x.npy', VALUES)
  content = (tmp_path / 'x.npy').read_bytes()
  (tmp_path / 'x.npy').write_bytes(content[:-3])
  sentence(tmp_path / 'x.npy', 'damaged')
  sentence(written(tmp_path, 'x.xls', ''), '.npy, .npz, .csv, .tsv')


# The recipe.


def test_the_version_of_a_table_is_a_hash_of_its_content(tmp_path):
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
def test_a_missing_path_or_a_folder(tmp_path, kind, name):
  config = Data(name='table', path=str(tmp_path / name))
  with pytest.raises(kind, match=r'data\.path is .*ends in \.npy'):
    table.recipe(config)
