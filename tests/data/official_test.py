"""The data sets of tfds: prepared or not, with and without TensorFlow."""

import importlib.util
import socket
import threading
import time

import numpy as np
import pytest
import tensorflow_datasets as tfds
from data_testing import pairs, random_images

from jaxgan.config import Data
from jaxgan.data import images, official, sources


@pytest.fixture
def with_tensorflow(monkeypatch):
  """Makes TensorFlow seem to be installed."""
  monkeypatch.setattr(importlib.util, 'find_spec', lambda name: name)
  monkeypatch.setattr(official.urllib.request, 'getproxies', dict)


@pytest.fixture
def offline(monkeypatch):
  def refuse(address, timeout):
    raise OSError('Network is unreachable')

  monkeypatch.setattr(socket, 'create_connection', refuse)


def message(kind, tmp_path, **settings):
  """The one sentence that loading raises, within a few seconds."""
  start = time.monotonic()
  with pytest.raises(kind) as caught:
    sources.load(Data(dir=str(tmp_path), **settings))
  assert time.monotonic() - start < 8
  text = str(caught.value)
  assert '\n' not in text
  return text


@pytest.mark.parametrize(
  ('name', 'close'), [('minst', 'mnist'), ('celeb', 'celeb_a')]
)
def test_an_unknown_name_gets_suggestions(tmp_path, name, close):
  text = message(ValueError, tmp_path, name=name)
  assert text.startswith(f'data.name is {name!r}')
  assert close in text.split('did you mean')[1]
  assert 'digits' in text
  assert len(text) < 400  # Not all names of tfds.


def test_an_unknown_name_without_similar_names(tmp_path):
  text = message(ValueError, tmp_path, name='qqqqqqqqqq')
  assert 'did you mean' not in text


@pytest.mark.parametrize('name', ['lsun/kitchenette', 'a name!'])
def test_names_that_tfds_cannot_open(tmp_path, name):
  text = message(ValueError, tmp_path, name=name)
  assert f'data.name is {name!r}, and tfds cannot open it' in text


def test_a_data_set_without_images_lists_its_features(tmp_path):
  text = message(ValueError, tmp_path, name='ag_news_subset')
  assert 'ag_news_subset has the features' in text
  assert 'description, label, title' in text


@pytest.mark.parametrize(
  ('name', 'own_files'),
  [('mnist', True), ('celeba', True), ('stl10', False)],
)
def test_without_tensorflow(tmp_path, monkeypatch, name, own_files):
  monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
  text = message(ValueError, tmp_path, name=name)
  assert f'{name} is not prepared in {tmp_path}' in text
  assert "pip install 'jaxgan[tf]'" in text
  assert ('data.path' in text) == own_files


@pytest.mark.usefixtures('with_tensorflow', 'offline')
def test_without_network(tmp_path):
  text = message(ValueError, tmp_path, name='mnist')
  assert 'storage.googleapis.com cannot be reached' in text
  assert 'train-images-idx3-ubyte.gz' in text
  assert 'data.path' in text


@pytest.mark.usefixtures('with_tensorflow')
def test_a_network_that_never_answers(tmp_path, monkeypatch):
  over = threading.Event()

  def hang(*args):
    over.wait()
    raise OSError

  monkeypatch.setattr(official, '_TIMEOUT_SECONDS', 0.2)
  monkeypatch.setattr(socket, 'create_connection', hang)
  text = message(ValueError, tmp_path, name='stl10')
  assert 'ai.stanford.edu cannot be reached' in text
  over.set()


@pytest.fixture
def downloads(monkeypatch):
  """Records the arguments of download_and_prepare, which then fails."""
  downloads = []

  def record(builder, download_config):
    downloads.append(download_config)
    raise ConnectionError('first line\nsecond line')

  monkeypatch.setattr(tfds.core.DatasetBuilder, 'download_and_prepare', record)
  return downloads


@pytest.mark.usefixtures('with_tensorflow')
def test_a_network_that_answers_is_used(tmp_path, monkeypatch, downloads):
  here, there = socket.socketpair()
  monkeypatch.setattr(socket, 'create_connection', lambda *args: here)
  text = message(ValueError, tmp_path, name='stl10')
  there.close()
  assert text.startswith('tfds cannot prepare stl10; put its files (stl10_')
  assert text.endswith('first line second line')
  assert downloads[0].manual_dir is None


