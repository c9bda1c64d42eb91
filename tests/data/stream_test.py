"""Images that stay on disk give the batches and runs of images in memory."""

import dataclasses
import logging

import chex
import jax
import numpy as np
import pytest
import small
from data_testing import random_images, write_folder, write_mnist

from jaxgan.config import Data, from_config_dict, to_dict
from jaxgan.data import sources, stream
from jaxgan.data.decode import Spec
from jaxgan.data.pipeline import Sampler, device_batches, host_batch, real_grid
from jaxgan.evaluation import reference_data
from jaxgan.gan import sharding
from jaxgan.storage.writers import read_metrics
from jaxgan.training import train

NUM = 41


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  """A folder of two classes, streamed."""
  root = tmp_path_factory.mktemp('folder')
  names = [f'{"ab"[i % 3 == 0]}/{i:02d}.png' for i in range(NUM)]
  write_folder(root / 'images', random_images(NUM, 9, 7, 3), names)
  return Data(
    name='folder', path=str(root / 'images'), dir=str(root / 'prepared'),
    placement='stream',
  )  # fmt: skip


def on_host(data):
  return sources.load(dataclasses.replace(data, placement='host'))


@pytest.mark.parametrize(
  'fit', [{}, {'image_size': 5, 'image_width': 8, 'channels': 1}]
)
def test_all_examples_are_those_in_memory(data, fit):
  data = dataclasses.replace(data, **fit)
  lazy, host = sources.load(data), on_host(data)
  assert isinstance(lazy.images, stream.Stream)
  assert lazy.images.shape == host.images.shape
  assert lazy.images.dtype == host.images.dtype
  assert lazy.images.nbytes == host.images.nbytes
  np.testing.assert_array_equal(lazy.images[np.arange(NUM)], host.images)
  np.testing.assert_array_equal(lazy.labels, host.labels)
  assert lazy.class_counts == host.class_counts == (27, 14)
  chex.assert_trees_all_equal(real_grid(lazy, 6, 1), real_grid(host, 6, 1))


@pytest.mark.parametrize('count', [1, 2])
def test_batches_are_bitwise_equal_across_epochs(data, count):
  lazy, host = sources.load(data), on_host(data)
  for step in (7, 0, 3):
    for index in range(count):
      settings = 5, 12, 2, True, index, count
      chex.assert_trees_all_equal(
        host_batch(Sampler(lazy, *settings), step),
        host_batch(Sampler(host, *settings), step),
      )


def test_a_process_reads_only_its_share(data):
  lazy, read = sources.load(data), []
  records = lazy.images._records
  lazy.images._records = lambda keys: read.extend(keys) or records(keys)
  batch = host_batch(
    Sampler(lazy, 0, 12, 2, process_index=1, process_count=3), 0
  )
  assert batch.image.shape[:2] == (2, 4)
  assert len(read) == 8


def test_only_labels_are_cached(tmp_path, caplog, monkeypatch):
  write_mnist(tmp_path / 'files')
  data = Data(
    name='mnist', path=str(tmp_path / 'files'), dir=str(tmp_path / 'prepared'),
    placement='stream',
  )  # fmt: skip
  first = sources.load(data)
  first.images[np.arange(20)]
  cached = (tmp_path / 'prepared' / 'jaxgan_arrays').rglob('*.*')
  (file,) = (path for path in cached if path.is_file())
  monkeypatch.setattr(stream.decode, 'label', lambda record, config: 7)
  np.testing.assert_array_equal(sources.load(data).labels, first.labels)
  damaged = bytearray(file.read_bytes())
  damaged[-120] ^= 1
  for contents in (damaged, damaged[:50]):
    file.write_bytes(contents)
    with caplog.at_level(logging.WARNING):
      assert set(sources.load(data).labels) == {7}
    assert 'is damaged' in caplog.text
    caplog.clear()


def test_evaluations_use_a_sample(data, monkeypatch):
  host = on_host(data).images
  np.testing.assert_array_equal(sources.load(data).in_memory, host)
  every_second = host[np.arange(20) * NUM // 20]
  monkeypatch.setattr(stream, '_SAMPLE_EXAMPLES', 20)
  np.testing.assert_array_equal(sources.load(data).in_memory, every_second)
  monkeypatch.setattr(stream, '_SAMPLE_BYTES', 9 * 7 * 3 * 4 + 1)
  lazy = sources.load(data)
  reference = reference_data.of_run(
    dataclasses.replace(small.config(), data=data), lazy
  )
  assert reference.examples is reference.train is lazy.in_memory
  assert len(reference.examples) == 4


def test_a_damaged_record_ends_the_run_with_its_message(data):
  lazy = sources.load(data)
  records = lazy.images._records
  lazy.images._records = lambda keys: [
    {**record, 'image': b'\x89PNG'} if key == 3 else record
    for key, record in zip(keys, records(keys), strict=True)
  ]
  layout = sharding.shardings(small.mesh()).batch
  batches = device_batches(Sampler(lazy, 0, NUM), 0, layout)
  with pytest.raises(ValueError, match='Image 3 of folder is not a complete'):
    next(batches)


@pytest.mark.parametrize('name', ['digits', 'gaussians8', 'table'])
def test_data_that_are_always_in_memory(name):
  values = {'data': {'name': name, 'path': 'x.csv', 'placement': 'stream'}}
  with pytest.raises(
    ValueError, match='must be auto, host or device'
  ) as caught:
    from_config_dict(values)
  assert f"data.placement is 'stream' and data.name is '{name}'" in str(
    caught.value
  )


def test_mock_examples_are_in_memory():
  values = {'name': 'mnist', 'mock_examples': 9, 'placement': 'stream'}
  with pytest.raises(ValueError, match='mock examples are generated in memory'):
    from_config_dict({'data': values})


def test_vectors_and_images_of_unknown_size():
  config = Data(name='other', placement='stream')
  with pytest.raises(ValueError, match='other holds vectors'):
    stream.check(Spec((5,), 0), config)
  with pytest.raises(ValueError, match=r'data\.image_size must not be 0\.'):
    stream.check(Spec((None, None, 3), 0), config)


def run(data, folder, steps, placement, **sections):
  """The last state of a run, and its metrics without times."""
  config = small.config(
    data={'image_size': 6, 'image_width': 5, 'channels': 1, 'flip': True},
    log={'every_steps': 1, 'tensorboard': False},
    eval={'every_steps': 3, 'num_images': 4, 'metrics': ('w1_20_pixels',)},
    train={'steps': steps},
  )
  source = {'name': data.name, 'path': data.path, 'dir': data.dir}
  values = to_dict(config)
  values['data'] |= source | {'placement': placement}
  state = train.train_and_evaluate(from_config_dict(values), folder)
  rows = read_metrics(folder / 'metrics.jsonl')
  return jax.device_get(state), [
    {k: v for k, v in row.items() if 'second' not in k} for row in rows
  ]


@pytest.mark.slow
def test_a_run_and_a_resumed_run_are_bitwise_those_on_the_host(
  data, tmp_path, monkeypatch
):
  monkeypatch.setattr(sharding, 'make_mesh', small.mesh)
  host = run(data, tmp_path / 'host', 8, 'host')
  steps = [row['step'] for row in host[1] if 'w1_20_pixels' in row]
  assert steps == [0, 3, 6, 8]
  chex.assert_trees_all_equal(run(data, tmp_path / 'whole', 8, 'stream'), host)
  run(data, tmp_path / 'cut', 6, 'stream')
  resumed = run(data, tmp_path / 'cut', 8, 'stream')
  chex.assert_trees_all_equal(resumed, host)
