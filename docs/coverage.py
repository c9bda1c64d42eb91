"""Simulates how often four 95 % intervals of a mean cover it.

  python docs/coverage.py

Prints a line for each law of the log ratios and number of seeds: the coverage
of Student's t, of the expanded percentile bootstrap (Hesterberg, 2015), of BCa
and of the bootstrap-t (both in Efron & Tibshirani, 1993), and how wide the last
is, relative to Student's. Then the coverage of the intervals of failed runs.
"""

import sys
from collections.abc import Callable

import numpy as np
import scipy.special

from jaxgan.study import statistics

SEEDS = (3, 4, 5, 8, 16, 20)
TRIALS, RESAMPLES = 4_000, 1_000
Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def times(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
  """Log ratios of times on a grid of 100 steps, cut off at 800."""
  seed = 0.3 * rng.normal(size=shape)
  sides = (
    500 * np.exp(seed + effect + 0.3 * rng.normal(size=shape))
    for effect in (0.1, 0.0)
  )
  ours, baseline = (np.minimum(np.ceil(x / 100) * 100, 800) for x in sides)
  return np.log(ours / baseline)


LAWS: dict[str, Draw] = {
  'normal': lambda rng, shape: rng.normal(size=shape),
  'heavy tails: t with 5 degrees': lambda rng, shape: rng.standard_t(5, shape),
  'skewed: log-normal, sigma .5': lambda rng, shape: rng.lognormal(
    0, 0.5, shape
  ),
  'very skewed: exponential': lambda rng, shape: rng.exponential(size=shape),
  'times on a grid, some censored': times,
}


def expanded(x: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Ends of the expanded percentile interval; means [T, R] of resamples."""
  num = x.shape[1]
  t = scipy.special.stdtrit(num - 1, 0.025)
  share = scipy.special.ndtr(t * np.sqrt(num / (num - 1)))
  low, high = np.quantile(means, [share, 1 - share], axis=1)
  return low, high


def bca(x: np.ndarray, means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Ends of the bias-corrected and accelerated interval."""
  center = x.mean(axis=1, keepdims=True)
  below = (means < center).mean(axis=1) + (means == center).mean(axis=1) / 2
  bias = scipy.special.ndtri(np.clip(below, 0.001, 0.999))
  left = center - x
  scale = np.maximum((left**2).sum(axis=1), 1e-12) ** 1.5
  acceleration = (left**3).sum(axis=1) / (6 * scale)
  ordered, ends = np.sort(means, axis=1), []
  for z in (-1.96, 1.96):
    share = bias + (bias + z) / (1 - acceleration * (bias + z))
    at = np.round(scipy.special.ndtr(share) * (means.shape[1] - 1)).astype(int)
    ends.append(np.take_along_axis(ordered, at[:, None], axis=1)[:, 0])
  return ends[0], ends[1]


def bootstrap_t(
  x: np.ndarray, means: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
  """Ends of the bootstrap-t interval; infinite if many values are equal."""
  center, error = x.mean(axis=1), x.std(axis=1, ddof=1) / np.sqrt(x.shape[1])
  away = means - center[:, None]
  away = np.where(np.abs(away) < 1e-9, 0, away)
  tiny = errors < 1e-9
  ratio = np.where(tiny, np.sign(away) * 1e30, away / np.where(tiny, 1, errors))
  low, high = np.quantile(ratio, [0.025, 0.975], axis=1)
  return center - high * error, center - low * error


def coverage(law: Draw, num: int) -> list[float]:
  """Returns the coverage of the four intervals, and the relative width."""
  rng = np.random.default_rng(num)
  truth, x = law(rng, (1_000_000,)).mean(), law(rng, (TRIALS, num))
  draws = rng.integers(num, size=(RESAMPLES, num))
  counts = (draws[:, :, None] == np.arange(num)).sum(axis=1)
  means = x @ counts.T / num
  variances = np.maximum((x**2) @ counts.T / num - means**2, 0)
  ends = [
    statistics.mean_interval(x),
    expanded(x, means),
    bca(x, means),
    bootstrap_t(x, means, np.sqrt(variances / (num - 1))),
  ]
  hits = [float(((a <= truth) & (truth <= b)).mean()) for a, b in ends]
  wide, narrow = (np.median(b - a) for a, b in (ends[3], ends[0]))
  return [*hits, float(wide / narrow)]


def failures(num: int, trials: int = 2_000) -> tuple[float, float]:
  """Coverage for difference and ratio of failures in 16 settings each.

  Each setting fails with a probability of its own, and each seed shifts all of
  them on both sides. So nearly all runs of some settings fail, as in the
  studies.
  """
  rng = np.random.default_rng(num)
  logits = 3 * rng.normal(size=(2, 16)) + np.array([[-0.5], [0.5]])

  def draw(seeds: int) -> np.ndarray:
    shift = 0.5 * rng.normal(size=(1, seeds, 1))
    share = scipy.special.expit(logits[:, None] + shift)
    return rng.random(share.shape) < share

  shares = draw(200_000).mean(axis=(1, 2))
  truth = shares[0] - shares[1], shares[0] / shares[1]
  hits = np.zeros(2)
  for _ in range(trials):
    x = statistics.failed_share(*draw(num))
    hits[0] += x.difference_low <= truth[0] <= x.difference_high
    hits[1] += x.ratio_low <= truth[1] <= x.ratio_high
  return float(hits[0] / trials), float(hits[1] / trials)


def main() -> None:
  """Prints both tables in Markdown."""
  write = sys.stdout.write
  write(
    '| log ratios | seeds | Student | expanded | BCa | bootstrap-t | width |'
  )
  write(f'\n{"|---" * 7}|\n')
  for name, law in LAWS.items():
    for num in SEEDS:
      *hits, width = coverage(law, num)
      cells = [f'{100 * hit:.1f} %' for hit in hits]
      cells.append(f'{width:.2f}' if width < 1e6 else 'infinite')
      write(f'| {name} | {num} | {" | ".join(cells)} |\n')
  write('\n| seeds | difference of failures | ratio |\n|---|---|---|\n')
  for num in SEEDS:
    difference, ratio = failures(num)
    write(f'| {num} | {100 * difference:.1f} % | {100 * ratio:.1f} % |\n')


if __name__ == '__main__':
  main()
