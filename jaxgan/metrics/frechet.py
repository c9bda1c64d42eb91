"""The Frechet distance between two sets of features, seen as Gaussians."""

import warnings
from typing import NamedTuple

import numpy as np
import scipy.stats
from scipy.linalg.lapack import dpstrf

from jaxgan.metrics import arrays
from jaxgan.metrics.pairwise import rows_within, slices

ENOUGH_SAMPLES = 2048


class FewSamplesWarning(UserWarning):
  """A distance whose bias is large, since it comes from few samples."""


class Moments(NamedTuple):
  """What the Frechet distance reads of a set of features.

  Attributes:
    num: samples they come from.
    mean: [D] float64.
    cov: [D, D] float64, with num - 1 in the denominator.
  """

  num: int
  mean: np.ndarray
  cov: np.ndarray


class Extrapolation(NamedTuple):
  """FID_inf and the points it was fitted to.

  Attributes:
    value: the intercept at 1 / N = 0; it can be a little below zero.
    error: its standard error by the residuals of the fit. The subsets share
      samples, so it says how straight the line is and not how far another set
      of samples would fall.
    sizes: [P] int64, N of each subset.
    distances: [P] float64, the Frechet distance of each.
  """

  value: float
  error: float
  sizes: np.ndarray
  distances: np.ndarray


class Accumulator:
  """Mean and covariance of batches that come one after another.

  Holds two D x D matrices of float64 at most, however many samples there are.
  Each batch is centred on its own mean before it is squared, and parts are
  merged as Chan, Golub & LeVeque (1979) do, so that a mean far above the
  deviation costs no digits.
  """

  def __init__(self, num_features: int) -> None:
    self._num = 0
    self._mean = np.zeros(num_features)
    self._scatter = np.zeros((num_features, num_features))

  def add(self, batch: np.ndarray) -> None:
    """Adds [B, D] features; B may differ from call to call.

    Raises:
      ValueError: another number of features, or not finite.
    """
    batch = arrays.features('batch', batch, least=1)
    arrays.same_width(
      'batch', batch.shape[1], 'the accumulator', len(self._mean)
    )
    for part in slices(len(batch), rows_within(batch.shape[1])):
      rows = batch[part].astype(np.float64)
      mean = rows.mean(axis=0)
      rows -= mean
      self._combine(len(rows), mean, rows)

  def merge(self, other: 'Accumulator') -> None:
    """Adds what another one has seen, for instance on another host.

    Raises:
      ValueError: another number of features.
    """
    arrays.same_width(
      'other', len(other._mean), 'the accumulator', len(self._mean)
    )
    if other._num:
      self._scatter += other._scatter
      self._combine(other._num, other._mean, other._scatter[:0])

  def moments(self) -> Moments:
    """The moments so far, as copies.

    Raises:
      ValueError: there were fewer than two samples.
    """
    if self._num < 2:
      raise ValueError(
        f'The accumulator holds {self._num} samples; a covariance needs at '
        'least 2.'
      )
    cov = self._scatter / (self._num - 1)
    return Moments(self._num, self._mean.copy(), cov)

  def _combine(self, num: int, mean: np.ndarray, rows: np.ndarray) -> None:
    """Adds the squares of centred rows, and what the two means differ by."""
    total = self._num + num
    apart = mean - self._mean
    # As one more row, the second term costs no matrix of its own.
    rows = np.vstack([rows, apart * (self._num * num / total) ** 0.5])
    self._scatter += rows.T @ rows
    self._mean += apart * (num / total)
    self._num = total


def moments(features: np.ndarray) -> Moments:
  """The moments of [N, D] features, N >= 2.

  Raises:
    ValueError: another shape, too few samples, or not finite.
  """
  features = arrays.features('features', features)
  accumulator = Accumulator(features.shape[1])
  accumulator.add(features)
  return accumulator.moments()


