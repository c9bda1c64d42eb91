"""Diversity of samples: MS-SSIM of image pairs and KL of class counts."""

from typing import NamedTuple

import numpy as np
import scipy.special
from scipy.ndimage import correlate1d

from jaxgan.metrics import arrays
from jaxgan.metrics.pairwise import block_rows, slices

# Wang, Simoncelli & Bovik (2003): exponents from the finest to the coarsest
# scale, window width in pixels and standard deviation of the window.
_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_WINDOW = 11
_SIGMA = 1.5
# (K1 L)^2 and (K2 L)^2 with the range L = 255.
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class Diversity(NamedTuple):
  """Mean MS-SSIM over image pairs of one set, with its error and protocol.

  Attributes:
    value: 1 if all images are equal, near 0 if they have nothing in common.
    error: standard deviation / sqrt(pairs). Pairs share images, so it is
      slightly too small.
    pairs: number of pairs.
    scales: number of scales that the image size allows, 1 to 5.
    window: window width in pixels: 11, or less for smaller images.
  """

  value: float
  error: float
  pairs: int
  scales: int
  window: int


def ms_ssim_diversity(
  images: np.ndarray, *, pairs: int = 1000, seed: int = 0
) -> Diversity:
  """Mean MS-SSIM over random pairs of different images (Odena, 2017).

  Lower means more diverse. Compare it only with values of images of the same
  size, which sets the number of scales, and first with that of real images.

  Args:
    images: [N, H, W, C] uint8, N >= 2.
    pairs: number of pairs.
    seed: seed of the pairs.

  Raises:
    ValueError: not uint8 images, or fewer than two.
  """
  images = np.asarray(images)
  arrays.images('images', images, minimum=2)
  arrays.within('pairs', pairs, 2, 10**7)
  rng = np.random.default_rng(seed)
  first = rng.integers(len(images), size=pairs)
  step = rng.integers(1, len(images), size=pairs)
  second = (first + step) % len(images)
  parts = slices(pairs, block_rows(8 * images[0].size))
  values = np.concatenate(
    [ms_ssim(images[first[part]], images[second[part]]) for part in parts]
  )
  scales, window = _protocol(*images.shape[1:3])
  error = float(values.std() / pairs**0.5)
  return Diversity(float(values.mean()), error, pairs, scales, window)


def ms_ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """Multi-scale SSIM of image pairs (Wang, Simoncelli & Bovik, 2003).

  It differs from the paper for small images. A scale is used only while the
  shorter side holds the window of 11 pixels, and the exponents of fewer than
  five scales are normalized to sum to one. Below 11 pixels there is one scale
  and the window shrinks. Negative contrast-structure terms count as 0. Channels
  are compared separately and averaged.

  Args:
    x: [N, H, W, C] uint8.
    y: the second image of each pair, of the same shape.

  Returns:
    [N] float64 in [0, 1]; 1 for equal images.

  Raises:
    ValueError: not uint8 images, or different shapes.
  """
  x, y = np.asarray(x), np.asarray(y)
  arrays.images('x', x, minimum=1)
  arrays.images('y', y, minimum=1)
  if x.shape != y.shape:
    raise ValueError(
      f'x has shape {x.shape} and y has {y.shape}; the shapes must be equal.'
    )
  scales, window = _protocol(*x.shape[1:3])
  weights = _WEIGHTS[:scales]
  if scales < len(_WEIGHTS):
    weights = weights / weights.sum()
  x, y = x.astype(np.float64), y.astype(np.float64)
  product = np.ones((len(x), x.shape[-1]))
  for scale, weight in enumerate(weights):
    luminance, structure = _compare(x, y, window)
    last = scale == scales - 1
    term = (luminance * structure if last else structure).mean(axis=(1, 2))
    product *= np.maximum(term, 0.0) ** weight
    x, y = _halve(x), _halve(y)
  return product.mean(axis=1)


def label_kl(counts: np.ndarray, reference: np.ndarray) -> float:
  """KL divergence KL(p || q) in nats of two class histograms.

  Args:
    counts: [C] class counts of the samples, proportional to p; may hold zeros.
    reference: [C] class counts of real data, proportional to q. No class may be
      empty, since the divergence of a sample in it would be infinite.

  Returns:
    At least 0. For N samples from q itself about (C - 1) / (2 N) remains.

  Raises:
    ValueError: different shapes, no samples, or an empty class in `reference`.
  """
  counts, reference = np.asarray(counts), np.asarray(reference)
  if counts.shape != reference.shape or counts.ndim != 1:
    raise ValueError(
      f'counts has shape {counts.shape} and reference has {reference.shape}; '
      'both must be [C] over the same classes.'
    )
  if not (reference > 0).all():
    raise ValueError(
      f'Class {np.argmin(reference > 0)} of the reference is empty; it must '
      'hold at least one sample of each class.'
    )
  if not (counts >= 0).all() or not counts.sum() > 0:
    raise ValueError(
      'counts is empty or negative; it must hold at least one sample.'
    )
  p, q = counts / counts.sum(), reference / reference.sum()
  return float(scipy.special.rel_entr(p, q).sum())


def _protocol(height: int, width: int) -> tuple[int, int]:
  """Returns the number of scales and the window width for an image size."""
  side = min(height, width)
  scales = sum(side >> s >= _WINDOW for s in range(len(_WEIGHTS)))
  return max(scales, 1), min(_WINDOW, side - 1 + side % 2)


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
