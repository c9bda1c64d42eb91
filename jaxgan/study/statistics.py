"""Paired statistics over seeds: ratios with intervals, tests, failure rates.

Runs with the same seed share initial weights, data order, latents and uniform
numbers. So differences are taken seed by seed. Seeds are the sample: an
interval says what other seeds of the same settings would give, and no more. All
functions are deterministic.
"""

import dataclasses
import math

import numpy as np
import scipy.special

# The sign-flip test is exact up to this number of seeds: 2^19 sums.
_MAX_EXACT = 20


@dataclasses.dataclass(frozen=True)
class Ratio:
  """Ratio of one arm's values to another's, over paired seeds.

  Attributes:
    ratio: the estimate; below 1 the first arm is better.
    low, high: 95 % interval; NaN with a single seed, or where all seeds have
      the same ratio, which is not 1.
    p: two-sided p-value of the hypothesis that the arms do not differ.
    seeds: number of pairs.
  """

  ratio: float
  low: float
  high: float
  p: float
  seeds: int

  @property
  def contains_one(self) -> bool:
    """Whether the interval contains 1, so that the arms may be equal."""
    return self.low <= 1 <= self.high


@dataclasses.dataclass(frozen=True)
class Failures:
  """Failure rates of one family and of the baseline's, over paired seeds.

  Attributes:
    ours, baseline: shares of failed runs.
    difference: ours minus the baseline's.
    ratio: of our count to the baseline's, see `failed_share`.
    difference_low, difference_high, ratio_low, ratio_high: 95 % intervals; NaN
      with a single seed, or where all seeds differ by the same.
    p: two-sided p-value of the hypothesis that the families do not differ.
    seeds: number of pairs.
  """

  ours: float
  baseline: float
  difference: float
  difference_low: float
  difference_high: float
  ratio: float
  ratio_low: float
  ratio_high: float
  p: float
  seeds: int


