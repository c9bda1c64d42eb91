"""Nearest training examples and the ratio of distances."""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from jaxgan.metrics import pairwise
from jaxgan.metrics.neighbors import distance_ratio, nearest


def normal(seed, *shape):
  return np.random.RandomState(seed).standard_normal(shape)


@pytest.mark.parametrize('k', [1, 4])
@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_it_equals_a_search_by_sklearn(k, dtype):
  samples, train = (normal(s, 150, 12).astype(dtype) for s in (0, 1))
  search = NearestNeighbors(n_neighbors=k, algorithm='brute').fit(
    train.astype(np.float64)
  )
  distances, indices = search.kneighbors(samples.astype(np.float64))
  result = nearest(samples, train, k=k)
  np.testing.assert_array_equal(result.indices, indices)
  np.testing.assert_allclose(result.distances, distances, rtol=1e-9)


def test_a_copy_is_at_exactly_zero():
  # Far from the origin, where squared norms lose precision.
  train = normal(0, 60, 30).astype(np.float32) + 1000
  result = nearest(train[::-1], train)
  np.testing.assert_array_equal(result.indices[:, 0], np.arange(60)[::-1])
  np.testing.assert_array_equal(result.distances, 0)


def test_images_in_whole_numbers():
  train = np.array([[0, 0], [255, 255]], np.uint8)
  result = nearest(np.array([[250, 255]], np.uint8), train, k=2)
  np.testing.assert_array_equal(result.indices, [[1, 0]])
  assert result.distances[0, 0] == 5


def test_blocks_change_nothing(monkeypatch):
  samples, train = normal(0, 100, 6), normal(1, 80, 6)
  whole = nearest(samples, train, k=3)
  monkeypatch.setattr(pairwise, '_BLOCK_VALUES', 400)
  blocks = nearest(samples, train, k=3)
  np.testing.assert_array_equal(blocks.indices, whole.indices)
  np.testing.assert_allclose(blocks.distances, whole.distances, rtol=1e-12)


def test_the_ratio_separates_copies_from_new_and_poor_samples():
  train, heldout = normal(0, 800, 4), normal(1, 400, 4)
  new = distance_ratio(normal(2, 400, 4), heldout, train)
  assert new.ratio == pytest.approx(1, abs=0.15)
  assert new.ratio == new.samples / new.heldout
  copies = distance_ratio(train + 1e-3 * normal(3, 800, 4), heldout, train)
  assert copies.ratio < 0.02
  mostly = np.concatenate([train[:50], train[:20] + 100])
  assert distance_ratio(mostly, heldout, train).ratio == 0
  poor = distance_ratio(normal(4, 400, 4) + 10, heldout, train)
  assert poor.ratio > 10


def test_bad_input_gets_a_sentence():
  x = normal(0, 20, 3)
  with pytest.raises(ValueError, match='half of heldout is also in train'):
    distance_ratio(x + 1, x[:10], x)
  with pytest.raises(ValueError, match='train holds 20 samples; it must hold'):
    nearest(x, x, k=21)
  with pytest.raises(ValueError, match='k is 0'):
    nearest(x, x, k=0)
  with pytest.raises(ValueError, match='heldout holds 0 samples'):
    distance_ratio(x, x[:0], x)
