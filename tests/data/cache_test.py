"""The cache of decoded arrays: complete, damaged, large, or not writable."""

import io

import numpy as np
import pytest

from jaxgan.data import cache

SHAPE = (2, 3, 1)


def chunks(shape=SHAPE, num=5, first=0):
  """All numbers from `first` on, in chunks of two examples and of the rest."""
  numbers = first + np.arange(num * np.prod(shape)).reshape(num, *shape)
  images = numbers.astype(cache.dtype_of(shape))
  labels = np.arange(num, dtype=np.int32)
  for start in range(0, num, 2):
    yield images[start : start + 2], labels[start : start + 2]


def test_read_returns_what_write_stored(tmp_path):
  folder = tmp_path / 'deep' / 'down'
  written = cache.write(folder, SHAPE, 5, chunks())
  for images, labels in (written, cache.read(folder, (None, 3, None))):
    assert (images.dtype, labels.dtype) == (np.uint8, np.int32)
    np.testing.assert_array_equal(images.ravel(), np.arange(30))
    np.testing.assert_array_equal(labels, np.arange(5))
  files = sorted(file.name for file in folder.iterdir())
  assert files == ['checksums.json', 'images.npy', 'labels.npy']


def test_vectors_are_float32(tmp_path):
  cache.write(tmp_path, (2,), 5, chunks((2,)))
  images, _ = cache.read(tmp_path, (2,))
  assert (images.shape, images.dtype) == ((5, 2), np.float32)


def test_large_arrays_stay_on_disk(tmp_path, monkeypatch):
  monkeypatch.setattr(cache, 'MEMORY_BYTES', 29)
  images, _ = cache.write(tmp_path, SHAPE, 5, chunks())
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
  cache.write(tmp_path, SHAPE, 5, chunks())
  file = tmp_path / name
  file.write_bytes(file.read_bytes()[:length])
  assert cache.read(tmp_path, SHAPE) is None
  assert 'damaged' in caplog.text


@pytest.mark.parametrize('name', ['images.npy', 'labels.npy'])
def test_a_flipped_bit_is_noticed_wherever_it_is(tmp_path, caplog, name):
  cache.write(tmp_path, SHAPE, 5, chunks())
  file = tmp_path / name
  whole = file.read_bytes()
  for at in (3, 40, 80, len(whole) // 2 + 64, len(whole) - 1):
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert cache.read(tmp_path, SHAPE) is None
  assert f'is damaged ({name} does not match its checksum)' in caplog.text
  file.write_bytes(whole)
  assert cache.read(tmp_path, SHAPE) is not None


def test_arrays_of_an_older_version_have_no_checksums(tmp_path, caplog):
  cache.write(tmp_path, SHAPE, 5, chunks())
  (tmp_path / 'checksums.json').unlink()
  assert cache.read(tmp_path, SHAPE) is None
  assert f'Decoding again: {tmp_path} is damaged (it has no' in caplog.text


def test_the_files_are_those_that_numpy_writes(tmp_path):
  arrays = cache.write(tmp_path, SHAPE, 5, chunks())
  for name, array in zip(('images', 'labels'), arrays, strict=True):
    expected = io.BytesIO()
    np.save(expected, array)
    assert (tmp_path / f'{name}.npy').read_bytes() == expected.getvalue()


def test_files_of_a_killed_writer_are_removed(tmp_path):
  for name in ('images.npy', 'labels.npy', 'checksums.json'):
    (tmp_path / f'{name}.0123.tmp').write_text('half')
  cache.write(tmp_path, SHAPE, 5, chunks())
  assert len(list(tmp_path.iterdir())) == 3


def test_pickles_are_not_read(tmp_path, monkeypatch):
  cache.write(tmp_path, SHAPE, 5, chunks())
  np.save(tmp_path / 'labels.npy', np.array([{}] * 5), allow_pickle=True)
  monkeypatch.setattr(cache, '_check', lambda folder: None)
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
def test_other_arrays_are_not_read(tmp_path, caplog, monkeypatch, name, array):
  cache.write(tmp_path, SHAPE, 5, chunks())
  np.save(tmp_path / name, array)
  monkeypatch.setattr(cache, '_check', lambda folder: None)
  assert cache.read(tmp_path, SHAPE) is None
  assert 'other arrays' in caplog.text


def test_a_failure_leaves_nothing_behind(tmp_path):
  def fail():
    yield from chunks(num=2)
    raise ValueError('Broken.')

  with pytest.raises(ValueError, match='Broken'):
    cache.write(tmp_path, SHAPE, 5, fail())
  assert not list(tmp_path.iterdir())


def test_arrays_stay_in_memory_if_the_folder_cannot_be_created(
  tmp_path, caplog
):
  (tmp_path / 'file').write_text('not a folder')
  images, labels = cache.write(tmp_path / 'file' / 'x', SHAPE, 5, chunks())
  np.testing.assert_array_equal(images.ravel(), np.arange(30))
  np.testing.assert_array_equal(labels, np.arange(5))
  assert 'not cached' in caplog.text
