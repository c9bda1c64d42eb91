"""Diversity of sets of images, and the KL of class histograms."""

import numpy as np
import pytest

from jaxgan.metrics import diversity
from jaxgan.metrics.diversity import (
  label_kl,
  ms_ssim_diversity,
)
from jaxgan.metrics.similarity import ms_ssim


def noise(seed, *shape):
  rng = np.random.RandomState(seed)
  return rng.randint(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize(
  ('size', 'scales', 'window'),
  [
    ((8, 8), 1, 7),
    ((28, 28), 2, 11),
    ((32, 32), 2, 11),
    ((64, 64), 3, 11),
    ((64, 20), 1, 11),
    ((45, 44), 3, 11),
    ((176, 300), 5, 11),
    ((1, 1), 1, 1),
  ],
)
@pytest.mark.parametrize('channels', [1, 3])
def test_any_size_is_one_for_equal_images(size, scales, window, channels):
  images = noise(0, 2, *size, channels)
  np.testing.assert_allclose(ms_ssim(images, images), 1)
  result = ms_ssim_diversity(images, pairs=2)
  assert (result.scales, result.window, result.pairs) == (scales, window, 2)
  assert 0 <= result.value < 1


def test_a_collapsed_generator_shows_no_diversity():
  images = np.repeat(noise(1, 1, 32, 32, 3), 20, axis=0)
  result = ms_ssim_diversity(images, pairs=50)
  assert result.value == pytest.approx(1)
  assert result.error == pytest.approx(0, abs=1e-12)


def test_diversity_is_the_mean_over_pairs_of_different_images():
  images = noise(2, 3, 16, 16, 1)
  images[2] = images[0] // 2
  each = [
    float(ms_ssim(images[[i]], images[[j]])[0])
    for i, j in ((0, 1), (0, 2), (1, 2))
  ]
  result = ms_ssim_diversity(images, pairs=3000)
  assert result.value == pytest.approx(np.mean(each), abs=4 * result.error)
  assert result.value < 0.9  # No image was paired with itself.


def test_pairs_are_seeded_and_blocks_change_nothing(monkeypatch):
  images = noise(3, 30, 12, 12, 1)
  first, other = (ms_ssim_diversity(images, pairs=40, seed=s) for s in (0, 1))
  assert first.value != other.value
  monkeypatch.setattr(diversity, 'block_rows', lambda width: 7)
  assert ms_ssim_diversity(images, pairs=40) == pytest.approx(first, rel=1e-12)


def test_bad_images_get_a_sentence():
  images = noise(4, 3, 12, 12, 1)
  with pytest.raises(ValueError, match='holds 1 images'):
    ms_ssim_diversity(images[:1])
  with pytest.raises(ValueError, match='type float32'):
    ms_ssim_diversity(images.astype(np.float32))
  with pytest.raises(ValueError, match='pairs is 1'):
    ms_ssim_diversity(images, pairs=1)


def test_kl_by_hand():
  assert label_kl([3, 3, 6], [1, 1, 2]) == pytest.approx(0, abs=1e-15)
  expected = 0.75 * np.log(0.75 / 0.5) + 0.25 * np.log(0.25 / 0.5)
  assert label_kl([3, 1], [10, 10]) == pytest.approx(expected)
  # A collapsed generator on C even classes is at log C.
  assert label_kl(np.eye(10)[3], np.ones(10)) == pytest.approx(np.log(10))


@pytest.mark.parametrize(
  ('counts', 'real', 'message'),
  [
    ([1, 2], [1, 2, 3], 'over the same classes'),
    ([[1, 2]], [[1, 2]], 'over the same classes'),
    ([1, 2, 3], [4, 0, 5], 'Class 1 of the reference is empty'),
    ([0, 0], [1, 1], 'counts is empty'),
    ([-1, 3], [1, 1], 'counts is empty or negative'),
    ([np.nan, 3], [1, 1], 'counts is empty or negative'),
  ],
)
def test_bad_histograms_get_a_sentence(counts, real, message):
  with pytest.raises(ValueError, match=message):
    label_kl(counts, real)
