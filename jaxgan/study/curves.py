"""Scores learning curves: steps to a target, area, quantiles over seeds."""

from typing import Any

import numpy as np
import scipy.stats


def time_to_target(
  steps: np.ndarray, values: np.ndarray, target: float, stay: int
) -> tuple[float, bool]:
  """Returns the step from which a run stays at its target, if it does.

  A run that arrives with fewer than `stay` measurements left cannot show that
  it stays. It counts as a run that never reached the target (censored).

  Args:
    steps: [T], rising.
    values: [T]; values that are not finite are not at the target.
    target: upper limit of the values.
    stay: number of measurements in a row that must be at most `target`.

  Returns:
    The step of the first such measurement and True; for a censored run, the
    last step and False.
  """
  at_target = np.isfinite(values) & (np.asarray(values) <= target)
  if len(at_target) >= stay:
    windows = np.lib.stride_tricks.sliding_window_view(at_target, stay)
    stayed = windows.all(axis=1)
    if stayed.any():
      return float(steps[int(stayed.argmax())]), True
  return float(steps[-1]), False


def log_area(steps: np.ndarray, values: np.ndarray) -> float:
  """Returns the mean of log(metric) over a run, by the trapezoidal rule.

  Its exp is the geometric mean of the metric over the run. A value that is not
  finite (a diverged run) counts as the worst finite value of the run, with the
  untrained generator's. So no run gains by diverging.

  Args:
    steps: [T], rising, T >= 2.
    values: [T]; finite values must be above 0.

  Raises:
    ValueError: a value is at most 0, or none is finite.
  """
  values = np.asarray(values, np.float64)
  finite = np.isfinite(values)
  if not finite.any() or values[finite].min() <= 0:
    raise ValueError(
      'A metric has no logarithm (it is at most 0 or never finite); the area '
      'under a curve needs finite values above 0.'
    )
  logs = np.log(np.where(finite, values, values[finite].max()))
  return float(np.trapezoid(logs, steps) / (steps[-1] - steps[0]))


def quantiles(values: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
  """Returns quantiles over the first axis; NaN and infinity are the worst.

  Interpolates linearly, as numpy does, but between a number and a diverged run
  the result is infinity instead of NaN.

  Args:
    values: [S, ...] of a metric for which lower is better; S >= 1.
    shares: [Q] in [0, 1].

  Returns:
    [Q, ...].
  """
  filled = np.where(np.isfinite(values), values, np.inf)
  low, high = (
    np.quantile(filled, shares, axis=0, method=method)
    for method in ('lower', 'higher')
  )
  part = np.asarray(shares) * (len(filled) - 1) % 1
  part = part.reshape(-1, *[1] * (filled.ndim - 1))
  with np.errstate(invalid='ignore'):  # Infinity minus infinity.
    return np.where(low == high, low, low + part * (high - low))


def middle(steps: np.ndarray) -> int:
  """Returns the index of the step nearest to half of the run; steps [T]."""
  return int(np.abs(steps - steps[-1] / 2).argmin())


def median(values: np.ndarray) -> float | None:
  """Returns the median of the finite values of [S], or None without any.

  For traces only: a metric's median must count diverged runs (`quantiles`).
  """
  finite = values[np.isfinite(values)]
  return float(np.median(finite)) if finite.size else None


def kaplan_meier(times: np.ndarray, reached: np.ndarray) -> Any:
  """Estimates the share of runs not yet at the target (Kaplan & Meier, 1958).

  Args:
    times: [S] steps to the target, or to the end of a censored run.
    reached: [S] bool; False where censored.

  Returns:
    scipy's survival function: `quantiles` are the distinct times, rising, and
    `probabilities` the shares from each time on.
  """
  times, reached = np.asarray(times), np.asarray(reached, bool)
  data = scipy.stats.CensoredData(times[reached], right=times[~reached])
  return scipy.stats.ecdf(data).sf


def median_time(times: np.ndarray, reached: np.ndarray) -> float | None:
  """Returns the first time at which half of the runs are at the target.

  Arguments as for `kaplan_meier`; None if fewer than half ever reached it.
  """
  curve = kaplan_meier(times, reached)
  half = curve.quantiles[curve.probabilities <= 0.5 + 1e-12]
  return float(half[0]) if half.size else None
