"""FID: the Frechet distance between Gaussians fitted to two feature sets."""

import warnings
from typing import NamedTuple

import numpy as np
import scipy.stats
from scipy.linalg.lapack import dpstrf

from jaxgan.metrics import arrays
from jaxgan.metrics.pairwise import block_rows, slices

_ENOUGH_SAMPLES = 2048


class FewSamplesWarning(UserWarning):
  """Warns that a Frechet distance has a large bias because of few samples."""


class Moments(NamedTuple):
  """Mean and covariance of a feature set.

  Attributes:
    num: number of samples.
    mean: [D] float64.
    cov: [D, D] float64, with num - 1 in the denominator.
  """

  num: int
  mean: np.ndarray
  cov: np.ndarray


class Extrapolation(NamedTuple):
  """FID_inf, with the points of its linear fit.

  Attributes:
    value: the intercept at 1 / N = 0; it can be slightly negative.
    error: its standard error from the residuals of the fit. Subsets share
      samples, so it is not the spread over independent sample sets.
    sizes: [P] int64, the size N of each subset.
    distances: [P] float64, the Frechet distance of each subset.
  """

  value: float
  error: float
  sizes: np.ndarray
  distances: np.ndarray


class Accumulator:
  """Computes mean and covariance from batches, in constant memory.

  It holds at most two D x D matrices of float64. Each batch is centered on its
  own mean before squaring, and batches are merged as in Chan, Golub & LeVeque
  (1979). This stays precise where the mean is far above the deviation.

  Example:
    >>> accumulator = frechet.Accumulator(1)
    >>> accumulator.add(np.array([[0.0]]))
    >>> accumulator.add(np.array([[1.0], [2.0]]))
    >>> accumulator.moments().mean.tolist()
    [1.0]
  """

  def __init__(self, num_features: int) -> None:
    self._num = 0
    self._mean = np.zeros(num_features)
    self._scatter = np.zeros((num_features, num_features))

  def add(self, batch: np.ndarray) -> None:
    """Adds features [B, D]; each call may have another B.

    Raises:
      ValueError: another D than before, or not finite.
    """
    batch = arrays.features('batch', batch, minimum=1)
    arrays.same_width(
      'batch', batch.shape[1], 'the accumulator', len(self._mean)
    )
    for part in slices(len(batch), block_rows(batch.shape[1])):
      rows = batch[part].astype(np.float64)
      num, mean = len(rows), rows.mean(axis=0)
      total, shift = self._num + num, mean - self._mean
      rows -= mean
      # As one more row, the outer product of the shift needs no extra matrix.
      rows = np.vstack([rows, shift * (self._num * num / total) ** 0.5])
      self._scatter += rows.T @ rows
      self._mean += shift * (num / total)
      self._num = total

  def moments(self) -> Moments:
    """Returns the moments of all batches so far, as copies.

    Raises:
      ValueError: fewer than two samples were added.
    """
    if self._num < 2:
      raise ValueError(
        f'The accumulator holds {self._num} samples; a covariance needs at '
        'least 2.'
      )
    cov = self._scatter / (self._num - 1)
    return Moments(self._num, self._mean.copy(), cov)


def moments(features: np.ndarray) -> Moments:
  """Returns mean and covariance of features [N, D], N >= 2.

  Raises:
    ValueError: wrong shape, too few samples, or not finite.

  Example:
    >>> a = frechet.moments(np.array([[0.0], [2.0]]))
    >>> a.num, a.mean.tolist(), a.cov.tolist()
    (2, [1.0], [[2.0]])
  """
  features = arrays.features('features', features)
  accumulator = Accumulator(features.shape[1])
  accumulator.add(features)
  return accumulator.moments()


def frechet(a: Moments, b: Moments) -> float:
  """Frechet distance (FID) of two Gaussians, from their moments.

  |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^1/2) (Heusel et al., 2017). With
  S_a = L L^T, the eigenvalues of S_a S_b are those of L^T S_b L, which is
  symmetric and positive semidefinite. The trace of the root is the sum of the
  roots of these eigenvalues and is never complex.

  Emits a `FewSamplesWarning` if a set has fewer than 2,048 samples or fewer
  samples than features, since the distance has an upward bias of about C / N.

  Returns:
    At least 0, in squared units of the features; symmetric in a and b.

  Raises:
    ValueError: the shapes do not fit, not finite, or `cov` is not a covariance.

  Example:
    >>> x = np.random.default_rng(0).normal(size=(4096, 2))
    >>> a, b = frechet.moments(x), frechet.moments(x + 3)
    >>> round(frechet.frechet(a, b), 3)  # |m_a - m_b|^2
    18.0
  """
  _check('a', a)
  _check('b', b)
  arrays.same_width('a', len(a.mean), 'b', len(b.mean))
  _warn_few_samples(min(a.num, b.num), len(a.mean))
  # Factoring the set with fewer samples leaves fewer eigenvalues near zero.
  a, b = (b, a) if b.num < a.num else (a, b)
  return max(_distance(a, b, _factor(a.cov)), 0.0)


