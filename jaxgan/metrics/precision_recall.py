"""Precision, recall, density and coverage from k-nearest-neighbor balls."""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics import arrays, pairwise


class Prdc(NamedTuple):
  """Precision, recall, density and coverage of two sets.

  The ball of a sample reaches to its k-th nearest neighbor in its own set.

  Attributes:
    precision: share of fakes inside the ball of a real sample.
    recall: share of real samples inside the ball of a fake.
    density: mean number of real balls that hold a fake, over k; may exceed 1.
    coverage: share of real samples whose ball holds a fake.
  """

  precision: float
  recall: float
  density: float
  coverage: float


def prdc(real: np.ndarray, fake: np.ndarray, *, k: int = 5) -> Prdc:
  """Computes precision, recall, density and coverage of two sets.

  From Kynkaanniemi et al. (2019) and Naeem et al. (2020). All four equal those
  of the package `prdc`: balls are open, and a sample is not its own neighbor.
  Distances are computed in blocks, so memory grows with N, not with N^2.

  Args:
    real: [N, D], N > k.
    fake: [M, D], M > k.
    k: the radius is the distance to the k-th neighbor; papers use 3 and 5.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few samples for k.

  Example:
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> both = np.concatenate([x, x + 100])
    >>> result = precision_recall.prdc(both, x)  # One of two modes.
    >>> result.precision, result.recall, result.coverage
    (1.0, 0.5, 0.5)
  """
  arrays.within('k', k, 1, 10**6)
  real, fake = arrays.pair(real, fake, minimum=k + 1)
  real_radii, fake_radii = (_radii(x, k) for x in (real, fake))
  balls = np.zeros(len(fake), np.int64)  # Real balls around each fake.
  recalled, covered = [], []  # For each real sample.
  for rows, distances in pairwise.distances(real, fake):
    radii = real_radii[rows]
    balls += (distances < radii[:, None]).sum(axis=0)
    recalled.append((distances < fake_radii).any(axis=1))
    covered.append(distances.min(axis=1) < radii)
  return Prdc(
    precision=float((balls > 0).mean()),
    recall=float(np.concatenate(recalled).mean()),
    density=float(1 / k * balls.mean()),
    coverage=float(np.concatenate(covered).mean()),
  )


def _radii(x: np.ndarray, k: int) -> np.ndarray:
  """Computes the distances [N] to the k-th neighbor in the same set."""
  # Index 0 is the sample itself, at a distance of exactly zero.
  return np.concatenate(
    [np.partition(d, k, axis=1)[:, k] for _, d in pairwise.distances(x, x)]
  )
