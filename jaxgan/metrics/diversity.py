"""Diversity of samples: MS-SSIM of image pairs and KL of class counts."""

from typing import NamedTuple

import numpy as np
import scipy.special

from jaxgan.metrics import arrays, similarity
from jaxgan.metrics.pairwise import block_rows, slices


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

  Example:
    >>> black = np.zeros((4, 16, 16, 1), np.uint8)
    >>> diversity.ms_ssim_diversity(black).value
    1.0
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
    [
      similarity.ms_ssim(images[first[part]], images[second[part]])
      for part in parts
    ]
  )
  scales, window = similarity.protocol(*images.shape[1:3])
  error = float(values.std() / pairs**0.5)
  return Diversity(float(values.mean()), error, pairs, scales, window)


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

  Example:
    >>> round(diversity.label_kl([20, 0], [10, 10]), 3)  # log 2
    0.693
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
