"""PSNR, SSIM and MS-SSIM of image pairs, against references and by hand."""

import numpy as np
import pytest
from metrics.diversity_test import noise
from references import metrics as reference

from jaxgan.metrics.similarity import absolute_error, ms_ssim, psnr, ssim

X = reference.inputs()


def test_five_scales_equal_the_reference():
  result = ms_ssim(X['images'], X['others'])
  np.testing.assert_allclose(result, reference.read()['ms_ssim'], rtol=1e-9)


def test_one_scale_by_hand():
  # One window fits, and two constant images have equal structure.
  x = np.full((1, 11, 11, 1), 100, np.uint8)
  y = np.full((1, 11, 11, 1), 200, np.uint8)
  c1 = 2.55**2
  expected = (2 * 100 * 200 + c1) / (100**2 + 200**2 + c1)
  np.testing.assert_allclose(ms_ssim(x, y), expected, rtol=1e-9)


def test_a_small_image_gets_a_small_window():
  # A bright pixel against black; the window is 3 pixels wide, scaled by 3 / 11.
  x, y = np.zeros((2, 1, 3, 3, 1), np.uint8)
  x[0, 1, 1] = 255
  kernel = np.exp(-0.5 * (np.array([-1, 0, 1]) / (1.5 * 3 / 11)) ** 2)
  share = (kernel[1] / kernel.sum()) ** 2
  mean, square = 255 * share, 255**2 * share
  c1, c2 = 2.55**2, 7.65**2
  expected = c1 / (mean**2 + c1) * c2 / (square - mean**2 + c2)
  np.testing.assert_allclose(ms_ssim(x, y), expected, rtol=1e-9)


def test_a_negative_has_nothing_in_common():
  images = noise(5, 2, 32, 32, 1)
  np.testing.assert_array_equal(ms_ssim(images, 255 - images), 0)


def test_scales_that_do_not_fit_get_a_sentence():
  images = np.zeros((1, 64, 44, 3), np.uint8)
  np.testing.assert_array_equal(
    ms_ssim(images, images, 3), ms_ssim(images, images)
  )
  with pytest.raises(ValueError, match=r'4 scales needs .* 88 pixels.*allow 3'):
    ms_ssim(images, images, 4)


@pytest.mark.parametrize('channels', [1, 3])
def test_ssim_and_psnr_are_those_of_scikit_image(channels):
  metrics = pytest.importorskip('skimage.metrics')
  x, y = noise(6, 3, 40, 51, channels), noise(7, 3, 40, 51, channels)
  y[1] = x[1] // 2
  y[2] = np.clip(x[2].astype(int) + y[2] % 9, 0, 255)
  for i, (one, other) in enumerate(zip(x, y, strict=True)):
    expected = metrics.structural_similarity(
      one, other, gaussian_weights=True, sigma=1.5,
      use_sample_covariance=False, data_range=255, channel_axis=-1,
    )  # fmt: skip
    assert ssim(x, y)[i] == pytest.approx(expected, abs=1e-6)
    expected = metrics.peak_signal_noise_ratio(one, other, data_range=255)
    assert psnr(x, y)[i] == pytest.approx(expected, rel=1e-9)


def test_errors_by_hand():
  x = np.zeros((2, 2, 2, 1), np.uint8)
  y = x.copy()
  y[0, 0, 0] = 51  # A fifth of the range in a quarter of the pixels.
  np.testing.assert_allclose(absolute_error(x, y), [51 / 4, 0])
  np.testing.assert_allclose(psnr(x, y), [10 * np.log10(100), 100])
  np.testing.assert_allclose(ssim(x, x), 1)


@pytest.mark.parametrize('function', [absolute_error, psnr, ssim, ms_ssim])
def test_bad_pairs_get_a_sentence(function):
  images = noise(4, 3, 12, 12, 1)
  with pytest.raises(ValueError, match='the shapes must be equal'):
    function(images, images[:2])
  with pytest.raises(ValueError, match='type float32'):
    function(images, images.astype(np.float32))
