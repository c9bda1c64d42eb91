"""Compares recorded traces with the theory of congested transport.

If the penalty's points are distributed as the transport flow, the critic's mean
gradient norm exceeds 1 by k = d / (2 lambda), where d is the true distance. For
other points, k = d E / (2 lambda) with a coverage E >= 1 (after Milne &
Nachman, arXiv 2109.00528). Here d is the exact W1, measured after the same
step. It includes the floor of a finite sample. So near the end, d and k are
upper bounds and E is a lower bound. In many dimensions d is nearly all floor.
There the critic's own estimate, gap / slope, is the better d; at the theory's
optimum it equals d.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from jaxgan.study import curves
from jaxgan.study.runs import Runs
from jaxgan.study.spec import Task


@dataclasses.dataclass(frozen=True)
class TracePoint:
  """Medians over the seeds of an arm at one step; None where not recorded.

  Attributes:
    arm: its name.
    when: `middle` or `end` of the run.
    step: in generator steps.
    ratio, weight: distance ratio and penalty weight that the step used.
    penalty_share: weight * penalty / |gap|.
    slope_real, slope_fake, slope_between: mean gradient norms at real data, at
      fakes, and between them.
    distance: the critic's own estimate of d.
    exact: d, the exact W1; None if the task has none in data units.
    overshoot: mean gradient norm at the penalty's points, minus 1.
    predicted: d / (2 weight), the overshoot at E = 1.
    coverage: E, overshoot over prediction.
    critic_coverage: E with the critic's own estimate as d.
  """

  arm: str
  when: str
  step: int
  ratio: float | None
  weight: float | None
  penalty_share: float | None
  slope_real: float | None
  slope_fake: float | None
  slope_between: float | None
  distance: float | None
  exact: float | None
  overshoot: float | None
  predicted: float | None
  coverage: float | None
  critic_coverage: float | None


_TRACED = (
  'ratio', 'weight', 'penalty_share', 'slope_real', 'slope_fake',
  'slope_between', 'distance',
)  # fmt: skip


def exact_metric(task: Task) -> str:
  """Returns the name of the task's exact W1 in data units; empty for none."""
  for name in (task.metric, *task.metrics):
    if name.startswith('w1_') and name.endswith('_pixels'):
      return name
  return ''


def trace_points(
  task: Task, runs: Mapping[str, Runs]
) -> tuple[TracePoint, ...]:
  """Summarizes the traces of each arm, in the middle and at the end of runs.

  Args:
    task: gives the metrics.
    runs: arm -> its runs on the task, with tuning arms; arms without runs are
      left out.
  """
  exact = exact_metric(task)
  return tuple(
    _trace_point(own, exact, when, at)
    for own in runs.values()
    if own.seeds
    for when, at in (('middle', curves.middle(own.steps)), ('end', -1))
  )


def _trace_point(own: Runs, exact: str, when: str, at: int) -> TracePoint:
  traced = {name: own.trace[name][:, at] for name in _TRACED}
  overshoot = own.trace['slope'][:, at] - 1
  none = np.full(len(own.seeds), np.nan)
  distance = own.metrics[exact][:, at] if exact else none
  # A weight of 0 and an estimate of 0 predict nothing.
  doubled = np.where(traced['weight'] > 0, 2 * traced['weight'], np.nan)
  estimate = np.where(traced['distance'] > 0, traced['distance'], np.nan)
  return TracePoint(
    arm=own.arm.name,
    when=when,
    step=int(own.steps[at]),
    **{name: curves.median(values) for name, values in traced.items()},
    exact=curves.median(distance),
    overshoot=curves.median(overshoot),
    predicted=curves.median(distance / doubled),
    coverage=curves.median(overshoot * doubled / distance),
    critic_coverage=curves.median(overshoot * doubled / estimate),
  )
