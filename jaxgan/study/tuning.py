"""Fills in tuned values and targets from the runs of the tuning seeds."""

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from jaxgan.config import flatten, replace, to_dict
from jaxgan.study import curves
from jaxgan.study import runs as runs_lib
from jaxgan.study.results import Row
from jaxgan.study.runs import Runs
from jaxgan.study.spec import Arm, Study, Task


def resolve(study: Study, rows: Iterable[Row]) -> Study:
  """Returns the study with its tuned values and its targets filled in.

  Args:
    study: as declared.
    rows: of all its tuning runs; others are ignored.

  Raises:
    ValueError: a tuning run is missing.
  """
  runs = runs_lib.collect(study, rows)
  arms = tuple(_with_tuned(study, runs, arm) for arm in study.arms)
  tasks = tuple(
    dataclasses.replace(task, target=task.target or _target(study, runs, task))
    for task in study.tasks
  )
  return dataclasses.replace(study, arms=arms, tasks=tasks)


def best(
  study: Study, runs: Mapping[str, Runs], task: Task, family: str
) -> Arm:
  """Returns the tuning arm of a family with the smallest area on a task.

  The area is that under log(metric), averaged over the seeds.

  Args:
    study: gives the arms.
    runs: arm -> its runs on the task.
    task: gives the metric.
    family: of tuning arms.

  Raises:
    ValueError: a run of the family is missing.
  """

  def area(arm: Arm) -> float:
    own = runs[arm.name]
    if own.missing:
      raise ValueError(
        f'The tuning run of {arm.name} on {task.name} with seed '
        f'{own.missing[0]} is missing in the results; run the study first.'
      )
    values = own.metrics[task.metric]
    return float(np.mean([curves.log_area(own.steps, x) for x in values]))

  arms = [arm for arm in study.arms if arm.tunes and arm.family == family]
  return min(arms, key=area)


def _with_tuned(
  study: Study, runs: Mapping[str, Mapping[str, Runs]], arm: Arm
) -> Arm:
  """Returns the arm with its tuned values for each task."""
  if not arm.tuned:
    return arm
  keys = _tuned_keys(study, arm.tuned)
  by_task = dict(arm.by_task)
  for task in study.tasks:
    source = best(study, runs[task.name], task, arm.tuned)
    values = flatten(to_dict(study.config(task, source)))
    tuned = {key: values[key] for key in keys}
    tuned['penalty.weight'] *= arm.scale
    by_task[task.name] = replace(by_task.get(task.name, {}), tuned)
  return dataclasses.replace(arm, by_task=by_task)


def _tuned_keys(study: Study, family: str) -> list[str]:
  """Returns the keys in which a family's arms differ, and penalty.weight."""
  arms = [x for x in study.arms if x.tunes and x.family == family]
  changes = [flatten(arm.changes) for arm in arms]
  keys = dict.fromkeys(key for own in changes for key in own)
  first = changes[0]
  differ = [k for k in keys if any(x.get(k) != first.get(k) for x in changes)]
  return list(dict.fromkeys(['penalty.weight', *differ]))


def _target(
  study: Study, runs: Mapping[str, Mapping[str, Runs]], task: Task
) -> float:
  """Returns the tuned baseline's median metric after half of its steps."""
  family = study.arm(study.baseline).tuned
  own = runs[task.name][best(study, runs[task.name], task, family).name]
  half = own.metrics[task.metric][:, curves.middle(own.steps)]
  return float(f'{np.median(half):.6g}')  # Rounded as stored results are.