def mean_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Returns both ends of Student's 95 % interval of a mean.

  Of four candidates it alone covers as often as it says from 3 seeds on, and is
  finite where many values are equal; `python docs/coverage.py` simulates them.

  Args:
    values: [..., S]; the interval is over the last axis.

  Returns:
    Two arrays [...]; NaN where S = 1, and where all S values are equal and not
    0: such values do not show their spread.
  """
  num = values.shape[-1]
  means = values.mean(axis=-1)
  nothing = np.full(means.shape, np.nan)
  if num < 2:
    return nothing, nothing
  error = values.std(axis=-1, ddof=1) / math.sqrt(num)
  half = -scipy.special.stdtrit(num - 1, 0.025) * error
  # Values that differ only by rounding are equal.
  unknown = (np.ptp(values, axis=-1) <= 1e-12) & (means != 0)
  half = np.where(unknown, np.nan, half)
  return means - half, means + half


def paired_ratio(ours: np.ndarray, baseline: np.ndarray) -> Ratio:
  """Estimates a ratio: exp(mean over seeds of log ours - log baseline).

  The interval is that of `mean_interval` for the logarithms, the test is
  `sign_flip`.

  Args:
    ours: [S], above 0.
    baseline: [S], above 0, of the same seeds.

  Raises:
    ValueError: no values, unequal lengths, or a value that is not finite and
      above 0.
  """
  ours, baseline = (np.asarray(x, np.float64) for x in (ours, baseline))
  _check_pairs(ours, baseline)
  for values in (ours, baseline):
    if not (np.isfinite(values) & (values > 0)).all():
      raise ValueError(
        f'A ratio needs values that are all finite and above 0, not {values}.'
      )
  logs = np.log(ours) - np.log(baseline)
  low, high = (float(np.exp(end)) for end in mean_interval(logs))
  ratio = float(np.exp(logs.mean()))
  return Ratio(ratio, low, high, sign_flip(logs), len(logs))


def paired_time_ratio(
  ours: np.ndarray, baseline: np.ndarray, least: float
) -> Ratio:
  """Estimates a ratio of restricted times, min(time, length of the run).

  As `paired_ratio`. With censored runs the ratio is nearer to 1 than that of
  the true times (Royston & Parmar, 2013, on restricted means).

  Args:
    ours: [S] steps to the target; the length of the run if censored.
    baseline: [S], of the same seeds.
    least: steps between measurements; shorter times count as this.
  """
  return paired_ratio(np.maximum(ours, least), np.maximum(baseline, least))


def sign_flip(
  differences: np.ndarray, resamples: int = 10_000, seed: int = 0
) -> float:
  """Tests that the mean is 0 by sign flips (Fisher, 1935); two-sided p-value.

  Up to 20 differences the test is exact, over all 2^S flips, and the smallest
  p is 2^(1 - S). Beyond, it takes `resamples` random flips and adds one to both
  counts (Phipson & Smyth, 2010).

  `scipy.stats.permutation_test` gives the same p, but needs 6 s instead of
  12 ms for an exact test of 20 differences. It also misses ties that differ by
  rounding: p is .72 instead of 1 for three times .1 and three times -.1.

  Args:
    differences: [S].
    resamples: number of random flips.
    seed: of the random flips.
  """
  differences = np.asarray(differences, np.float64)
  # Sums that differ only by rounding count as ties.
  observed = abs(differences.sum()) - 1e-9 * np.abs(differences).sum()
  if len(differences) <= _MAX_EXACT:
    sums = differences[:1]  # By symmetry half of all flips are enough.
    for x in differences[1:]:
      sums = np.concatenate([sums + x, sums - x])
    return float((np.abs(sums) >= observed).mean())
  rng = np.random.default_rng(seed)
  signs = 1 - 2 * rng.integers(2, size=(resamples, len(differences)))
  extreme = (np.abs(signs @ differences) >= observed).sum()
  return float((1 + extreme) / (1 + resamples))


def holm(p: np.ndarray) -> np.ndarray:
  """Adjusts p-values for multiple tests (Holm, 1979).

  Args:
    p: [M], of all tests declared beforehand.

  Returns:
    [M] in [0, 1], in the same order; compare each with the test's level.
  """
  p = np.asarray(p, np.float64)
  order = np.argsort(p, kind='stable')
  adjusted = np.empty_like(p)
  scaled = p[order] * np.arange(len(p), 0, -1)
  adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1)
  return adjusted


def failed_share(ours: np.ndarray, baseline: np.ndarray) -> Failures:
  """Compares the failure rates of two families over paired seeds.

  The settings are fixed and only seeds are a sample. So the intervals are
  Student's over seeds: of the differences of the shares, and of the logarithm
  of the ratio, linearized in the shares (delta method). The ratio adds half a
  failed run to each count (Haldane, 1956), so that it is finite; it is a little
  nearer to 1 than the plain ratio.

  Args:
    ours: [S, A] bool: whether the run of seed s under setting a failed.
    baseline: [S, B] bool, of the same seeds.

  Raises:
    ValueError: no values, or unequal numbers of seeds.
  """
  ours, baseline = (np.asarray(x, np.float64) for x in (ours, baseline))
  _check_pairs(ours, baseline)
  shares = [x.mean(axis=1) for x in (ours, baseline)]  # [S] each.
  halves = [0.5 / x.size for x in (ours, baseline)]
  means = [float(x.mean()) for x in shares]
  differences = shares[0] - shares[1]
  low, high = _failure_interval(differences)
  level = [mean + half for mean, half in zip(means, halves, strict=True)]
  ratio = level[0] / level[1]
  slopes = shares[0] / level[0] - shares[1] / level[1]
  around = _failure_interval(slopes - slopes.mean())
  ratio_low, ratio_high = (ratio * math.exp(end) for end in around)
  return Failures(
    ours=means[0],
    baseline=means[1],
    difference=means[0] - means[1],
    difference_low=low,
    difference_high=high,
    ratio=ratio,
    ratio_low=ratio_low,
    ratio_high=ratio_high,
    p=sign_flip(differences),
    seeds=len(ours),
  )


def _failure_interval(values: np.ndarray) -> tuple[float, float]:
  """As `mean_interval`; NaN wherever all values are equal, also if 0.

  Counts of failures often agree in a few seeds by chance.
  """
  if np.ptp(values) <= 1e-12:
    return math.nan, math.nan
  low, high = mean_interval(values)
  return float(low), float(high)


def _check_pairs(ours: np.ndarray, baseline: np.ndarray) -> None:
  if len(ours) != len(baseline) or not ours.size or not baseline.size:
    raise ValueError(
      f'{len(ours)} values were paired with {len(baseline)}; both sides must '
      'have the same seeds, at least one.'
    )