def frechet_infinity(
  features: np.ndarray,
  reference: Moments,
  *,
  smallest: int = 0,
  points: int = 15,
  seed: int = 0,
) -> Extrapolation:
  """FID_inf: FID extrapolated to infinite samples (Chong & Forsyth, 2020).

  Fits a line in 1 / N to the distances of random subsets. Its intercept has no
  bias from the number of samples in `features`. The bias from the number of
  samples in `reference` remains.

  Args:
    features: [N, D].
    reference: the moments of the other set.
    smallest: size of the smallest subset; 0 means N / 10, as in the paper. The
      distance is linear in 1 / N only if it exceeds D.
    points: number of subsets, with sizes evenly spaced up to N; at least 3.
    seed: seed of the random subsets.

  Returns:
    The extrapolation with its points. Emits a `FewSamplesWarning` if a subset
    has no more samples than features, or if `reference` has few samples.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few samples.

  Example:
    >>> x = np.random.default_rng(0).normal(size=(4096, 2))
    >>> result = frechet.frechet_infinity(x, frechet.moments(x + 3))
    >>> round(result.value), len(result.sizes)
    (18, 15)
  """
  features = arrays.features('features', features, minimum=30)
  _check('reference', reference)
  num, width = features.shape
  arrays.same_width('features', width, 'reference', len(reference.mean))
  arrays.within('points', points, 3, num)
  smallest = smallest or max(2, num // 10)
  arrays.within('smallest', smallest, 2, num - points)
  _warn_few_samples(reference.num, width)
  if smallest <= width:
    warnings.warn(
      f'The smallest subset has {smallest} samples of {width} features; the '
      'distance is linear in 1 / N only with more samples than features.',
      FewSamplesWarning,
      stacklevel=2,
    )
  rng = np.random.default_rng(seed)
  sizes = np.linspace(smallest, num, points).round().astype(np.int64)
  factor = _factor(reference.cov)
  values = []
  for size in sizes:
    subset = moments(features[rng.permutation(num)[:size]])
    values.append(_distance(reference, subset, factor))
  line = scipy.stats.linregress(1 / sizes, values)
  value, error = float(line.intercept), float(line.intercept_stderr)
  return Extrapolation(value, error, sizes, np.array(values))


def _distance(a: Moments, b: Moments, factor: np.ndarray) -> float:
  """Computes the distance from the factor L of a.cov; may round below 0."""
  values = np.linalg.eigvalsh(factor.T @ b.cov @ factor)
  overlap = np.sqrt(np.maximum(values, 0.0)).sum()
  shift = a.mean - b.mean
  return float(shift @ shift + np.trace(a.cov) + np.trace(b.cov) - 2 * overlap)


def _factor(cov: np.ndarray) -> np.ndarray:
  """Computes L [D, R] with S = L L^T and rank R by pivoted Cholesky."""
  lower, order, rank, _ = dpstrf(cov, lower=True)  # The order is 1-based.
  factor = np.empty((len(cov), rank))
  factor[order - 1] = np.tril(lower)[:, :rank]
  return factor


def _check(name: str, value: Moments) -> None:
  """Raises a ValueError unless the moments are valid."""
  mean, cov = np.shape(value.mean), np.shape(value.cov)
  if len(mean) != 1 or cov != mean * 2:
    raise ValueError(
      f'{name} has a mean of shape {mean} and a covariance of shape {cov}; '
      'they must be [D] and [D, D].'
    )
  if value.num < 2:
    raise ValueError(f'{name}.num is {value.num}; it must be at least 2.')
  if not (np.isfinite(value.mean).all() and np.isfinite(value.cov).all()):
    raise ValueError(
      f'{name} is not finite; its mean and covariance must be finite numbers.'
    )
  largest = np.abs(value.cov).max()
  skewed = np.abs(value.cov - value.cov.T).max() > 1e-5 * largest
  if skewed or np.diagonal(value.cov).min() < 0:
    raise ValueError(
      f'{name}.cov is not symmetric or has a negative diagonal; it must be a '
      'covariance.'
    )


def _warn_few_samples(num: int, width: int) -> None:
  enough = max(_ENOUGH_SAMPLES, width)
  if num < enough:
    warnings.warn(
      f'A Frechet distance from {num} samples of {width} features is biased '
      f'upwards (strongly below {enough} samples); compare it only with '
      'distances from as many samples, or use KID.',
      FewSamplesWarning,
      stacklevel=3,
    )
