"""Examples from a user's archives and tables, and what is refused."""

import numpy as np
import pytest

from jaxgan.data import examples
from jaxgan.data.columns import Columns


@pytest.mark.parametrize(
  ('array', 'words'),
  [
    (np.zeros((3, 4, 4, 1), np.float32), 'holds float32 of shape'),
    (np.zeros((0, 4, 4, 1), np.uint8), r'uint8 of shape \[0, 4, 4, 1\]'),
    (np.zeros((3, 4, 4), np.uint8), 'uint8'),
  ],
)
def test_archives_of_the_wrong_kind(tmp_path, array, words):
  np.savez(tmp_path / 'x.npz', images=array)
  with pytest.raises(ValueError, match=words):
    examples.load(tmp_path / 'x.npz', '--generated')


def test_tables_with_and_without_standardization(tmp_path):
  np.save(tmp_path / 'x.npy', [[1, 4], [3, 4]])
  (tmp_path / 'x.tsv').write_text('a\tb\n1\t4\n3\t4\n')
  columns = Columns(('a', 'b'), (1.0, 0.0), (2.0, 4.0))
  for name in ('x.npy', 'x.tsv'):
    plain = examples.load(tmp_path / name, '--generated')
    np.testing.assert_array_equal(plain, [[1, 4], [3, 4]])
    standardized = examples.load(tmp_path / name, '--generated', columns)
    np.testing.assert_array_equal(standardized, [[0, 1], [1, 1]])
  other = columns._replace(names=('a', 'c'))
  with pytest.raises(ValueError, match=r'Column 2 of --generated .* is b and'):
    examples.load(tmp_path / 'x.tsv', '--generated', other)


def test_missing_and_damaged_archives(tmp_path):
  path = tmp_path / 'x.npz'
  with pytest.raises(ValueError, match='which does not exist'):
    examples.load(path, '--generated')
  path.write_bytes(b'PK\x03\x04 and no more')
  with pytest.raises(ValueError, match='damaged'):
    examples.load(path, '--generated')
  np.savez(path, other=np.zeros(3))
  with pytest.raises(ValueError, match='neither images nor vectors'):
    examples.load(path, '--generated')
  np.savez(path, images=np.array([{}], object))
  with pytest.raises(ValueError, match='damaged'):
    examples.load(path, '--generated')
