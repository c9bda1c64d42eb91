"""KID: unbiased squared maximum mean discrepancy with a cubic kernel."""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics import arrays
from jaxgan.metrics.pairwise import block_rows, slices


class Kid(NamedTuple):
  """A kernel inception distance with its error and protocol.

  Attributes:
    value: mean of MMD^2 over the subsets; unbiased, so it can be negative.
    error: standard error of `value` as an estimate from N samples: std times
      sqrt(size / (N - size)), the delete-d jackknife (Shao & Wu, 1989). It
      tends to be too large if the distance is near zero.
    std: standard deviation of MMD^2 over the subsets, as other libraries report
      it. It is the spread of one subset, not of the mean.
    subsets: number of subsets.
    size: samples of each set in one subset.
  """

  value: float
  error: float
  std: float
  subsets: int
  size: int


def kid(
  real: np.ndarray,
  fake: np.ndarray,
  *,
  subsets: int = 100,
  size: int = 0,
  seed: int = 2020,
) -> Kid:
  """Kernel inception distance over random subsets (Binkowski et al., 2018).

  The subsets equal those of torch-fidelity with `real` as its first input and
  the same seed, so the values agree.

  Args:
    real: [N, D].
    fake: [M, D].
    subsets: number of subsets.
    size: samples of each set in one subset; 0 means 1,000 or half of the
      smaller set, whichever is less.
    seed: seed of the subsets; 2020 is torch-fidelity's default.

  Raises:
    ValueError: the shapes do not fit, not finite, too few samples, or a size
      that is not below the smaller set.

  Example:
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> near, far = kid.kid(x, x + 0.1), kid.kid(x, x + 1)
    >>> near.value < far.value, near.size
    (True, 100)
  """
  real, fake = arrays.pair(real, fake, minimum=4)
  num = min(len(real), len(fake))
  size = size or min(1000, num // 2)
  arrays.within('subsets', subsets, 2, 10**6)
  # Subsets of full size would all be equal; use `mmd2` for the whole sets.
  arrays.within('size', size, 2, num - 1)
  # torch-fidelity uses this legacy generator, whose stream never changes.
  rng = np.random.RandomState(seed)
  values = []
  for _ in range(subsets):
    x, y = (v[rng.choice(len(v), size, replace=False)] for v in (real, fake))
    values.append(mmd2(x, y))
  std = float(np.std(values))
  error = std * (size / (num - size)) ** 0.5
  return Kid(float(np.mean(values)), error, std, subsets, size)


def mmd2(real: np.ndarray, fake: np.ndarray) -> float:
  """Unbiased MMD^2 of two whole sets: E k(x, x') + E k(y, y') - 2 E k(x, y).

  The kernel is k(x, y) = (<x, y> / D + 1)^3. No sample is paired with itself
  (Gretton et al., 2012, equation 3).

  Args:
    real: [N, D], N >= 2.
    fake: [M, D], M >= 2.

  Returns:
    0 on average for equal distributions; it can be negative.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few samples.

  Example:
    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> kid.mmd2(x, x + 1) > 0.5
    True
  """
  x, y = (v.astype(np.float64, copy=False) for v in arrays.pair(real, fake))
  within = sum(_mean_off_diagonal(v) for v in (x, y))
  return float(within - 2 * _kernel_sum(x, y) / (len(x) * len(y)))


def _mean_off_diagonal(x: np.ndarray) -> float:
  """Mean of k(x_i, x_j) over i != j."""
  diagonal = (np.einsum('ij,ij->i', x, x) / x.shape[1] + 1) ** 3
  return (_kernel_sum(x, x) - diagonal.sum()) / (len(x) * (len(x) - 1))


def _kernel_sum(x: np.ndarray, y: np.ndarray) -> float:
  """Sum of k(x_i, y_j) over all pairs."""
  total = 0.0
  for rows in slices(len(x), block_rows(len(y))):
    base = (x[rows] / x.shape[1]) @ y.T
    base += 1
    total += float(np.vdot(base * base, base))  # Much faster than base**3.
  return total
