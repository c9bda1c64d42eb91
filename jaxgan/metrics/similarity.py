"""Similarity of image pairs: PSNR, SSIM, MS-SSIM and mean absolute error."""

import numpy as np
from scipy.ndimage import correlate1d

from jaxgan.metrics import arrays

# Wang, Simoncelli & Bovik (2003): exponents from the finest to the coarsest
# scale, window width in pixels and standard deviation of the window.
_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_WINDOW = 11
_SIGMA = 1.5
# (K1 L)^2 and (K2 L)^2 with the range L = 255.
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def absolute_error(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Mean absolute error of image pairs, in gray levels.

  Args:
    x: [N, H, W, C] uint8.
    y: the second image of each pair, of the same shape.

  Returns:
    [N] float64 in [0, 255].

  Raises:
    ValueError: not uint8 images, or different shapes.

  Example:
    >>> x = np.zeros((1, 16, 16, 3), np.uint8)
    >>> similarity.absolute_error(x, x + np.uint8(10)).tolist()
    [10.0]
  """
  x, y = _pairs(x, y)
  return np.abs(x - y).mean(axis=(1, 2, 3))


def psnr(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Peak signal-to-noise ratio of image pairs, 20 log10(255 / rms error).

  Arguments and errors as for `absolute_error`.

  Returns:
    [N] float64 in dB; 100 at most, which stands for equal images.

  Example:
    >>> x = np.zeros((1, 16, 16, 3), np.uint8)
    >>> similarity.psnr(x, x + np.uint8(10)).round(1).tolist()
    [28.1]
  """
  x, y = _pairs(x, y)
  mean = np.square(x - y).mean(axis=(1, 2, 3))
  return 10 * np.log10(255**2 / np.maximum(mean, 255**2 * 1e-10))


def ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Structural similarity of image pairs (Wang et al., 2004).

  With a Gaussian window of 11 pixels and deviation 1.5, no padding, and the
  mean over the channels; the window shrinks for images below 11 pixels.
  Arguments and errors as for `absolute_error`.

  Returns:
    [N] float64 in [-1, 1]; 1 for equal images.

  Example:
    >>> x = np.zeros((1, 16, 16, 3), np.uint8)
    >>> similarity.ssim(x, x).round(6).tolist()
    [1.0]
  """
  x, y = _pairs(x, y)
  luminance, structure = _compare(x, y, protocol(*x.shape[1:3])[1])
  return (luminance * structure).mean(axis=(1, 2, 3))


def ms_ssim(
  x: np.ndarray, y: np.ndarray, scales: int | None = None
) -> np.ndarray:
  """Multi-scale SSIM of image pairs (Wang, Simoncelli & Bovik, 2003).

  It differs from the paper for small images. A scale is used only while the
  shorter side holds the window of 11 pixels, and the exponents of fewer than
  five scales are normalized to sum to one. Below 11 pixels there is one scale
  and the window shrinks. Negative contrast-structure terms count as 0. Channels
  are compared separately and averaged.

  Args:
    x: [N, H, W, C] uint8.
    y: the second image of each pair, of the same shape.
    scales: how many are used, 1 to 5; None for as many as fit.

  Returns:
    [N] float64 in [0, 1]; 1 for equal images.

  Raises:
    ValueError: not uint8 images, different shapes, or images that are too small
      for so many scales.

  Example:
    >>> x = np.zeros((1, 16, 16, 3), np.uint8)
    >>> similarity.ms_ssim(x, x).round(6).tolist()
    [1.0]
  """
  x, y = _pairs(x, y)
  most, window = protocol(*x.shape[1:3])
  scales = most if scales is None else scales
  if scales > most:
    raise ValueError(
      f'MS-SSIM of {scales} scales needs images of at least '
      f'{_WINDOW << (scales - 1)} pixels, and these have {x.shape[1]}x'
      f'{x.shape[2]}; they allow {most}.'
    )
  weights = _WEIGHTS[:scales]
  if scales < len(_WEIGHTS):
    weights = weights / weights.sum()
  product = np.ones((len(x), x.shape[-1]))
  for scale, weight in enumerate(weights):
    luminance, structure = _compare(x, y, window)
    last = scale == scales - 1
    term = (luminance * structure if last else structure).mean(axis=(1, 2))
    product *= np.maximum(term, 0.0) ** weight
    x, y = _halve(x), _halve(y)
  return product.mean(axis=1)


def protocol(height: int, width: int) -> tuple[int, int]:
  """Returns the number of scales and the window width for an image size.

  Example:
    >>> similarity.protocol(64, 64)
    (3, 11)
  """
  side = min(height, width)
  scales = sum(side >> s >= _WINDOW for s in range(len(_WEIGHTS)))
  return max(scales, 1), min(_WINDOW, side - 1 + side % 2)


def _pairs(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Checks image pairs; converts them to float64."""
  x, y = np.asarray(x), np.asarray(y)
  arrays.images('x', x, minimum=1)
  arrays.images('y', y, minimum=1)
  if x.shape != y.shape:
    raise ValueError(
      f'x has shape {x.shape} and y has {y.shape}; the shapes must be equal.'
    )
  return x.astype(np.float64), y.astype(np.float64)


def _compare(
  x: np.ndarray, y: np.ndarray, window: int
) -> tuple[np.ndarray, np.ndarray]:
  """Computes the luminance and contrast-structure terms, each [N, h, w, C]."""
  mean_x, mean_y = _blur(x, window), _blur(y, window)
  var_x = _blur(x * x, window) - mean_x * mean_x
  var_y = _blur(y * y, window) - mean_y * mean_y
  covariance = _blur(x * y, window) - mean_x * mean_y
  luminance = 2 * mean_x * mean_y + _C1
  luminance /= mean_x * mean_x + mean_y * mean_y + _C1
  return luminance, (2 * covariance + _C2) / (var_x + var_y + _C2)


def _blur(x: np.ndarray, window: int) -> np.ndarray:
  """Blurs without padding to [N, H - window + 1, W - window + 1, C]."""
  radius = window // 2
  offsets = np.arange(-radius, radius + 1)
  kernel = np.exp(-0.5 * (offsets * _WINDOW / (window * _SIGMA)) ** 2)
  kernel /= kernel.sum()
  for axis in (1, 2):
    x = correlate1d(x, kernel, axis)
  height, width = x.shape[1:3]
  return x[:, radius : height - radius, radius : width - radius]


def _halve(x: np.ndarray) -> np.ndarray:
  """Average-pools 2x2 pixels; an odd last row or column is dropped."""
  num, height, width, channels = x.shape
  x = x[:, : height // 2 * 2, : width // 2 * 2]
  return x.reshape(num, height // 2, 2, width // 2, 2, channels).mean((2, 4))
