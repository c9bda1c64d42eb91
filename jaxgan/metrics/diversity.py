"""Do samples differ: MS-SSIM of pairs, and the labels they get."""

from typing import NamedTuple

import numpy as np
import scipy.special
from scipy.ndimage import correlate1d

from jaxgan.metrics import arrays
from jaxgan.metrics.pairwise import rows_within, slices

# Wang, Simoncelli & Bovik (2003): the exponents from the finest scale to the
# coarsest, and the window with its deviation.
_WEIGHTS = np.array([0.0448, 0.2856, 0.3001, 0.2363, 0.1333])
_WINDOW = 11
_SIGMA = 1.5
# (K1 L)^2 and (K2 L)^2 with the range L = 255.
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


class Diversity(NamedTuple):
  """Mean MS-SSIM of pairs of one set, and the protocol it came from.

  Attributes:
    value: 1 where all images are one, near 0 where they share nothing.
    error: deviation over sqrt(pairs); pairs share images, so it is a little
      too small.
    pairs: how many.
    scales: how many the image size allowed, 1 to 5.
    window: width of the window in pixels, 11 but for images below that.
  """

  value: float
  error: float
  pairs: int
  scales: int
  window: int


def ms_ssim_diversity(
  images: np.ndarray, *, pairs: int = 1000, seed: int = 0
) -> Diversity:
  """Mean MS-SSIM over random pairs of two different images (Odena, 2017).

  Lower is more diverse; compare with the same number on real images, and only
  at the same image size, since that sets the scales.

  Args:
    images: [N, H, W, C] uint8, N >= 2.
    pairs: how many to draw.
    seed: of the draw.

  Returns:
    The mean with its error and protocol.

  Raises:
    ValueError: not images of uint8, or fewer than two.
  """
  images = arrays.images('images', images, least=2)
  arrays.within('pairs', pairs, 2, 10**7)
  rng = np.random.default_rng(seed)
  first = rng.integers(len(images), size=pairs)
  step = rng.integers(1, len(images), size=pairs)
  second = (first + step) % len(images)
  size = images[0].size
  values = np.concatenate(
    [
      ms_ssim(images[first[part]], images[second[part]])
      for part in slices(pairs, rows_within(8 * size))
    ]
  )
  scales, window = _protocol(*images.shape[1:3])
  error = float(values.std() / pairs**0.5)
  return Diversity(float(values.mean()), error, pairs, scales, window)


def ms_ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
  """MS-SSIM of each pair of images (Wang, Simoncelli & Bovik, 2003).

  Departs from the paper in small images: a scale is used only while the
  shorter side holds the window of 11 pixels, and the exponents of fewer than
  five scales are made to sum to one; below 11 pixels one scale is used and
  the window shrinks. Negative structure counts as 0. Channels are compared
  apart and averaged.

  Args:
    x: [N, H, W, C] uint8.
    y: [N, H, W, C] uint8.

  Returns:
    [N] float64 in [0, 1]; 1 for equal images.

  Raises:
    ValueError: not images of uint8, or two shapes.
  """
  x, y = arrays.images('x', x), arrays.images('y', y)
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


def label_histogram(labels: np.ndarray, num_classes: int) -> np.ndarray:
  """[C] int64: how many samples got each label.

  Args:
    labels: whole numbers in [0, C), of any shape.
    num_classes: C.

  Raises:
    ValueError: no labels, not whole numbers, or out of range.
  """
  labels = arrays.labels('labels', labels, num_classes)
  return np.bincount(labels.reshape(-1), minlength=num_classes)


def label_kl(counts: np.ndarray, reference: np.ndarray) -> float:
  """KL(p || q) in nats, p and q the shares of two histograms.

  Args:
    counts: [C] of the samples; classes may be empty.
    reference: [C] of real data; no class may be empty, since a sample in it
      would be infinitely far off.

  Returns:
    At least 0. Of N samples from q itself about (C - 1) / (2 N) remains.

  Raises:
    ValueError: two shapes, an empty histogram, or an empty class of the
      reference.
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
    raise ValueError('counts is empty or negative; it must hold some samples.')
  p, q = counts / counts.sum(), reference / reference.sum()
  return float(scipy.special.rel_entr(p, q).sum())


def _protocol(height: int, width: int) -> tuple[int, int]:
  """(scales, window) of an image size."""
  side = min(height, width)
  scales = sum(side >> s >= _WINDOW for s in range(len(_WEIGHTS)))
  return max(scales, 1), min(_WINDOW, side - 1 + side % 2)


def _compare(
  x: np.ndarray, y: np.ndarray, window: int
) -> tuple[np.ndarray, np.ndarray]:
  """Luminance, and contrast with structure, at each place: [N, h, w, C]."""
  mean_x, mean_y = _blur(x, window), _blur(y, window)
  var_x = _blur(x * x, window) - mean_x * mean_x
  var_y = _blur(y * y, window) - mean_y * mean_y
  both = _blur(x * y, window) - mean_x * mean_y
  luminance = 2 * mean_x * mean_y + _C1
  luminance /= mean_x * mean_x + mean_y * mean_y + _C1
  return luminance, (2 * both + _C2) / (var_x + var_y + _C2)


def _blur(x: np.ndarray, window: int) -> np.ndarray:
  """Gaussian means where the window fits: [N, H - window + 1, ..., C]."""
  reach = window // 2
  at = np.arange(-reach, reach + 1)
  kernel = np.exp(-0.5 * (at * _WINDOW / (window * _SIGMA)) ** 2)
  kernel /= kernel.sum()
  for axis in (1, 2):
    x = correlate1d(x, kernel, axis)
  height, width = x.shape[1:3]
  return x[:, reach : height - reach, reach : width - reach]


def _halve(x: np.ndarray) -> np.ndarray:
  """Means of 2x2 pixels; an odd last row or column is dropped."""
  num, height, width, channels = x.shape
  x = x[:, : height // 2 * 2, : width // 2 * 2]
  return x.reshape(num, height // 2, 2, width // 2, 2, channels).mean((2, 4))
