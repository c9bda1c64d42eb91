"""Fidelity and diversity apart: precision, recall, density, coverage."""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics import arrays, pairwise


class Prdc(NamedTuple):
  """How two sets lie within each other's neighbourhoods.

  A sample's ball reaches to its k-th neighbour within its own set.

  Attributes:
    precision: share of fake samples inside the ball of some real one.
    recall: share of real samples inside the ball of some fake one.
    density: real balls around a fake sample, over k; may exceed 1.
    coverage: share of real samples with a fake one inside their ball.
  """

  precision: float
  recall: float
  density: float
  coverage: float


def prdc(real: np.ndarray, fake: np.ndarray, *, k: int = 5) -> Prdc:
  """Precision, recall (Kynkaanniemi et al., 2019), density, coverage.

  The last two are those of Naeem et al. (2020), whose package `prdc` this
  equals: a ball is open, and its centre is not its own neighbour. Distances
  are computed in blocks, so memory grows with N and not with N^2.

  Args:
    real: [N, D], N > k.
    fake: [M, D], M > k.
    k: which neighbour the balls reach to; the papers use 3 and 5.

  Returns:
    The four shares.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few samples for k.
  """
  arrays.within('k', k, 1, 10**6)
  real, fake = arrays.pair(real, fake, least=k + 1)
  real_radii, fake_radii = (_radii(x, k) for x in (real, fake))
  around = np.zeros(len(fake), np.int64)  # Real balls around each fake.
  inside, covered = [], []  # By real sample.
  for rows, distances in pairwise.distances(real, fake):
    radii = real_radii[rows]
    around += (distances < radii[:, None]).sum(axis=0)
    inside.append((distances < fake_radii).any(axis=1))
    covered.append(distances.min(axis=1) < radii)
  return Prdc(
    precision=float((around > 0).mean()),
    recall=float(np.concatenate(inside).mean()),
    density=float(1 / k * around.mean()),
    coverage=float(np.concatenate(covered).mean()),
  )


def _radii(x: np.ndarray, k: int) -> np.ndarray:
  """[N] distances from each sample to its k-th neighbour in the same set."""
  # The sample itself comes first, at a distance of exactly zero.
  return np.concatenate(
    [np.partition(d, k, axis=1)[:, k] for _, d in pairwise.distances(x, x)]
  )
