"""Resizes equal those of PIL, torch and TensorFlow 1, by protocol."""

import json

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan.metrics import resize


def random_images(height, width, channels, count=2):
  rng = np.random.RandomState(height)
  return rng.randint(0, 256, (count, height, width, channels)).astype(np.uint8)


def pil(images, side):
  """PIL's bicubic of each channel in float32, without rounding or clipping."""
  return np.array(
    [
      np.stack(
        [
          Image.fromarray(image[..., c].astype(np.float32)).resize(
            (side, side), Image.Resampling.BICUBIC
          )
          for c in range(image.shape[-1])
        ],
        axis=-1,
      )
      for image in images
    ]
  )


@pytest.mark.parametrize(
  ('shape', 'side'),
  [
    ((32, 32, 3), 299), ((28, 28, 1), 299), ((17, 9, 4), 40), ((1, 1, 3), 5),
    ((64, 64, 3), 19), ((301, 90, 3), 75), ((5, 200, 2), 32), ((9, 9, 3), 1),
  ],
)  # fmt: skip
def test_clean_is_the_bicubic_of_pil(shape, side):
  images = random_images(*shape)
  result = resize.resize(images, side, 'clean')
  assert result.dtype == np.float32
  assert result.shape == (2, side, side, shape[-1])
  expected = np.clip(pil(images, side), 0, 255)
  np.testing.assert_allclose(result, expected, rtol=0, atol=1e-4)


def test_clean_keeps_the_range_and_rounds_nothing():
  images = random_images(8, 8, 3) // 128 * 255
  uncut = pil(images, 50)
  assert uncut.min() < -5
  assert uncut.max() > 260
  result = np.asarray(resize.resize(images, 50, 'clean'))
  assert result.min() == 0
  assert result.max() == 255
  assert np.mean(result == np.rint(result)) < 0.5


def test_shrinking_aliases_by_the_legacy_names_only():
  stripes = np.tile(np.array([0, 0, 255, 255], np.uint8), (64, 16))[None, ...]
  spread = {
    name: float(np.ptp(resize.resize(stripes[..., None], 8, name)))
    for name in resize.RESIZES
  }
  assert spread['clean'] < 50
  # Each target pixel is read between columns 8 i + 3 and 8 i + 4.
  middle = resize.resize(stripes[..., None], 8, 'legacy')
  np.testing.assert_allclose(middle, np.full((1, 8, 8, 1), 127.5), atol=1e-4)
  corner = resize.resize(stripes[..., None], 8, 'legacy_tf')
  np.testing.assert_allclose(corner, np.zeros((1, 8, 8, 1)), atol=1e-4)


def test_legacy_equals_torch_and_the_first_tensorflow(root):
  # Outputs of the packages, written by tests/references/resize.py.
  cases = json.loads(
    (root / 'tests' / 'references' / 'resize.json').read_text()
  )
  assert {case['name'] for case in cases} == set(resize.RESIZES)
  for case in cases:
    images = random_images(case['height'], case['width'], 3, count=1)
    expected = np.array(case['values'])
    result = resize.resize(images, expected.shape[1], case['name'])
    # A float32 sum of n values up to 255 is off by about sqrt(n) half units.
    rounding = 255 * 2**-24 * case['height'] ** 0.5
    np.testing.assert_allclose(
      result[..., 0], expected, rtol=0, atol=max(1e-4, rounding)
    )


@pytest.mark.parametrize('name', resize.RESIZES)
def test_an_image_of_that_side_stays_as_it_is(name):
  images = random_images(21, 21, 3)
  np.testing.assert_array_equal(resize.resize(images, 21, name), images)


@pytest.mark.parametrize('name', resize.RESIZES)
@pytest.mark.parametrize('side', [3, 40])
def test_a_constant_image_stays_constant(name, side):
  images = np.full((1, 13, 7, 1), 200, np.uint8)
  expected = np.full((1, side, side, 1), 200.0)
  result = resize.resize(images, side, name)
  np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize('name', resize.RESIZES)
def test_only_the_first_tensorflow_moves_the_image(name):
  images = random_images(8, 8, 3)
  mirrored = np.asarray(resize.resize(images[:, ::-1], 20, name))[:, ::-1]
  difference = np.abs(mirrored - resize.resize(images, 20, name)).max()
  assert (difference > 10) == (name == 'legacy_tf')
  assert name == 'legacy_tf' or difference < 1e-3


def test_it_works_under_jit():
  images = random_images(6, 5, 3)
  inside = jax.jit(lambda x: resize.resize(x, 9, 'clean'))(images)
  outside = resize.resize(images, 9, 'clean')
  np.testing.assert_allclose(inside, outside, rtol=1e-6)


@pytest.mark.parametrize(
  ('images', 'side', 'name', 'sentence'),
  [
    (np.zeros((1, 4, 4, 3), np.float32), 8, 'clean', 'type float32; it must'),
    (np.zeros((4, 4, 3), np.uint8), 8, 'clean', r'must be \[N, H, W, C\] ui'),
    (np.zeros((1, 0, 4, 3), np.uint8), 8, 'clean', r'has shape \(1, 0, 4, 3\)'),
    (np.zeros((1, 4, 4, 3), np.uint8), 0, 'clean', 'side is 0; it must be'),
    (
      np.zeros((1, 4, 4, 3), np.uint8), 8, 'sharp',
      "resize is 'sharp'; it must be one of clean, legacy, legacy_tf",
    ),
  ],
)  # fmt: skip
def test_invalid_images_are_rejected(images, side, name, sentence):
  with pytest.raises(ValueError, match=sentence):
    resize.resize(images, side, name)
