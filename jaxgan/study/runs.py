"""Turns the rows of a study into arrays of curves, one set per task and arm."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from jaxgan.study import curves
from jaxgan.study.results import Row
from jaxgan.study.spec import Arm, Study, Task
from jaxgan.types import METRICS

# Names that a row's trace may hold.
TRACED = (*METRICS, 'slope_real', 'slope_fake', 'slope_between')


class Runs(NamedTuple):
  """Curves of one arm's complete runs on one task: S seeds, T grid steps.

  Attributes:
    arm: the arm.
    seeds: [S], in the order of the study.
    missing: seeds without a complete run.
    steps: [T] generator steps.
    updates: [S, T] critic updates until then.
    seconds: [S, T] seconds of training until then; NaN where not recorded.
    metrics: name -> [S, T]; NaN once a run has diverged.
    ema: name -> [S], averaged weights at the last step; NaN if not measured.
    trace: name of TRACED -> [S, T]; NaN where not recorded.
  """

  arm: Arm
  seeds: tuple[int, ...]
  missing: tuple[int, ...]
  steps: np.ndarray
  updates: np.ndarray
  seconds: np.ndarray
  metrics: Mapping[str, np.ndarray]
  ema: Mapping[str, np.ndarray]
  trace: Mapping[str, np.ndarray]


class Scores(NamedTuple):
  """Scores of one arm's runs on one task; S values each, one per seed.

  Attributes:
    seeds: of the runs.
    final: the task's metric after the last step.
    ema: the same for the averaged weights; NaN if not measured.
    area: geometric mean of the metric over the run.
    time: generator steps to the target; the length of the run if censored.
    updates, seconds: the same in critic updates and seconds.
    reached: whether the run reached the target.
    failed: whether it never reached the target or had diverged by the end.
  """

  seeds: tuple[int, ...]
  final: np.ndarray
  ema: np.ndarray
  area: np.ndarray
  time: np.ndarray
  updates: np.ndarray
  seconds: np.ndarray
  reached: np.ndarray
  failed: np.ndarray

  def select(self, seeds: Iterable[int]) -> 'Scores':
    """Returns the scores of these seeds, in the order given."""
    own, *arrays = self
    at = [own.index(seed) for seed in seeds]
    return Scores(tuple(own[i] for i in at), *(x[at] for x in arrays))


def collect(study: Study, rows: Iterable[Row]) -> dict[str, dict[str, Runs]]:
  """Groups rows into task -> arm -> runs, in the order of the study.

  A run is complete if every step of the grid was measured. Rows with seeds
  that the study does not have are ignored.

  Args:
    study: gives tasks, arms, seeds and grid.
    rows: from `results.load`.
  """
  by_run: dict[tuple[str, str, int], dict[int, Row]] = {}
  for row in rows:
    by_run.setdefault((row.task, row.arm, row.seed), {})[row.step] = row
  return {
    task.name: {arm.name: _runs(study, task, arm, by_run) for arm in study.arms}
    for task in study.tasks
  }


def scores(runs: Runs, task: Task, stay: int) -> Scores:
  """Computes the scores of each run from its curve.

  Args:
    runs: of one arm on the task.
    task: gives the metric and the target.
    stay: number of measurements in a row that must be at the target.

  Raises:
    ValueError: a value of the metric has no logarithm.
  """
  steps, values = runs.steps, runs.metrics[task.metric]
  times = [curves.time_to_target(steps, x, task.target, stay) for x in values]
  reached = np.array([arrived for _, arrived in times], bool)
  try:
    areas = [np.exp(curves.log_area(steps, x)) for x in values]
  except ValueError as error:
    raise ValueError(
      f'{task.metric} of {runs.arm.name} on {task.name}: {error}'
    ) from error
  time = np.array([step for step, _ in times])
  at = np.arange(len(time)), np.searchsorted(steps, time)
  return Scores(
    seeds=runs.seeds,
    final=values[:, -1],
    ema=runs.ema[task.metric],
    area=np.array(areas),
    time=time,
    updates=runs.updates[at],
    seconds=runs.seconds[at],
    reached=reached,
    failed=~reached | ~np.isfinite(values[:, -1]),
  )


def _runs(
  study: Study,
  task: Task,
  arm: Arm,
  by_run: Mapping[tuple[str, str, int], Mapping[int, Row]],
) -> Runs:
  grid = study.grid(task)
  declared = study.tuning_seeds if arm.tunes else study.seeds
  at = {seed: by_run.get((task.name, arm.name, seed), {}) for seed in declared}
  seeds = tuple(s for s, run in at.items() if all(step in run for step in grid))
  rows = [at[seed][step] for seed in seeds for step in grid]

  def array(values: list) -> np.ndarray:
    return np.array(values, np.float64).reshape(len(seeds), len(grid))

  def table(field: str, name: str) -> np.ndarray:
    return array([getattr(row, field).get(name, np.nan) for row in rows])

  critic_steps = study.config(task, arm).train.critic_steps
  return Runs(
    arm=arm,
    seeds=seeds,
    missing=tuple(seed for seed in declared if seed not in seeds),
    steps=np.array(grid),
    # Rows of older versions lack the updates, but their config says them.
    updates=array(
      [
        row.step * critic_steps if row.updates is None else row.updates
        for row in rows
      ]
    ),
    seconds=array([row.seconds for row in rows]),
    metrics={x: table('metrics', x) for x in task.metrics},
    ema={x: table('metrics', f'ema/{x}')[:, -1] for x in task.metrics},
    trace={x: table('trace', x) for x in TRACED},
  )
