"""Tables of any cells: kinds of columns, and sentences for bad files."""

import gzip

import numpy as np
import pytest

from jaxgan.data import cells, kinds


def write(path, text):
  path.write_text(text)
  return path


def test_columns_are_read_from_text_and_gz(tmp_path):
  text = 'a, b\n1, x\n2, "y, z"\n1,\n'
  plain = cells.read(write(tmp_path / 't.csv', text))
  packed = tmp_path / 't.csv.gz'
  packed.write_bytes(gzip.compress(text.encode()))
  for table in (plain, cells.read(packed)):
    assert [(c.name, c.texts, c.codes.tolist()) for c in table] == [
      ('a', ('1', '2'), [0, 1, 0]),
      ('b', ('x', 'y, z', ''), [0, 1, 2]),
    ]


@pytest.mark.parametrize(
  ('texts', 'kind'),
  [
    (('1', '-2', ''), 'integer'),
    (('1', '2.5', '?'), 'number'),
    (('1e3', '2'), 'number'),
    (('2024-02-29', 'NA'), 'date'),
    (('2024-02-29', '2024-02-29 12:30:01'), 'datetime'),
    (('2024-02-30',), 'category'),
    (('True', 'false'), 'boolean'),
    (('1_000', '2'), 'category'),
    (('inf', '2'), 'category'),
    (('=1+1', '2'), 'category'),
    (('', '?'), 'category'),
  ],
)
def test_kinds_are_inferred(texts, kind):
  assert kinds.infer(texts) == kind


@pytest.mark.parametrize('kind', ['integer', 'number', 'date', 'datetime'])
def test_numbers_are_written_as_they_were_read(kind):
  texts = {
    'integer': ('-7', '12'),
    'number': ('-7.25', '12.00'),
    'date': ('1969-12-31', '2024-02-29'),
    'datetime': ('1969-12-31 23:59:59', '2024-02-29 00:00:00'),
  }[kind]
  column = cells.Cells('x', texts, np.arange(2))
  numbers = kinds.parse(column, kind)
  places = kinds.decimals(texts) if kind == 'number' else 0
  back = [kinds.format_number(n, kind, places) for n in numbers]
  assert back == [*texts]


@pytest.mark.parametrize(
  ('text', 'sentence'),
  [
    ('a,b,a\n1,2,3\n1,2,3\n', "two columns 'a'"),
    ('a,\n1,2\n1,2\n', 'an empty name in its first line'),
    ('1,2\n1,2\n1,2\n', "the number '1' in its first line"),
    ('a,b\n1,2\n1\n', 'Line 3 of .* has 1 columns and the header has 2'),
    ('a\n1\n', 'holds 1 rows below its header'),
    ('', 'an empty name'),
  ],
)
def test_bad_tables_end_with_a_sentence(text, sentence, tmp_path):
  with pytest.raises(ValueError, match=sentence):
    cells.read(write(tmp_path / 't.csv', text))


def test_other_files_end_with_a_sentence(tmp_path):
  with pytest.raises(ValueError, match=r'must end in \.csv'):
    cells.read(write(tmp_path / 't.xlsx', ''))
  (tmp_path / 't.csv.gz').write_bytes(b'no gzip')
  with pytest.raises(ValueError, match='cannot be read'):
    cells.read(tmp_path / 't.csv.gz')


def test_kinds_are_declared_in_a_file(tmp_path):
  declared = {'a': 'category', 'b': 'drop'}
  one = write(tmp_path / 'k.json', '{"a": "category", "b": "drop"}')
  other = write(tmp_path / 'k.csv', 'a,category\nb,drop\n')
  assert kinds.read(one, 'abc') == declared == kinds.read(other, 'abc')
  with pytest.raises(ValueError, match="declares 'a', which is no column"):
    kinds.read(one, 'bc')
  bad = write(tmp_path / 'bad.json', '{"a": "text"}')
  with pytest.raises(ValueError, match="declares a as 'text'; it must be one"):
    kinds.read(bad, 'abc')
  with pytest.raises(ValueError, match='cannot be read'):
    kinds.read(write(tmp_path / 'x.csv', 'a,b,c\n'), 'abc')
