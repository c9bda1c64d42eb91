"""What a learning curve says: when it reached its target, and its area."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Survival:
  """Share of runs that are not yet at the target, a step function.

  Attributes:
    times: distinct times at which runs reached it, rising.
    at_risk: runs that were neither there nor censored just before each.
    events: runs that reached it at each.
    share: of runs not yet there, from each time on; 1 before the first.
  """

  times: tuple[float, ...]
  at_risk: tuple[int, ...]
  events: tuple[int, ...]
  share: tuple[float, ...]


def time_to_target(
  steps: np.ndarray, values: np.ndarray, target: float, stay: int
) -> tuple[float, bool]:
  """When a run reached its target and stayed there.

  Near the end, where fewer than `stay` measurements are left, a run can no
  longer show that it stays and counts as one that did not reach the target.

  Args:
    steps: [T], rising.
    values: [T]; one that is not finite is not at the target.
    target: what must be reached from above.
    stay: so many measurements in a row must be at most `target`.

  Returns:
    The step of the first of them and True; or, censored, the last step and
    False.
  """
  at_target = np.isfinite(values) & (np.asarray(values) <= target)
  if len(at_target) >= stay:
    windows = np.lib.stride_tricks.sliding_window_view(at_target, stay)
    stayed = windows.all(axis=1)
    if stayed.any():
      return float(steps[int(stayed.argmax())]), True
  return float(steps[-1]), False


def log_area(steps: np.ndarray, values: np.ndarray) -> float:
  """Mean of log(metric) over a run: the area under it, by trapezoids.

  A measurement that is not finite, of a run that diverged, counts as the worst
  finite one of the run. The untrained generator is among these: a run that
  diverges at once is worth as much as no training, and none gains by it.

  Args:
    steps: [T], rising, T >= 2.
    values: [T], the finite ones above 0.

  Returns:
    A logarithm; exp of it is the geometric mean of the metric over the run.

  Raises:
    ValueError: a value that has no logarithm, or none that is finite.
  """
  values = np.asarray(values, np.float64)
  finite = np.isfinite(values)
  if not finite.any() or values[finite].min() <= 0:
    raise ValueError(
      'A metric without logarithm was given (at most 0, or never finite); the '
      'area under a curve needs finite values above 0.'
    )
  logs = np.log(np.where(finite, values, values[finite].max()))
  return float(np.trapezoid(logs, steps) / (steps[-1] - steps[0]))


def quantiles(values: np.ndarray, shares: tuple[float, ...]) -> np.ndarray:
  """Quantiles over the first axis, where what is not finite is the worst.

  Linear between the order statistics, as numpy's; next to a run that diverged
  the quantile is infinite and never NaN.

  Args:
    values: [S, ...], of a metric of which low is better; S >= 1.
    shares: [Q] in [0, 1].

  Returns:
    [Q, ...].
  """
  ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=0)
  places = np.asarray(shares) * (len(ordered) - 1)
  low, high = (ordered[f(places).astype(int)] for f in (np.floor, np.ceil))
  part = (places % 1).reshape(-1, *[1] * (ordered.ndim - 1))
  gap = np.where(np.isfinite(low), high, 0) - np.where(np.isfinite(low), low, 0)
  rise = np.multiply(part, gap, where=part > 0, out=np.zeros_like(low))
  return low + rise


def median(values: np.ndarray) -> float | None:
  """The median of what is finite; None where nothing is.

  Args:
    values: [S], of a trace; of metrics, `quantiles` hides no diverged run.
  """
  finite = values[np.isfinite(values)]
  return float(np.median(finite)) if finite.size else None


def survival(times: np.ndarray, reached: np.ndarray) -> Survival:
  """The product-limit estimate (Kaplan & Meier, 1958).

  Args:
    times: [S] at which a run reached its target or was censored; one censored
      at a time is still at risk there.
    reached: [S] bool, False where censored.
  """
  times, reached = np.asarray(times), np.asarray(reached, bool)
  distinct = np.unique(times[reached])
  at_risk = [int((times >= t).sum()) for t in distinct]
  events = [int((reached & (times == t)).sum()) for t in distinct]
  left = [1 - e / n for e, n in zip(events, at_risk, strict=True)]
  return Survival(
    times=tuple(float(t) for t in distinct),
    at_risk=tuple(at_risk),
    events=tuple(events),
    share=tuple(float(x) for x in np.cumprod(left)),
  )


def median_time(times: np.ndarray, reached: np.ndarray) -> float | None:
  """The first time at which half of all runs or more are at the target.

  Args:
    times: as for `survival`.
    reached: likewise.

  Returns:
    None where fewer than half ever reached it.
  """
  curve = survival(times, reached)
  for time, share in zip(curve.times, curve.share, strict=True):
    if share <= 0.5 + 1e-12:
      return time
  return None
