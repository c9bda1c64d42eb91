"""What the tuning seeds decide: weights, and the targets of the test."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from jaxgan.study.curves import log_area
from jaxgan.study.results import Row
from jaxgan.study.spec import Arm, Study, Task

Curves = dict[tuple[str, str, int], dict[int, float]]


def best(study: Study, rows: Sequence[Row], task: Task, family: str) -> Arm:
  """The tuning arm of a family that fits fastest on the tuning seeds.

  Args:
    study: whose arms these are.
    rows: of all its tuning runs.
    task: one of its tasks.
    family: of its tuning arms.

  Returns:
    The arm whose area under log(metric), averaged over seeds, is least.

  Raises:
    ValueError: runs of the family are missing.
  """
  curves = _curves(rows, task)

  def area(arm: Arm) -> float:
    found = (_whole(study, curves, arm, task, s) for s in study.tuning_seeds)
    return float(np.mean([log_area(*_columns(curve)) for curve in found]))

  arms = [arm for arm in study.arms if arm.tunes and arm.family == family]
  return min(arms, key=area)


def settled(study: Study, rows: Sequence[Row]) -> Study:
  """The study of the test: with the tuned weights and the targets in it.

  Args:
    study: as it was declared.
    rows: of at least all its tuning runs.

  Raises:
    ValueError: tuning runs are missing.
  """
  arms = []
  for arm in study.arms:
    by_task = {name: dict(values) for name, values in arm.by_task.items()}
    for task in study.tasks if arm.tuned else ():
      source = best(study, rows, task, arm.tuned)
      weight = study.config(task, source).penalty.weight * arm.scale
      own = by_task.setdefault(task.name, {})
      own['penalty'] = {**own.get('penalty', {}), 'weight': weight}
    arms.append(dataclasses.replace(arm, by_task=by_task))
  tasks = tuple(
    dataclasses.replace(task, target=task.target or _target(study, rows, task))
    for task in study.tasks
  )
  return dataclasses.replace(study, arms=tuple(arms), tasks=tasks)


def _target(study: Study, rows: Sequence[Row], task: Task) -> float:
  """What the tuned baseline reaches after half of its steps."""
  arm = best(study, rows, task, study.arm(study.baseline).tuned)
  curves = _curves(rows, task)
  grid = study.grid(task)
  half = min(grid, key=lambda step: abs(step - grid[-1] / 2))
  values = [
    _whole(study, curves, arm, task, seed)[half] for seed in study.tuning_seeds
  ]
  # Six digits, as results are stored.
  return float(f'{np.median(values):.6g}')


def _curves(rows: Sequence[Row], task: Task) -> Curves:
  curves: Curves = {}
  for row in rows:
    if row.task == task.name:
      key = row.task, row.arm, row.seed
      curves.setdefault(key, {})[row.step] = row.metrics[task.metric]
  return curves


def _whole(
  study: Study, curves: Curves, arm: Arm, task: Task, seed: int
) -> dict[int, float]:
  curve = curves.get((task.name, arm.name, seed), {})
  if set(curve) != set(study.grid(task)):
    raise ValueError(
      f'The tuning run of {arm.name} on {task.name} with seed {seed} is '
      'missing in the results; run the study first.'
    )
  return curve


def _columns(curve: dict[int, float]) -> tuple[np.ndarray, np.ndarray]:
  steps = sorted(curve)
  return np.array(steps), np.array([curve[step] for step in steps])
