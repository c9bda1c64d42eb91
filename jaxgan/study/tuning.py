"""What the tuning seeds decide: weights, and the targets of the test."""

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from jaxgan.study import runs as runs_lib
from jaxgan.study.curves import log_area
from jaxgan.study.results import Row
from jaxgan.study.runs import Runs
from jaxgan.study.spec import Arm, Study, Task


def settled(study: Study, rows: Iterable[Row]) -> Study:
  """The study of the test: with the tuned weights and the targets in it.

  Args:
    study: as it was declared.
    rows: of at least all its tuning runs.

  Raises:
    ValueError: tuning runs are missing.
  """
  runs = runs_lib.collect(study, rows)
  arms = tuple(_tuned(study, runs, arm) for arm in study.arms)
  tasks = tuple(
    dataclasses.replace(task, target=task.target or _target(study, runs, task))
    for task in study.tasks
  )
  return dataclasses.replace(study, arms=arms, tasks=tasks)


def best(
  study: Study, runs: Mapping[str, Runs], task: Task, family: str
) -> Arm:
  """The tuning arm of a family that fits fastest on the tuning seeds.

  Args:
    study: whose arms these are.
    runs: of the task, by arm.
    task: gives the metric.
    family: of tuning arms.

  Returns:
    The arm whose area under log(metric), averaged over seeds, is least.

  Raises:
    ValueError: runs of the family are missing.
  """

  def area(arm: Arm) -> float:
    own = runs[arm.name]
    if own.missing:
      raise ValueError(
        f'The tuning run of {arm.name} on {task.name} with seed '
        f'{own.missing[0]} is missing in the results; run the study first.'
      )
    values = own.metrics[task.metric]
    return float(np.mean([log_area(own.steps, x) for x in values]))

  arms = [arm for arm in study.arms if arm.tunes and arm.family == family]
  return min(arms, key=area)


def _tuned(
  study: Study, runs: Mapping[str, Mapping[str, Runs]], arm: Arm
) -> Arm:
  """The arm with its weights, task by task."""
  if not arm.tuned:
    return arm
  by_task = {name: dict(values) for name, values in arm.by_task.items()}
  for task in study.tasks:
    source = best(study, runs[task.name], task, arm.tuned)
    weight = study.config(task, source).penalty.weight * arm.scale
    own = by_task.setdefault(task.name, {})
    own['penalty'] = {**own.get('penalty', {}), 'weight': weight}
  return dataclasses.replace(arm, by_task=by_task)


def _target(
  study: Study, runs: Mapping[str, Mapping[str, Runs]], task: Task
) -> float:
  """What the tuned baseline reaches after half of its steps."""
  family = study.arm(study.baseline).tuned
  own = runs[task.name][best(study, runs[task.name], task, family).name]
  half = int(np.abs(own.steps - own.steps[-1] / 2).argmin())
  value = np.median(own.metrics[task.metric][:, half])
  return float(f'{value:.6g}')  # As results are stored.
