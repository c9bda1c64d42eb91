"""The cache of decoded arrays: complete, damaged, large, or not writable."""

import numpy as np
import pytest

from jaxgan.data import cache

SHAPE = (2, 3, 1)


def fill(images, labels):
  images[:] = np.arange(images.size).reshape(images.shape)
  labels[:] = np.arange(len(labels))


def test_read_returns_what_write_stored(tmp_path):
  folder = tmp_path / 'deep' / 'down'
  written = cache.write(folder, SHAPE, 5, fill)
  for images, labels in (written, cache.read(folder, (None, 3, None))):
    assert (images.dtype, labels.dtype) == (np.uint8, np.int32)
    np.testing.assert_array_equal(images.ravel(), np.arange(30))
    np.testing.assert_array_equal(labels, np.arange(5))
  files = sorted(file.name for file in folder.iterdir())
  assert files == ['images.npy', 'labels.npy']


def test_vectors_are_float32(tmp_path):
  cache.write(tmp_path, (2,), 5, fill)
  images, _ = cache.read(tmp_path, (2,))
  assert (images.shape, images.dtype) == ((5, 2), np.float32)


def test_large_arrays_stay_on_disk(tmp_path, monkeypatch):
  monkeypatch.setattr(cache, 'MEMORY_BYTES', 29)
  images, _ = cache.write(tmp_path, SHAPE, 5, fill)
  assert isinstance(images, np.memmap)
  with pytest.raises(ValueError, match='read-only'):
    images[0] = 1
  monkeypatch.setattr(cache, 'MEMORY_BYTES', 30)
  assert not isinstance(cache.read(tmp_path, SHAPE)[0], np.memmap)


def test_a_missing_cache_gives_no_warning(tmp_path, caplog):
  assert cache.read(tmp_path, SHAPE) is None
  assert not caplog.text


@pytest.mark.parametrize('name', ['images.npy', 'labels.npy'])
@pytest.mark.parametrize('length', [0, 20, -1])
def test_truncated_files_are_not_read(tmp_path, caplog, name, length):
  cache.write(tmp_path, SHAPE, 5, fill)
  file = tmp_path / name
  file.write_bytes(file.read_bytes()[:length])
  assert cache.read(tmp_path, SHAPE) is None
  assert 'damaged' in caplog.text


def test_pickles_are_not_read(tmp_path):
  cache.write(tmp_path, SHAPE, 5, fill)
  np.save(tmp_path / 'labels.npy', np.array([{}] * 5), allow_pickle=True)
  assert cache.read(tmp_path, SHAPE) is None


@pytest.mark.parametrize(
  ('name', 'array'),
  [
    ('images.npy', np.zeros((5, 2, 3, 1), np.float32)),
    ('images.npy', np.zeros((5, 2, 4, 1), np.uint8)),
    ('images.npy', np.zeros((5, 2, 3), np.uint8)),
    ('images.npy', np.zeros((4, 2, 3, 1), np.uint8)),
    ('labels.npy', np.zeros(5, np.int64)),
    ('labels.npy', np.zeros((5, 1), np.int32)),
  ],
)
def test_other_arrays_are_not_read(tmp_path, caplog, name, array):
  cache.write(tmp_path, SHAPE, 5, fill)
  np.save(tmp_path / name, array)
  assert cache.read(tmp_path, SHAPE) is None
  assert 'other arrays' in caplog.text


def test_a_failure_leaves_nothing_behind(tmp_path):
  def fail(images, labels):
    raise ValueError('Broken.')

  with pytest.raises(ValueError, match='Broken'):
    cache.write(tmp_path, SHAPE, 5, fail)
  assert not list(tmp_path.iterdir())


def test_two_writers_do_not_conflict(tmp_path):
  def slow_fill(images, labels):
    fill(images, labels)
    images[:] += 1
    if not (tmp_path / 'images.npy').exists():
      cache.write(tmp_path, SHAPE, 5, slow_fill_of_another)

  def slow_fill_of_another(images, labels):
    fill(images, labels)

  images, _ = cache.write(tmp_path, SHAPE, 5, slow_fill)
  np.testing.assert_array_equal(images.ravel(), np.arange(30) + 1)
  assert len(list(tmp_path.iterdir())) == 2


def test_arrays_stay_in_memory_if_the_folder_cannot_be_created(
  tmp_path, caplog
):
  (tmp_path / 'file').write_text('not a folder')
  images, labels = cache.write(tmp_path / 'file' / 'x', SHAPE, 5, fill)
  np.testing.assert_array_equal(images.ravel(), np.arange(30))
  np.testing.assert_array_equal(labels, np.arange(5))
  assert 'not cached' in caplog.text
