"""The traces of a run beside what the theory of congested transport says.

Where the penalty's points are spread as the transport flow is, the critic's
mean slope exceeds 1 by k = d / (2 lambda), with d the true distance; points
that lie elsewhere leave a coverage E >= 1, k = d E / (2 lambda) (after Milne &
Nachman, arXiv 2109.00528). Here d is the exact W1 that was measured after the
same step: it has the floor of a finite sample in it, so near the end d and k
are upper bounds and the coverage a lower one. In many dimensions the floor is
nearly all of it; there the critic's own estimate, gap over slope, which is d at
the theory's optimum, is the better d.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from jaxgan.study import curves
from jaxgan.study.runs import Runs
from jaxgan.study.spec import Task


@dataclasses.dataclass(frozen=True)
class Moment:
  """Medians over the seeds of an arm at one step; None where not traced.

  Attributes:
    arm: its name.
    when: `middle` or `end`.
    step: in generator steps.
    ratio, weight: of the penalty, as they were used.
    penalty_share: the realised share, weight penalty / |gap|.
    slope_real, slope_fake, slope_between: mean slopes there.
    distance: the critic's own estimate.
    exact: the exact W1, d; None where the task has none in data units.
    overshoot: mean slope at the points, less 1.
    predicted: d / (2 weight), the overshoot at E = 1.
    coverage: E, overshoot over prediction.
    critic_coverage: E with the critic's own estimate for d.
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
  """The task's metric that is the true distance in data units; '' for none."""
  for name in (task.metric, *task.metrics):
    if name.startswith('w1_') and name.endswith('_pixels'):
      return name
  return ''


def moments(task: Task, runs: Mapping[str, Runs]) -> tuple[Moment, ...]:
  """Every arm that has runs, the tuning's included, mid-run and at the end.

  Args:
    task: its metrics.
    runs: arm -> its runs on the task.
  """
  exact = exact_metric(task)
  return tuple(
    _moment(own, exact, when, at)
    for own in runs.values()
    if own.seeds
    for when, at in (('middle', _middle(own.steps)), ('end', -1))
  )


def _middle(steps: np.ndarray) -> int:
  """The point of the grid that is nearest to half of the run."""
  return int(np.abs(steps - steps[-1] / 2).argmin())


def _moment(own: Runs, exact: str, when: str, at: int) -> Moment:
  traced = {name: own.trace[name][:, at] for name in _TRACED}
  overshoot = own.trace['slope'][:, at] - 1
  none = np.full(len(own.seeds), np.nan)
  distance = own.metrics[exact][:, at] if exact else none
  # A weight of 0 predicts nothing.
  doubled = np.where(traced['weight'] > 0, 2 * traced['weight'], np.nan)
  # A critic that sees no distance predicts nothing either.
  estimate = np.where(traced['distance'] > 0, traced['distance'], np.nan)
  return Moment(
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
