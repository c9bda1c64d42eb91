"""`sources.load` end to end: names, files, mock data and the cache."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from data_testing import (
  as_set,
  pairs,
  random_images,
  write_attributes,
  write_celeba,
  write_cifar,
  write_folder,
  write_mnist,
)
from sklearn.datasets import load_digits

from jaxgan.config import Data
from jaxgan.data import cache, decode, sources
from jaxgan.data.builders import toys


@pytest.fixture(scope='module')
def shared(tmp_path_factory):
  """A data directory in which digits are prepared once."""
  return str(tmp_path_factory.mktemp('data'))


def load(tmp_path, **settings):
  return sources.load(Data(dir=str(tmp_path / 'prepared'), **settings))


def message(kind, **settings):
  """The one sentence that loading raises."""
  with pytest.raises(kind) as caught:
    sources.load(Data(**settings))
  text = str(caught.value)
  assert text.endswith(('.', '?'))
  assert '\n' not in text
  return text


# Our own builders.


def test_digits_are_the_default(shared):
  data = sources.load(Data(dir=shared))
  bunch = load_digits()
  reference = np.rint(bunch.images * 255 / 16).astype(np.uint8)[..., None]
  assert (data.name, data.shape, data.num_classes) == ('digits', (8, 8, 1), 10)
  assert (data.images.dtype, data.labels.dtype) == (np.uint8, np.int32)
  assert pairs(data.images, data.labels) == pairs(reference, bunch.target)
  assert data.class_counts == tuple(np.bincount(bunch.target))


def test_the_order_is_fixed(shared, tmp_path):
  first = sources.load(Data(dir=shared))
  second = load(tmp_path)
  np.testing.assert_array_equal(first.images, second.images)
  np.testing.assert_array_equal(first.labels, second.labels)


def test_slices_of_a_split(shared):
  whole = sources.load(Data(dir=shared))
  tenth = sources.load(Data(dir=shared, split='train[:10%]'))
  rest = sources.load(Data(dir=shared, split='train[10%:]'))
  assert len(tenth.images) == 180
  both = np.concatenate([tenth.images, rest.images])
  np.testing.assert_array_equal(both, whole.images)


@pytest.mark.parametrize('split', ['test', 'train[:5', 'train[:0]', ''])
def test_an_unknown_or_empty_split(shared, split):
  text = message(ValueError, dir=shared, split=split)
  assert text.startswith(f'data.split is {split!r}')
  assert 'a split of digits (train)' in text


def test_size_width_and_channels(shared):
  data = sources.load(Data(dir=shared, image_size=6, image_width=4, channels=3))
  assert data.images.shape == (1797, 6, 4, 3)
  np.testing.assert_array_equal(data.images[..., 0], data.images[..., 2])


@pytest.mark.parametrize('channels', [1, 2, 3, 4])
def test_a_folder_keeps_every_pixel_of_non_square_images(tmp_path, channels):
  images = random_images(5, 4, 7, channels)
  write_folder(tmp_path / 'images', images)
  data = load(tmp_path, name='folder', path=str(tmp_path / 'images'))
  assert (data.shape, data.num_classes) == ((4, 7, channels), 0)
  assert data.class_counts == ()
  assert as_set(data.images) == as_set(images)
  assert not data.labels.any()


def test_a_folder_of_classes(tmp_path):
  images = random_images(4, 4, 4, 3)
  names = ['b/0.png', 'a/0.png', 'b/1.png', 'c/0.png']
  path = str(write_folder(tmp_path / 'images', images, names))
  data = load(tmp_path, name='folder', path=path)
  assert data.num_classes == 3
  assert pairs(data.images, data.labels) == pairs(images, [1, 0, 1, 2])


def test_mixed_modes_follow_the_first_image(tmp_path):
  path = write_folder(tmp_path / 'images', random_images(2, 4, 4, 1))
  write_folder(path, random_images(2, 4, 4, 4), ['8.png', '9.png'])
  assert load(tmp_path, name='folder', path=str(path)).shape == (4, 4, 1)
  data = load(tmp_path, name='folder', path=str(path), channels=3)
  assert data.shape == (4, 4, 3)


def test_mixed_sizes_are_resized_to_one(tmp_path):
  path = write_folder(tmp_path / 'images', random_images(2, 9, 4, 3))
  write_folder(path, random_images(2, 4, 5, 3), ['8.png', '9.png'])
  data = load(tmp_path, name='folder', path=str(path), image_size=4)
  assert data.images.shape == (4, 4, 4, 3)


def test_idx_files_through_load(tmp_path):
  expected = write_mnist(tmp_path / 'files')
  for split, (images, labels) in expected.items():
    data = load(
      tmp_path, name='mnist', path=str(tmp_path / 'files'), split=split
    )
    assert (data.shape, data.num_classes) == ((28, 28, 1), 10)
    assert pairs(data.images, data.labels) == pairs(images, labels)


@pytest.mark.slow
def test_real_mnist_through_load(tmp_path, real_mnist):
  data = load(tmp_path, name='mnist', path=str(real_mnist), split='test')
  assert data.images.shape == (10_000, 28, 28, 1)
  counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
  np.testing.assert_array_equal(np.bincount(data.labels), counts)


def test_cifar_and_celeba_files_through_load(tmp_path):
  images, labels = write_cifar(tmp_path / 'cifar')['train']
  data = load(tmp_path, name='cifar10', path=str(tmp_path / 'cifar'))
  assert pairs(data.images, data.labels) == pairs(images, labels)
  images = write_celeba(tmp_path / 'celeba', zipped=True)[1::3]
  path = str(tmp_path / 'celeba')
  for name in ('celeba', 'celeb_a'):
    data = load(tmp_path, name=name, path=path, split='validation')
    assert as_set(data.images) == as_set(images)
    assert (data.name, data.num_classes) == (name, 0)


def test_each_choice_of_attributes_has_its_own_cache(tmp_path):
  images = write_celeba(tmp_path / 'celeba')[::3]
  signs = [(1, -1), (-1, -1), (-1, 1)] * 3
  write_attributes(tmp_path / 'celeba', ('Male', 'Young'), signs)
  settings = {'name': 'celeba', 'path': str(tmp_path / 'celeba')}
  for names, label, num_classes in (
    ((), 0, 0),
    (('Male',), 1, 2),
    (('Young',), 0, 2),
    (('Male', 'Young'), 2, 4),
    (('Young', 'Male'), 1, 4),
    (('Male',), 1, 2),  # Out of the cache.
  ):
    data = load(tmp_path, attributes=names, **settings)
    assert pairs(data.images, data.labels) == pairs(images, [label] * 3), names
    assert data.num_classes == num_classes


@pytest.mark.parametrize('name', ['gaussians8', 'gaussians25', 'swiss_roll'])
def test_toys_are_float_vectors(tmp_path, monkeypatch, name):
  monkeypatch.setattr(toys, 'NUM_POINTS', 200)
  data = load(tmp_path, name=name)
  at, labels = toys.points(name, 200)
  assert (data.shape, data.images.dtype) == ((2,), np.float32)
  assert pairs(data.images, data.labels) == pairs(at, labels)


def test_settings_that_do_not_suit_the_data_set(tmp_path):
  text = message(ValueError, name='swiss_roll', image_size=8)
  assert 'data.image_size is 8' in text
  assert 'vectors' in text
  text = message(ValueError, name='digits', path=str(tmp_path))
  assert 'needs no files' in text
  for name in ('folder', 'table'):
    text = message(ValueError, name=name)
    assert f'data.path is empty and data.name is {name}' in text


@pytest.mark.parametrize('name', ['x.npy', 'x.npz', 'x.csv', 'x.tsv'])
def test_a_table_is_standardized_by_all_of_its_rows(tmp_path, name):
  values = np.random.default_rng(0).normal(9, 4, (40, 3)).astype(np.float32)
  path = tmp_path / name
  if name == 'x.npz':
    np.savez(path, values)
  elif name == 'x.npy':
    np.save(path, values)
  else:
    np.savetxt(path, values, '%.9g', {'x.csv': ',', 'x.tsv': '\t'}[name])
  settings = {'name': 'table', 'path': str(path)}
  expected = (values - values.mean(axis=0)) / values.std(axis=0)
  whole = load(tmp_path, **settings)
  order = np.argsort(whole.images[:, 0])
  np.testing.assert_allclose(
    whole.images[order], expected[expected[:, 0].argsort()], atol=1e-5
  )
  half = load(tmp_path, split='train[:50%]', **settings)
  rest = load(tmp_path, split='train[50%:]', **settings)
  assert half.columns == rest.columns == whole.columns
  both = np.concatenate([half.images, rest.images])
  np.testing.assert_array_equal(both, whole.images)
  # The rows are shuffled, so that a slice of a sorted file is representative.
  assert as_set(half.images) != as_set(whole.columns.standardize(values[:20]))
  assert (whole.shape, whole.num_classes) == ((3,), 0)


def test_a_changed_table_is_read_again(tmp_path):
  path = tmp_path / 'x.csv'
  settings = {'name': 'table', 'path': str(path)}
  for values in ([[1], [3]], [[1], [5]]):
    np.savetxt(path, values)
    data = load(tmp_path, **settings)
    restored = sorted(data.columns.unstandardize(data.images).tolist())
    assert restored == values


# The cache.


def test_a_second_load_decodes_nothing(shared, monkeypatch):
  first = sources.load(Data(dir=shared))
  monkeypatch.setattr(cache, 'write', None)
  second = sources.load(Data(dir=shared))
  np.testing.assert_array_equal(first.images, second.images)
  np.testing.assert_array_equal(first.labels, second.labels)


def test_a_truncated_cache_is_rebuilt(tmp_path):
  first = load(tmp_path, split='train[:50]')
  (file,) = (tmp_path / 'prepared' / 'jaxgan_arrays').glob('*/images.npy')
  whole = file.read_bytes()
  file.write_bytes(whole[:-7])
  second = load(tmp_path, split='train[:50]')
  np.testing.assert_array_equal(first.images, second.images)
  assert file.read_bytes() == whole


@pytest.mark.slow
def test_each_shape_and_split_has_its_own_cache(tmp_path):
  cached = tmp_path / 'prepared' / 'jaxgan_arrays'
  settings = [{}, {'channels': 3}, {'image_size': 4}, {'split': 'train[5:]'}]
  for _ in range(2):
    for each in settings:
      load(tmp_path, **each)
    assert len(list(cached.iterdir())) == 4


def test_a_large_data_set_is_memory_mapped(shared, monkeypatch):
  monkeypatch.setattr(cache, 'MEMORY_BYTES', 1000)
  data = sources.load(Data(dir=shared, channels=2))
  assert isinstance(data.images, np.memmap)


def test_a_changed_folder_is_read_again(tmp_path):
  images = random_images(3, 4, 4, 1)
  path = write_folder(tmp_path / 'images', images)
  assert len(load(tmp_path, name='folder', path=str(path)).images) == 3
  other = random_images(1, 4, 4, 1, seed=1)
  write_folder(path, other, ['001.png'])
  data = load(tmp_path, name='folder', path=str(path))
  assert as_set(data.images) == as_set([images[0], other[0], images[2]])


def test_skipping_does_not_hide_a_broken_image_later(tmp_path):
  path = write_folder(tmp_path / 'images', random_images(3, 4, 4, 1))
  (path / '001.png').write_bytes(b'')
  settings = {'name': 'folder', 'path': str(path)}
  assert len(load(tmp_path, on_bad_image='skip', **settings).images) == 2
  with pytest.raises(ValueError, match=r'001\.png is not a complete image'):
    load(tmp_path, **settings)


# Mock data.


@pytest.mark.parametrize(
  ('name', 'shape', 'num_classes'),
  [
    ('celeba', (218, 178, 3), 0),
    ('celeb_a', (218, 178, 3), 0),
    ('cifar10', (32, 32, 3), 10),
    ('mnist', (28, 28, 1), 10),
    ('digits', (8, 8, 1), 10),
    ('folder', (32, 32, 3), 0),
    ('swiss_roll', (2,), 0),
    ('table', (8,), 0),
  ],
)
def test_mock_data_have_the_shape_of_real_data(
  tmp_path, name, shape, num_classes
):
  path = '' if name in ('digits', 'swiss_roll') else str(tmp_path / 'missing')
  data = load(tmp_path, name=name, path=path, mock_examples=12)
  assert data.images.shape == (12, *shape)
  assert data.num_classes == num_classes
  assert len(as_set(data.images)) == len(set(as_set(data.images)))
  assert (data.labels.max() > 0) == (num_classes > 0)
  assert not (tmp_path / 'prepared').exists()


def test_mock_data_are_resized_like_real_data():
  settings = {'mock_examples': 3, 'image_size': 16, 'image_width': 8}
  data = sources.load(Data(name='celeba', channels=1, **settings))
  assert data.images.shape == (3, 16, 8, 1)
  assert sources.load(Data(name='folder', **settings)).shape == (16, 8, 3)


def test_mock_faces_have_attributes():
  names = ('Male', 'Smiling')
  settings = {'name': 'celeba', 'mock_examples': 60, 'image_size': 4}
  data = sources.load(Data(attributes=names, **settings))
  assert data.num_classes == 4
  assert set(data.labels) == {0, 1, 2, 3}
  with pytest.raises(ValueError, match=r"'Smile'; .* Sideburns, Smiling, Str"):
    sources.load(Data(attributes=('Male', 'Smile'), **settings))


# Shape and classes before loading.


@pytest.mark.slow
def test_facts_agree_with_load(tmp_path):
  write_folder(tmp_path / 'images', random_images(2, 6, 7, 3))
  for settings in (
    {},
    {'name': 'swiss_roll'},
    {'name': 'folder', 'path': str(tmp_path / 'images')},
    {'name': 'folder', 'path': str(tmp_path / 'images'), 'image_size': 4},
    {'name': 'cifar10', 'mock_examples': 2},
  ):
    config = Data(dir=str(tmp_path / 'prepared'), **settings)
    result = sources.facts(config)[:2]
    data = sources.load(config)
    assert result == (data.shape, data.num_classes)


def test_facts_prepares_nothing(tmp_path):
  config = Data(dir=str(tmp_path / 'prepared'))
  assert sources.facts(config)[:2] == ((8, 8, 1), 10)
  assert not (tmp_path / 'prepared').exists()


def test_facts_loads_if_the_builder_has_no_shape(shared, monkeypatch):
  unknown = decode.Spec((None, None, None), 10)
  monkeypatch.setattr(decode, 'describe', lambda builder, config: unknown)
  assert sources.facts(Data(dir=shared))[:2] == ((8, 8, 1), 10)


# Imports.


def test_the_modules_import_without_optional_packages():
  code = """
    import sys
    for name in ('tensorflow_datasets', 'PIL', 'sklearn', 'tensorflow'):
      sys.modules[name] = None
    import jaxgan.data.pipeline
    import jaxgan.data.sources
  """
  command = [sys.executable, '-c', textwrap.dedent(code)]
  env = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
  subprocess.run(command, check=True, env=env, timeout=120)
