"""Reading and writing .npz files: atomic, reproducible, without pickle."""

import numpy as np
import pytest

from jaxgan.metrics import npz

ARRAYS = {'a/b': np.arange(6.0).reshape(2, 3), 'text': np.array('x')}


def test_arrays_come_back_and_equal_arrays_give_equal_bytes(tmp_path):
  first, second = tmp_path / 'first.npz', tmp_path / 'second.npz'
  for path in (first, second):
    npz.write(path, ARRAYS)
  result = npz.read(first, 'a command')
  assert result.keys() == ARRAYS.keys()
  np.testing.assert_array_equal(result['a/b'], ARRAYS['a/b'])
  assert first.read_bytes() == second.read_bytes()


def test_a_file_is_replaced_as_a_whole(tmp_path):
  path = tmp_path / 'x.npz'
  npz.write(path, ARRAYS)
  with pytest.raises(ValueError, match='no array'):
    npz.write(path, {'bad': _Broken()})
  np.testing.assert_array_equal(npz.read(path, '')['a/b'], ARRAYS['a/b'])
  npz.write(path, {'c': np.zeros(2)})
  assert list(npz.read(path, '')) == ['c']


@pytest.mark.parametrize('content', [b'', b'text', b'PK\x03\x04'])
def test_a_damaged_file_is_rejected(tmp_path, content):
  path = tmp_path / 'x.npz'
  path.write_bytes(content)
  with pytest.raises(ValueError, match=r'x\.npz is damaged .* a command wrote'):
    npz.read(path, 'a command')


def test_objects_are_not_unpickled(tmp_path):
  path = tmp_path / 'x.npz'
  np.savez(path, a=np.array([{}], dtype=object))
  with pytest.raises(ValueError, match='is damaged'):
    npz.read(path, '')


class _Broken:
  """An array-like that fails while it is converted."""

  def __array__(self, dtype=None, copy=None):
    raise ValueError('no array')