@pytest.mark.usefixtures('with_tensorflow', 'offline')
def test_local_files_need_no_network(tmp_path, downloads):
  path = tmp_path / 'files'
  text = message(FileNotFoundError, tmp_path, name='stl10', path=str(path))
  assert 'data.path' in text
  path.mkdir()
  (path / 'stl10_binary.tar.gz').write_bytes(b'')
  message(ValueError, tmp_path, name='stl10', path=str(path))
  assert downloads[0].manual_dir == str(path)


@pytest.mark.usefixtures('with_tensorflow', 'offline')
def test_a_proxy_is_trusted_to_reach_the_network(
  tmp_path, monkeypatch, downloads
):
  proxies = {'https': 'http://proxy:1'}
  monkeypatch.setattr(official.urllib.request, 'getproxies', lambda: proxies)
  message(ValueError, tmp_path, name='stl10')
  assert len(downloads) == 1


@pytest.fixture
def prepared(tmp_path, monkeypatch):
  """tfds' own mnist, prepared in tmp_path from other examples."""
  pixels = random_images(6, 28, 28, 1)
  builder = official.open_builder(Data(name='mnist', dir=str(tmp_path)), ())
  kind = type(builder)

  def examples(self, *args):
    for i, image in enumerate(pixels):
      yield i, {'image': images.png(image), 'label': i}

  monkeypatch.setattr(
    kind, '_split_generators', lambda self, _: {'train': examples(self)}
  )
  builder.download_and_prepare()
  return pixels


def test_a_prepared_copy_is_read_without_tensorflow(tmp_path, prepared):
  data = sources.load(Data(name='mnist', dir=str(tmp_path)))
  assert (data.name, data.num_classes) == ('mnist', 10)
  assert pairs(data.images, data.labels) == pairs(prepared, range(6))


def test_attributes_of_a_prepared_copy_are_bits(tmp_path, monkeypatch):
  pixels = random_images(4, 218, 178, 3)
  builder = official.open_builder(Data(name='celeba', dir=str(tmp_path)), ())
  features = builder.info.features
  zeros = {
    name: dict.fromkeys(features[name], 0)
    for name in ('landmarks', 'attributes', 'identity')
  }

  def examples():
    for i, image in enumerate(pixels):
      signs = {'Male': i >= 2, 'Young': i % 2 == 1}
      attributes = zeros['attributes'] | signs
      # PNG in place of JPEG, so that pixels can be compared exactly.
      given = {'image': images.png(image), 'attributes': attributes}
      yield str(i), zeros | given

  splits = lambda self, _: {'train': examples()}
  monkeypatch.setattr(type(builder), '_split_generators', splits)
  builder.download_and_prepare()
  for names, labels in (
    (('Male', 'Young'), [0, 1, 2, 3]),
    (('Young', 'Male'), [0, 2, 1, 3]),
    ((), [0] * 4),
  ):
    config = Data(name='celeba', dir=str(tmp_path), attributes=names)
    data = sources.load(config)
    assert data.num_classes == 2 * len(names)
    assert pairs(data.images, data.labels) == pairs(pixels, labels)


@pytest.mark.usefixtures('prepared')
def test_a_copy_in_another_format_is_refused(tmp_path):
  info = tmp_path / 'mnist' / '3.0.1' / 'dataset_info.json'
  text = info.read_text().replace('"array_record"', '"tfrecord"')
  info.write_text(text)
  text = message(ValueError, tmp_path, name='mnist')
  assert f'mnist is prepared in {tmp_path}' in text
  assert 'as tfrecord' in text
  assert 'data.dir' in text


def test_images_that_are_not_uint8_are_refused(tmp_path):
  builder = tfds.testing.DummyDataset(data_dir=tmp_path)
  features = {'image': tfds.features.Image(shape=(4, 4, 1), dtype=np.uint16)}
  builder.info._features = tfds.features.FeaturesDict(features)
  from jaxgan.data import decode

  with pytest.raises(
    ValueError, match='dummy holds uint16; images must be uint8'
  ):
    decode.describe(builder, Data(name='dummy'))
