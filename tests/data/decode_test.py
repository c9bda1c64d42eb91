"""Decoding: unknown shapes, sizes that differ, broken images."""

import threading

import numpy as np
import pytest
from data_testing import random_images

from jaxgan import progress
from jaxgan.config import Data
from jaxgan.data import decode, threads
from jaxgan.data.images import png

OPEN = decode.Spec((None, None, None), 0)


def run(images, spec, **settings):
  """Decodes images, given as arrays or as bytes, in memory."""
  data = [x if isinstance(x, bytes) else png(x) for x in images]

  def records(keys):
    return [{'image': data[key], 'label': key % 5} for key in keys]

  config = Data(name='some_set', **settings)
  return decode.decode(records, len(data), spec, config, None)


@pytest.mark.parametrize('channels', [1, 2, 3, 4])
def test_gaps_are_filled_from_the_first_record(channels):
  images = random_images(3, 4, 6, channels)
  decoded, labels = run(images, OPEN)
  np.testing.assert_array_equal(decoded, images)
  assert not labels.any()


def test_more_records_than_are_read_at_once(capsys):
  images = random_images(1203, 2, 2, 1)
  decoded, labels = run(images, decode.Spec((2, 2, 1), 5))
  np.testing.assert_array_equal(decoded, images)
  np.testing.assert_array_equal(labels, np.arange(1203) % 5)
  assert not capsys.readouterr().err


def test_threads_decode_large_images_at_the_same_time(monkeypatch):
  two, label = threading.Barrier(2), decode.label

  def label_with_another(record, config):
    two.wait(10)
    return label(record, config)

  monkeypatch.setattr(threads, 'cores', lambda: 2)
  monkeypatch.setattr(threads, '_GROUP_BYTES', 4)
  monkeypatch.setattr(decode, '_CHUNK_BYTES', 4)
  monkeypatch.setattr(decode, 'label', label_with_another)
  images = random_images(6, 2, 3, 1)
  decoded, labels = run(images, decode.Spec((2, 3, 1), 5))
  np.testing.assert_array_equal(decoded, images)
  np.testing.assert_array_equal(labels, np.arange(6) % 5)


def test_many_records_show_a_progress_bar(monkeypatch, capsys):
  monkeypatch.setattr(decode, '_QUIET', 9)
  monkeypatch.setattr(progress, 'shows_bars', lambda: True)
  run(random_images(10, 2, 2, 1), OPEN)
  assert 'Decoding some_set' in capsys.readouterr().err


def test_sizes_that_differ_need_one_to_be_set():
  images = [random_images(1, 4, n, 3)[0] for n in (6, 6, 7)]
  with pytest.raises(ValueError, match=r'some_set .* 4 x 6 .* 4 x 7; .*_size'):
    run(images, OPEN)
  decoded, _ = run(images, decode.Spec((4, 4, 3), 0), image_size=4)
  assert decoded.shape == (3, 4, 4, 3)


def test_a_broken_image_is_named():
  images = [*random_images(2, 4, 4, 1), b'no image']
  with pytest.raises(
    ValueError, match=r'^Image 2 of some_set is not a complete'
  ):
    run(images, OPEN)
