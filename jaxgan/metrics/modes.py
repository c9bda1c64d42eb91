"""Which modes of a known mixture the samples reach."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from jaxgan.metrics import arrays
from jaxgan.metrics.diversity import label_histogram, label_kl

STACKED_MODES = 1000


class GaussianModes(NamedTuple):
  """How samples fall on a mixture of Gaussians.

  Attributes:
    covered: modes with at least one sample of high quality.
    modes: how many there are.
    quality: share of samples of high quality. Of the mixture itself, in the
      plane and at three deviations, 1 - exp(-9/2) = 0.989.
    counts: [modes] int64 samples of high quality of each mode.
  """

  covered: int
  modes: int
  quality: float
  counts: np.ndarray


class StackedModes(NamedTuple):
  """How samples fall on the thousand modes of Stacked MNIST.

  Attributes:
    covered: modes with at least one sample, of 1,000.
    kl: KL(samples || reference) in nats over the modes. Of N samples of the
      reference itself about 1000 / (2 N) remains.
  """

  covered: int
  kl: float


def gaussian_modes(
  points: np.ndarray,
  centres: np.ndarray,
  std: float,
  *,
  deviations: float = 3.0,
) -> GaussianModes:
  """Modes covered and the share of high quality (Srivastava et al., 2017).

  A sample is of high quality where it lies within so many standard deviations
  of the nearest centre, and counts for that centre.

  Args:
    points: [N, D] samples.
    centres: [modes, D] of the Gaussians.
    std: their common standard deviation along each axis, above 0.
    deviations: the reach of a mode in units of `std`.

  Returns:
    Counts and shares.

  Raises:
    ValueError: the shapes do not fit, not finite, or a std that is not above
      0.
  """
  points = arrays.features('points', points, least=1)
  centres = arrays.features('centres', centres, least=1)
  arrays.same_width('points', points.shape[1], 'centres', centres.shape[1])
  if not std > 0:
    raise ValueError(f'std is {std}; it must be above 0.')
  distances = cdist(points, centres)
  near = distances.min(axis=1) <= deviations * std
  nearest = distances.argmin(axis=1)[near]
  counts = np.bincount(nearest, minlength=len(centres))
  covered = int((counts > 0).sum())
  return GaussianModes(covered, len(centres), float(near.mean()), counts)


def stacked_labels(digits: np.ndarray) -> np.ndarray:
  """100 a + 10 b + c, the mode of each stack of three digits.

  Args:
    digits: [N, 3] whole numbers in [0, 10): the label of each channel.

  Returns:
    [N] int64 in [0, 1000).

  Raises:
    ValueError: another shape, or not digits.
  """
  digits = arrays.labels('digits', digits, 10)
  if digits.ndim != 2 or digits.shape[1] != 3:
    raise ValueError(
      f'digits has shape {digits.shape}; it must be [N, 3], one label for each '
      'channel.'
    )
  return digits @ np.array([100, 10, 1])


def stacked_modes(
  digits: np.ndarray, reference: np.ndarray | None = None
) -> StackedModes:
  """Modes of Stacked MNIST (Metz et al., 2017): how many, and how evenly.

  Args:
    digits: [N, 3] whole numbers in [0, 10): the label that a classifier gives
      each channel. The papers take N = 26,000.
    reference: [1000] counts of real stacks; uniform where it is None.

  Returns:
    Modes covered and the divergence.

  Raises:
    ValueError: not digits, or a reference that lacks a mode.
  """
  counts = label_histogram(stacked_labels(digits), STACKED_MODES)
  if reference is None:
    reference = np.ones(STACKED_MODES)
  return StackedModes(int((counts > 0).sum()), label_kl(counts, reference))
