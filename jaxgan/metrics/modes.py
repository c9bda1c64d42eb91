"""Mode coverage and sample quality on a known Gaussian mixture."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from jaxgan.metrics import arrays


class GaussianModes(NamedTuple):
  """Mode coverage and sample quality on a Gaussian mixture.

  Attributes:
    covered: modes with at least one high-quality sample.
    modes: number of modes.
    quality: share of high-quality samples. Samples of the mixture itself, in
      the plane and within three deviations, have 1 - exp(-9/2) = 0.989.
    counts: [modes] int64, high-quality samples of each mode.
  """

  covered: int
  modes: int
  quality: float
  counts: np.ndarray


def gaussian_modes(
  points: np.ndarray,
  centers: np.ndarray,
  std: float,
  *,
  deviations: float = 3.0,
) -> GaussianModes:
  """Counts covered modes and high-quality samples (Srivastava et al., 2017).

  A sample has high quality if it lies within `deviations` standard deviations
  of the nearest center. It counts for that center.

  Args:
    points: [N, D] samples.
    centers: [modes, D] means of the Gaussians.
    std: their common standard deviation along each axis, above 0.
    deviations: radius of a mode in units of `std`.

  Raises:
    ValueError: the shapes do not fit, not finite, or std <= 0.

  Example:
    >>> centers = np.array([[0.0, 0.0], [9.0, 9.0]])
    >>> result = modes.gaussian_modes(centers[:1], centers, std=1.0)
    >>> result.covered, result.modes
    (1, 2)
  """
  points = arrays.features('points', points, minimum=1)
  centers = arrays.features('centers', centers, minimum=1)
  arrays.same_width('points', points.shape[1], 'centers', centers.shape[1])
  if not std > 0:
    raise ValueError(f'std is {std}; it must be above 0.')
  distances = cdist(points, centers)
  near = distances.min(axis=1) <= deviations * std
  nearest = distances.argmin(axis=1)[near]
  counts = np.bincount(nearest, minlength=len(centers))
  covered = int((counts > 0).sum())
  return GaussianModes(covered, len(centers), float(near.mean()), counts)