def frechet(a: Moments, b: Moments) -> float:
  """|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^1/2) (Heusel et al., 2017).

  With S_a = L L^T, S_a S_b has the eigenvalues of L^T S_b L, which is
  symmetric and positive: the trace of the root is the sum of their roots, and
  nothing can turn complex.

  Args:
    a: moments of one set.
    b: of the other; the distance is symmetric.

  Returns:
    At least 0, in squared units of the features. Warns with a
    `FewSamplesWarning` where either set has fewer than 2,048 samples or fewer
    samples than features: the distance is biased upwards by about C / N.

  Raises:
    ValueError: the shapes do not fit, not finite, or a `cov` that cannot be
      a covariance.
  """
  _check('a', a)
  _check('b', b)
  arrays.same_width('a', len(a.mean), 'b', len(b.mean))
  _warn_of_few(min(a.num, b.num), len(a.mean))
  # A factor of fewer columns leaves fewer eigenvalues that are rounding alone.
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
  """FID_inf: the distance at infinitely many samples (Chong & Forsyth, 2020).

  Distances of random subsets are fitted by a line in 1 / N, whose intercept
  is free of the bias in the number of samples of `features`. The bias of
  `reference` stays.

  Args:
    features: [N, D].
    reference: the moments of the other set.
    smallest: size of the smallest subset; 0 stands for N / 10, as in the
      paper. The line is straight only where it exceeds D.
    points: how many subsets, with sizes evenly spaced up to N; at least 3.
    seed: of the draw of the subsets.

  Returns:
    The extrapolation with the points it rests on. Warns with a
    `FewSamplesWarning` where a subset has no more samples than features, and
    of a reference as `frechet` does.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few samples.
  """
  features = arrays.features('features', features, least=30)
  _check('reference', reference)
  num, width = features.shape
  arrays.same_width('features', width, 'reference', len(reference.mean))
  arrays.within('points', points, 3, num)
  smallest = smallest or max(2, num // 10)
  arrays.within('smallest', smallest, 2, num - points)
  _warn_of_few(reference.num, width)
  _warn_of_bend(smallest, width)
  rng = np.random.default_rng(seed)
  sizes = np.linspace(smallest, num, points).round().astype(np.int64)
  factor = _factor(reference.cov)
  values = []
  for size in sizes:
    subset = moments(features[rng.permutation(num)[:size]])
    values.append(_distance(reference, subset, factor))
  line = scipy.stats.linregress(1 / sizes, values)
  return Extrapolation(
    float(line.intercept),
    float(line.intercept_stderr),
    sizes,
    np.array(values),
  )


def _distance(a: Moments, b: Moments, factor: np.ndarray) -> float:
  """The distance, given L of a; rounding can leave it a little below zero."""
  values = np.linalg.eigvalsh(factor.T @ b.cov @ factor)
  overlap = np.sqrt(np.maximum(values, 0.0)).sum()
  apart = a.mean - b.mean
  return float(apart @ apart + np.trace(a.cov) + np.trace(b.cov) - 2 * overlap)


def _factor(cov: np.ndarray) -> np.ndarray:
  """L [D, R] with S = L L^T and R the rank of S, by Cholesky with pivots."""
  lower, order, rank, _ = dpstrf(cov, lower=True)  # The order counts from 1.
  factor = np.empty((len(cov), rank))
  factor[order - 1] = np.tril(lower)[:, :rank]
  return factor


def _check(name: str, value: Moments) -> None:
  mean, cov = np.shape(value.mean), np.shape(value.cov)
  if len(mean) != 1 or cov != mean * 2:
    raise ValueError(
      f'{name} has a mean of shape {mean} and a covariance of shape {cov}; '
      'they must be [D] and [D, D].'
    )
  if value.num < 2:
    raise ValueError(
      f'{name} comes from {value.num} samples; it must be at least 2.'
    )
  if not (np.isfinite(value.mean).all() and np.isfinite(value.cov).all()):
    raise ValueError(
      f'{name} is not finite; its mean and covariance must be finite numbers.'
    )
  largest = np.abs(value.cov).max()
  odd = np.abs(value.cov - value.cov.T).max() > 1e-5 * largest
  if odd or np.diagonal(value.cov).min() < 0:
    raise ValueError(
      f'{name}.cov is not symmetric or has a negative diagonal; it must be a '
      'covariance.'
    )


def _warn_of_few(num: int, width: int) -> None:
  enough = max(ENOUGH_SAMPLES, width)
  if num < enough:
    warnings.warn(
      f'A Frechet distance from {num} samples of {width} features is biased '
      f'upwards (below {enough} samples much so); compare it only with '
      'distances from as many samples, or use KID.',
      FewSamplesWarning,
      stacklevel=3,
    )


def _warn_of_bend(smallest: int, width: int) -> None:
  if smallest <= width:
    warnings.warn(
      f'The smallest subset has {smallest} samples of {width} features; the '
      'distance is a line in 1 / N only with more samples than features.',
      FewSamplesWarning,
      stacklevel=3,
    )
