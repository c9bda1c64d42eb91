"""KID: squared maximum mean discrepancy under a cubic kernel, unbiased."""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics import arrays
from jaxgan.metrics.pairwise import rows_within, slices


class Kid(NamedTuple):
  """A kernel inception distance and the protocol it came from.

  Attributes:
    value: mean of MMD^2 over the subsets; unbiased, so it can be negative.
    error: its standard error as an estimate from these N samples: std times
      sqrt(size / (N - size)), the jackknife that leaves out all but `size`
      (Shao & Wu, 1989). Too large, rather, where the distance is near zero.
    std: deviation over the subsets, which is what other libraries print; it
      belongs to one subset and not to the mean.
    subsets: how many.
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
  """Kernel inception distance (Binkowski et al., 2018).

  Subsets are drawn as torch-fidelity draws them with `real` as its first
  input and the same seed, so that values agree sample by sample.

  Args:
    real: [N, D].
    fake: [M, D].
    subsets: how many.
    size: samples of each set in one subset; 0 stands for 1,000 or half of the
      smaller set, whichever is less.
    seed: of the draw; 2020 is torch-fidelity's default.

  Returns:
    The distance with its error and protocol.

  Raises:
    ValueError: the shapes do not fit, not finite, too few samples, or a size
      that leaves no sample out.
  """
  real, fake = arrays.pair(real, fake, least=4)
  num = min(len(real), len(fake))
  size = size or min(1000, num // 2)
  arrays.within('subsets', subsets, 2, 10**6)
  # Subsets of everything would all be the same; `mmd2` takes everything.
  arrays.within('size', size, 2, num - 1)
  # The generator of old, whose stream is frozen and which others use.
  rng = np.random.RandomState(seed)
  values = []
  for _ in range(subsets):
    x, y = (v[rng.choice(len(v), size, replace=False)] for v in (real, fake))
    values.append(_mmd2(x, y))
  std = float(np.std(values))
  error = std * (size / (num - size)) ** 0.5
  return Kid(float(np.mean(values)), error, std, subsets, size)


def mmd2(real: np.ndarray, fake: np.ndarray) -> float:
  """E k(x, x') + E k(y, y') - 2 E k(x, y), over all pairs of two samples.

  The kernel is k(x, y) = (<x, y> / D + 1)^3, and no sample is paired with
  itself (Gretton et al., 2012, equation 3).

  Args:
    real: [N, D], N >= 2.
    fake: [M, D], M >= 2.

  Returns:
    0 on average for equal distributions, and it can be negative.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few samples.
  """
  return _mmd2(*arrays.pair(real, fake))


def _mmd2(x: np.ndarray, y: np.ndarray) -> float:
  x, y = (v.astype(np.float64, copy=False) for v in (x, y))
  within = sum(_mean_of_others(v) for v in (x, y))
  return float(within - 2 * _sum(x, y) / (len(x) * len(y)))


def _mean_of_others(x: np.ndarray) -> float:
  """The mean of k(x_i, x_j) over i != j."""
  own = (np.einsum('ij,ij->i', x, x) / x.shape[1] + 1) ** 3
  return (_sum(x, x) - own.sum()) / (len(x) * (len(x) - 1))


def _sum(x: np.ndarray, y: np.ndarray) -> float:
  """The sum of k over all pairs."""
  total = 0.0
  for rows in slices(len(x), rows_within(len(y))):
    base = (x[rows] / x.shape[1]) @ y.T
    base += 1
    total += float(np.vdot(base * base, base))  # Far faster than a power.
  return total
