"""Feature nets on sets of any size, and the cache of their features."""

import jax
import numpy as np
import pytest
import small

from jaxgan.metrics import feature_cache, features
from jaxgan.metrics.features import FeatureNet


def normal(num, size=3, shift=0.0, seed=0):
  values = np.random.default_rng(seed).normal(shift, 1, (num, size))
  return values.astype(np.float32)


def test_features_do_not_depend_on_pieces_or_devices():
  images = np.random.default_rng(0).integers(0, 256, (300, 8, 8, 1), np.uint8)
  net = features.load('digits')
  assert len(jax.local_devices()) == 8  # Chunks are spread over them.
  whole = net.extract(images)
  pieces = net.extract(iter([images[:7], images[7:290], images[290:]]))
  assert whole.values.shape[0] == 300
  np.testing.assert_allclose(whole.values, pieces.values, atol=1e-4)
  one = net.embed(jax.numpy.asarray(images[:20]))
  np.testing.assert_allclose(whole.values[:20], one[0], atol=1e-4)
  np.testing.assert_allclose(whole.logits[:20], one[1], atol=1e-4)


@pytest.mark.parametrize('name', ['pixels', 'digits', small.slow('stacked')])
def test_features_are_the_same_on_three_devices(name, monkeypatch):
  shape = (300, 28, 28, 3) if name == 'stacked' else (300, 8, 8, 1)
  images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
  results = []
  for devices in (1, 3):
    local = jax.devices()[:devices]
    monkeypatch.setattr(jax, 'local_devices', lambda local=local: local)
    results.append(features.load(name).extract(images))
  one, three = results
  np.testing.assert_allclose(three.values, one.values, atol=1e-4)
  if one.logits is not None:
    np.testing.assert_allclose(three.logits, one.logits, atol=1e-4)


def test_pixels_are_the_examples_themselves():
  images = np.array([[[[0], [255]]]], np.uint8)
  result = features.load('pixels').extract(images)
  np.testing.assert_allclose(result.values, [[-1, 1]], atol=1e-6)
  assert result.logits is None
  vectors = normal(5)
  np.testing.assert_array_equal(
    features.load('pixels').extract(vectors).values, vectors
  )


def test_inception_is_never_downloaded():
  with pytest.raises(ValueError, match=r'never downloaded.*convert_inception'):
    features.load('inception')


def test_no_examples():
  with pytest.raises(ValueError, match='no examples'):
    features.load('pixels').extract(normal(0))


def test_features_are_cached_and_a_damaged_file_is_recomputed(tmp_path):
  calls = []

  def embed(x):
    calls.append(len(x))
    return x * 2, x

  net = FeatureNet('twice', 'abc', 'none', embed)
  first = feature_cache.features(net, normal(10), tmp_path)
  again = feature_cache.features(net, normal(10), tmp_path)
  assert len(calls) == 1
  np.testing.assert_array_equal(first.values, again.values)
  np.testing.assert_array_equal(first.logits, again.logits)
  feature_cache.features(net, normal(10, seed=1), tmp_path)
  feature_cache.features(net._replace(sha256='abd'), normal(10), tmp_path)
  assert len(calls) == 3
  for file in tmp_path.iterdir():
    file.write_bytes(file.read_bytes()[:50])
  np.testing.assert_array_equal(
    feature_cache.features(net, normal(10), tmp_path).values, first.values
  )
  assert len(calls) == 4


def test_a_net_reports_progress(tmp_path):
  counts = []
  net = features.load('pixels')._replace(on_progress=counts.append)
  net.extract(normal(300))
  assert counts == [256, 44]
  for only_moments in (False, True):
    for _ in range(2):  # The second time from the cache.
      counts.clear()
      feature_cache.features(
        net, normal(300), tmp_path, only_moments=only_moments
      )
      assert sum(counts) == 300


def test_stacks_of_digits_have_a_thousand_classes():
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (9, 28, 28, 3), np.uint8)
  result = features.load('stacked').extract(images)
  one = features.load('mnist')
  apart = [one.extract(images[..., [c]]) for c in range(3)]
  digits = np.stack([x.logits.argmax(axis=1) for x in apart], axis=1)
  assert len(np.unique(digits)) > 1
  np.testing.assert_array_equal(
    result.logits.argmax(axis=1), digits @ [100, 10, 1]
  )
  # The probability of a stack is the product over its three digits.
  np.testing.assert_allclose(np.exp(result.logits).sum(axis=1), 1, rtol=1e-4)
  np.testing.assert_allclose(
    result.values, np.concatenate([x.values for x in apart], axis=1), atol=1e-4
  )
  with pytest.raises(ValueError, match=r'\[256, 28, 28, 1\]; stacked takes'):
    features.load('stacked').extract(images[..., :1])
