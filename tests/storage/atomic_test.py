"""Tests of atomic writes: a file is complete or not there."""

import pytest

from jaxgan.storage import atomic


def test_a_file_is_replaced_at_the_end_of_the_block(tmp_path):
  path = tmp_path / 'x.txt'
  path.write_text('old')
  with atomic.replacing(path) as temporary:
    temporary.write_text('new')
    assert path.read_text() == 'old'
    assert temporary.parent == tmp_path
  assert path.read_text() == 'new'
  assert list(tmp_path.iterdir()) == [path]


def test_an_error_keeps_the_old_file_and_removes_the_temporary_one(tmp_path):
  path = tmp_path / 'x.txt'
  atomic.write_text(path, 'old')

  def write_half():
    with atomic.replacing(path) as temporary:
      temporary.write_text('ne')
      raise OSError('disk full')

  with pytest.raises(OSError, match='disk full'):
    write_half()
  assert path.read_text() == 'old'
  assert list(tmp_path.iterdir()) == [path]


def test_text_is_utf8(tmp_path):
  atomic.write_text(tmp_path / 'x.txt', 'λ\n')
  assert (tmp_path / 'x.txt').read_bytes() == 'λ\n'.encode()
