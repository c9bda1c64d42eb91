"""How far two ways of training differ, and how sure one can be.

Runs are paired: those of one seed share the initial weights, the order of the
data, latents and uniforms, so differences are taken seed by seed and seeds are
what is resampled. Pure numpy; every draw comes from a seed.
"""

import dataclasses
import functools

import numpy as np
import scipy.special

# Up to so many seeds a sign-flip test looks at every flip: 2^19 sums.
_MOST_EXACT = 20


@dataclasses.dataclass(frozen=True)
class Ratio:
  """One way of training over another.

  Attributes:
    ratio: of the two; below 1 the first is better.
    low, high: 95 % interval; NaN with a single seed.
    p: two-sided, of the hypothesis that the two do not differ.
    seeds: how many pairs.
  """

  ratio: float
  low: float
  high: float
  p: float
  seeds: int

  @property
  def contains_one(self) -> bool:
    """Whether the interval leaves open that the two are equal."""
    return self.low <= 1 <= self.high


@dataclasses.dataclass(frozen=True)
class Failures:
  """Failed runs of one way of training and of the baseline.

  Attributes:
    ours, baseline: share of failed runs.
    difference, ratio: ours less and over the baseline's; the ratio is of
      counts with half a failed run added, see `failed_share`.
    difference_low, difference_high, ratio_low, ratio_high: 95 % intervals.
    p: two-sided, of the hypothesis that the two do not differ.
    seeds: how many were paired.
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


def paired_ratio(
  ours: np.ndarray, baseline: np.ndarray, resamples: int = 10_000, seed: int = 0
) -> Ratio:
  """exp(mean over seeds of log ours - log baseline), interval and test.

  The interval is the bootstrap's expanded percentile one (Hesterberg, The
  American Statistician 69(4), 2015): quantiles of the resampled means at
  Phi(sqrt(n / (n - 1)) t) with t the 2.5 % quantile of Student's law with
  n - 1 degrees. A plain percentile interval of few seeds is too narrow: of
  5 normal differences it covered 83 % where 95 % was asked, BCa 84 %, this one
  92 %; of 20: 92, 92 and 94 % (2,000 trials). The test flips signs.

  Args:
    ours: [S], above 0.
    baseline: [S], of the same seeds.
    resamples: of the bootstrap.
    seed: of its draws.

  Raises:
    ValueError: nothing to compare, unlike lengths, or a value that has no
      logarithm.
  """
  ours, baseline = (np.asarray(x, np.float64) for x in (ours, baseline))
  _check_pairs(ours, baseline)
  for values in (ours, baseline):
    if not (np.isfinite(values) & (values > 0)).all():
      raise ValueError(
        'A ratio was asked of values that are not all finite and above 0.'
      )
  logs = np.log(ours) - np.log(baseline)
  means = logs[_draws(len(logs), resamples, seed)].mean(axis=1)
  low, high = np.exp(_interval(means, len(logs)))
  ratio = float(np.exp(logs.mean()))
  p = sign_flip(logs, resamples, seed)
  return Ratio(ratio, float(low), float(high), p, len(logs))


def paired_time_ratio(
  ours: np.ndarray, baseline: np.ndarray, least: float
) -> Ratio:
  """`paired_ratio` of restricted times: a censored one counts as the horizon.

  Where runs are censored this is a ratio of min(time, horizon), which lies
  nearer to 1 than that of the times themselves would (Royston & Parmar, 2013,
  on restricted means).

  Args:
    ours: [S] steps to the target, censored ones at the horizon.
    baseline: [S], of the same seeds.
    least: distance of two measurements; a time of 0 counts as this.

  Raises:
    ValueError: as `paired_ratio`.
  """
  return paired_ratio(np.maximum(ours, least), np.maximum(baseline, least))


def sign_flip(
  differences: np.ndarray, resamples: int = 10_000, seed: int = 0
) -> float:
  """Two-sided p of a mean of 0, by flipping signs (Fisher, 1935).

  Up to 20 differences all 2^S flips are looked at, and the least p there is
  is 2^(1 - S); beyond, `resamples` random ones, with one added to both counts
  (Phipson & Smyth, 2010).

  Args:
    differences: [S] of pairs.
    resamples: random flips.
    seed: of their draws.
  """
  differences = np.asarray(differences, np.float64)
  # Sums that are equal but for rounding must count as equal.
  observed = abs(differences.sum()) - 1e-9 * np.abs(differences).sum()
  if len(differences) <= _MOST_EXACT:
    sums = differences[:1]  # Of the two halves of all flips one is enough.
    for x in differences[1:]:
      sums = np.concatenate([sums + x, sums - x])
    return float((np.abs(sums) >= observed).mean())
  rng = np.random.default_rng(seed)
  signs = 1 - 2 * rng.integers(2, size=(resamples, len(differences)))
  extreme = (np.abs(signs @ differences) >= observed).sum()
  return float((1 + extreme) / (1 + resamples))


def holm(p: np.ndarray) -> np.ndarray:
  """Adjusted p-values that keep the family's error rate (Holm, 1979).

  Args:
    p: [M], all that were declared beforehand.

  Returns:
    [M] in [0, 1], in the order given; each to be held against the level.
  """
  p = np.asarray(p, np.float64)
  order = np.argsort(p, kind='stable')
  adjusted = np.empty_like(p)
  scaled = p[order] * np.arange(len(p), 0, -1)
  adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1)
  return adjusted


def failed_share(
  ours: np.ndarray,
  baseline: np.ndarray,
  resamples: int = 10_000,
  seed: int = 0,
) -> Failures:
  """Failed runs over several settings, paired and resampled by seed.

  Settings are fixed, seeds are a sample: a seed is drawn with all its settings
  on both sides. The ratio is of counts with half a failed run added to each
  side (Haldane, 1956), so that none in a resample gives no infinity; it lies
  a little nearer to 1 than the plain one.

  Args:
    ours: [S, A] bool: seed s failed under setting a.
    baseline: [S, B] bool, of the same seeds.
    resamples: of the bootstrap.
    seed: of its draws.

  Raises:
    ValueError: nothing to compare, or unlike numbers of seeds.
  """
  ours, baseline = (np.asarray(x, np.float64) for x in (ours, baseline))
  _check_pairs(ours, baseline)
  num = len(ours)
  draws = _draws(num, resamples, seed)
  sides = [x.mean(axis=1) for x in (ours, baseline)]  # [S] shares.
  halves = [0.5 / x.size for x in (ours, baseline)]
  drawn = [x[draws].mean(axis=1) for x in sides]
  means = [float(x.mean()) for x in sides]
  ratio = (means[0] + halves[0]) / (means[1] + halves[1])
  ratios = (drawn[0] + halves[0]) / (drawn[1] + halves[1])
  low, high = _interval(drawn[0] - drawn[1], num)
  ratio_low, ratio_high = _interval(ratios, num)
  return Failures(
    ours=means[0],
    baseline=means[1],
    difference=means[0] - means[1],
    difference_low=float(low),
    difference_high=float(high),
    ratio=ratio,
    ratio_low=float(ratio_low),
    ratio_high=float(ratio_high),
    p=sign_flip(sides[0] - sides[1], resamples, seed),
    seeds=num,
  )


def _check_pairs(ours: np.ndarray, baseline: np.ndarray) -> None:
  if len(ours) != len(baseline) or not ours.size or not baseline.size:
    raise ValueError(
      f'{len(ours)} values were paired with {len(baseline)}; both sides must '
      'be of the same seeds, and there must be at least one.'
    )


@functools.lru_cache(maxsize=8)
def _draws(num: int, resamples: int, seed: int) -> np.ndarray:
  """[resamples, num] indices of seeds, drawn with replacement."""
  draws = np.random.default_rng(seed).integers(num, size=(resamples, num))
  draws.flags.writeable = False  # The cache hands it out again.
  return draws


def _interval(resampled: np.ndarray, num: int) -> np.ndarray:
  """The expanded percentile interval of 95 %: low and high."""
  if num < 2:
    return np.full(2, np.nan)
  t = scipy.special.stdtrit(num - 1, 0.025)
  share = scipy.special.ndtr(t * np.sqrt(num / (num - 1)))
  return np.quantile(resampled, [share, 1 - share])
