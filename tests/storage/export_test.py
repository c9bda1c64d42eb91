"""Tests of exports: grids, archives, tables, folders, error messages."""

import pathlib
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import table_files
from jaxgan.data.columns import Columns
from jaxgan.storage import export


def chunks(count, size=4, shape=(3, 5, 1)):
  rng = np.random.default_rng(0)
  for start in range(0, count, size):
    length = min(size, count - start)
    yield rng.integers(0, 256, (length, *shape)).astype(np.uint8)


def whole(count, **options):
  return np.concatenate(list(chunks(count, **options)))


def test_an_archive_holds_every_image_in_order(tmp_path):
  out = tmp_path / 'new' / 'x.npz'
  export.write(out, chunks(10), count=10)
  with np.load(out, allow_pickle=False) as archive:
    np.testing.assert_array_equal(archive['images'], whole(10))
  assert [p.name for p in out.parent.iterdir()] == ['x.npz']


def test_an_archive_holds_vectors(tmp_path):
  vectors = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
  export.write(tmp_path / 'x.npz', iter([vectors]), count=6)
  with np.load(tmp_path / 'x.npz') as archive:
    np.testing.assert_array_equal(archive['vectors'], vectors)


@pytest.mark.parametrize('names', [('a', 'b, c'), ()])
def test_a_csv_is_exact(tmp_path, names):
  vectors = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
  table = Columns(names, (0.0, 0.0), (1.0, 1.0)) if names else None
  halves = iter([vectors[:3], vectors[3:]])
  export.write(tmp_path / 'x.csv', halves, count=6, table=table)
  restored = table_files.read(tmp_path / 'x.csv')
  assert restored.names == names
  np.testing.assert_array_equal(restored.values, vectors)


def test_an_archive_is_written_in_bounded_memory(tmp_path):
  shape, count = (32, 32, 3), 2000
  tracemalloc.start()
  export.write(tmp_path / 'x.npz', chunks(count, 50, shape), count=count)
  _, peak = tracemalloc.get_traced_memory()
  tracemalloc.stop()
  assert peak < count * 32 * 32 * 3 / 2


def test_a_picture_of_too_many_samples_is_refused_before_they_are_made(
  tmp_path,
):
  with pytest.raises(ValueError, match=r'num is 100000000; a \.png holds at'):
    export.write(tmp_path / 'x.png', iter(int, 1), count=100_000_000)
  with pytest.raises(ValueError, match=r'gs://x\.png is a URL'):
    export.check(pathlib.Path('gs://x.png'), 1)


def test_a_folder_holds_one_png_each(tmp_path):
  export.write(tmp_path / 'images', chunks(6), count=6)
  names = sorted(p.name for p in (tmp_path / 'images').iterdir())
  assert names == [f'{n:06d}.png' for n in range(6)]
  for name, expected in zip(names, whole(6), strict=True):
    with Image.open(tmp_path / 'images' / name) as image:
      np.testing.assert_array_equal(np.asarray(image), expected[..., 0])
      assert 'Generated' in image.text['Source']


@pytest.mark.parametrize('name', ['x.PNG', 'x.NPZ', 'x.Csv'])
def test_endings_may_be_in_upper_case(tmp_path, name):
  samples = iter([np.zeros((2, 2), np.float32)])
  export.write(tmp_path / name, samples, count=2)
  assert (tmp_path / name).is_file()


def test_a_strip_is_a_grid_of_one_row(tmp_path):
  export.write(tmp_path / 'x.png', chunks(6), count=6, columns=6)
  with Image.open(tmp_path / 'x.png') as image:
    assert image.width / image.height == pytest.approx((6 * 6 - 1) / 3)


@pytest.mark.parametrize(
  ('out', 'count', 'sentence'),
  [
    ('x.png', 5000, '--num is 5000; a .png holds at most 4096'),
    ('x.jpg', 4, r"--out is '.*x.jpg'; it must end in .png, .npz or .csv"),
    ('x.csv', 4, 'x.csv is a table and the samples are images'),
    ('full/mine.csv', 4, 'mine.csv already exists; give a new .csv'),
    ('full', 4, 'full is not empty; give a new or empty folder'),
  ],
)
def test_bad_outputs_have_an_error_message(tmp_path, out, count, sentence):
  (tmp_path / 'full').mkdir()
  (tmp_path / 'full' / 'mine.png').touch()
  (tmp_path / 'full' / 'mine.csv').write_text('1')
  with pytest.raises(ValueError, match=sentence):
    export.write(tmp_path / out, chunks(count), count=count)
  assert {p.name for p in tmp_path.rglob('*.*')} == {'mine.png', 'mine.csv'}
  assert (tmp_path / 'full' / 'mine.csv').read_text() == '1'


def test_an_interrupted_archive_leaves_no_file(tmp_path):
  def fail():
    yield from chunks(4)
    raise OSError('disk full')

  with pytest.raises(OSError, match='disk full'):
    export.write(tmp_path / 'x.npz', fail(), count=8)
  assert list(tmp_path.iterdir()) == []


def test_a_folder_of_images_cannot_hold_vectors(tmp_path):
  vectors = iter([np.zeros((4, 2), np.float32)])
  with pytest.raises(ValueError, match='the samples are vectors'):
    export.write(tmp_path / 'folder', vectors, count=4)
