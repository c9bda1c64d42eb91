"""The rows of a study as arrays: one set of curves for each task and arm."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from jaxgan.study import curves
from jaxgan.study.results import Row
from jaxgan.study.spec import Arm, Study, Task
from jaxgan.types import METRICS

# What a row's trace may hold.
TRACED = (*METRICS, 'slope_real', 'slope_fake', 'slope_between')


class Runs(NamedTuple):
  """The whole runs of one arm on one task; S seeds, T points of the grid.

  Attributes:
    arm: which.
    seeds: [S], as the study orders them.
    missing: seeds whose runs are not there, or not to the end.
    steps: [T].
    metrics: name -> [S, T]; NaN from where a run diverged.
    ema: name -> [S], at the end; NaN where it was not measured.
    trace: name of TRACED -> [S, T]; NaN where it was not written.
  """

  arm: Arm
  seeds: tuple[int, ...]
  missing: tuple[int, ...]
  steps: np.ndarray
  metrics: Mapping[str, np.ndarray]
  ema: Mapping[str, np.ndarray]
  trace: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Scores:
  """What is compared of one arm's runs on one task; [S] each.

  Attributes:
    seeds: of the runs.
    final: the task's metric after the last step.
    ema: the same of averaged weights; NaN where it was not measured.
    area: geometric mean of the metric over the run.
    time: steps to the target, the horizon where censored.
    reached: whether the target was reached.
    failed: not reached, or diverged by the end.
  """

  seeds: tuple[int, ...]
  final: np.ndarray
  ema: np.ndarray
  area: np.ndarray
  time: np.ndarray
  reached: np.ndarray
  failed: np.ndarray

  def only(self, seeds: Iterable[int]) -> 'Scores':
    """The scores of these seeds, in their order."""
    at = [self.seeds.index(seed) for seed in seeds]
    arrays = dataclasses.fields(self)[1:]
    picked = {field.name: getattr(self, field.name)[at] for field in arrays}
    return Scores(tuple(self.seeds[i] for i in at), **picked)


def collect(study: Study, rows: Iterable[Row]) -> dict[str, dict[str, Runs]]:
  """Task -> arm -> its runs, in the order of the study.

  A run is whole where every point of the grid was measured. Rows of seeds on
  which an arm is not compared (a curve recorded for replay) are left out.

  Args:
    study: what was to be run.
    rows: from `results.load`.
  """
  found: dict[tuple[str, str, int], dict[int, Row]] = {}
  for row in rows:
    key = (row.task, row.arm, row.seed)
    found.setdefault(key, {})[row.step] = row
  return {
    task.name: {arm.name: _runs(study, task, arm, found) for arm in study.arms}
    for task in study.tasks
  }


def scores(runs: Runs, task: Task, stay: int) -> Scores:
  """What is compared of the runs.

  Args:
    runs: of one arm on the task.
    task: metric and target.
    stay: measurements in a row that must reach the target.

  Raises:
    ValueError: the metric has no logarithm.
  """
  values = runs.metrics[task.metric]
  times = [
    curves.time_to_target(runs.steps, x, task.target, stay) for x in values
  ]
  reached = np.array([there for _, there in times], bool)
  try:
    areas = [np.exp(curves.log_area(runs.steps, x)) for x in values]
  except ValueError as error:
    raise ValueError(
      f'{task.metric} of {runs.arm.name} on {task.name}: {error}'
    ) from error
  return Scores(
    seeds=runs.seeds,
    final=values[:, -1],
    ema=runs.ema[task.metric],
    area=np.array(areas),
    time=np.array([time for time, _ in times]),
    reached=reached,
    failed=~reached | ~np.isfinite(values[:, -1]),
  )


def _runs(
  study: Study,
  task: Task,
  arm: Arm,
  found: Mapping[tuple[str, str, int], Mapping[int, Row]],
) -> Runs:
  grid = study.grid(task)
  declared = study.tuning_seeds if arm.tunes else study.seeds
  at = {seed: found.get((task.name, arm.name, seed), {}) for seed in declared}
  seeds = tuple(s for s, run in at.items() if all(step in run for step in grid))
  whole = [[at[seed][step] for step in grid] for seed in seeds]

  def column(field: str, name: str) -> np.ndarray:
    values = [[getattr(r, field).get(name, np.nan) for r in x] for x in whole]
    return np.array(values, np.float64).reshape(len(seeds), len(grid))

  return Runs(
    arm=arm,
    seeds=seeds,
    missing=tuple(seed for seed in declared if seed not in seeds),
    steps=np.array(grid),
    metrics={name: column('metrics', name) for name in task.metrics},
    ema={
      name: column('metrics', f'ema/{name}')[:, -1] for name in task.metrics
    },
    trace={name: column('trace', name) for name in TRACED},
  )
