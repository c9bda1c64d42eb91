"""Tests of atomic writes: a file is complete or not there."""

import errno
import os

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


@pytest.mark.parametrize(
  ('number', 'reason'),
  [
    (errno.ENOSPC, 'its disk is full; free some space'),
    (errno.EDQUOT, 'the disk quota is used up; free some space'),
    (errno.EROFS, 'its disk is read-only; make it writable'),
    (errno.EACCES, 'it is read-only for this user; make it writable'),
    (errno.EIO, 'its disk has errors; repair it'),
  ],
)
@pytest.mark.parametrize('in_text', [False, True])
def test_an_error_of_the_disk_names_the_folder(
  tmp_path, number, reason, in_text
):
  text = os.strerror(number)
  # Libraries in C++ give only the text.
  error = RuntimeError(f'[{text}] x') if in_text else OSError(number, text)

  def write():
    with atomic.replacing(tmp_path / 'x'):
      raise error

  with pytest.raises(atomic.DiskError) as caught, atomic.naming(tmp_path / 'y'):
    write()
  assert str(caught.value) == (
    f'{tmp_path} cannot be written, because {reason} and start the same '
    'command again.'
  )
  assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('in_text', [False, True])
def test_a_file_elsewhere_is_not_blamed_on_the_folder(tmp_path, in_text):
  def fail(path):
    text = os.strerror(errno.EACCES)
    error = PermissionError(errno.EACCES, text, str(path))
    with atomic.naming(tmp_path / 'run'):
      raise RuntimeError(str(error)) if in_text else error

  with pytest.raises(RuntimeError if in_text else PermissionError) as caught:
    fail(tmp_path / 'weights.npz')
  assert not isinstance(caught.value, atomic.DiskError)
  assert str(tmp_path / 'weights.npz') in str(caught.value)
  with pytest.raises(atomic.DiskError, match='run cannot be written'):
    fail(tmp_path / 'run' / 'checkpoints' / '1')


def test_leftovers_of_one_file_are_removed(tmp_path):
  for name in ('x.txt', 'x.txt.0a.tmp', 'x.txt.tmp', 'y.txt.0a.tmp'):
    (tmp_path / name).touch()
  atomic.remove_leftovers(tmp_path / 'x.txt')
  names = {path.name for path in tmp_path.iterdir()}
  assert names == {'x.txt', 'x.txt.tmp', 'y.txt.0a.tmp'}
