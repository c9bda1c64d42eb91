"""Computes all numbers of a study's tables from its rows."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from jaxgan.metrics import protocol
from jaxgan.study import comparison, curves, families, theory
from jaxgan.study import runs as runs_lib
from jaxgan.study.comparison import ArmSummary, Control, TuningSummary
from jaxgan.study.families import FamilySummary
from jaxgan.study.results import Row
from jaxgan.study.runs import Runs, Scores
from jaxgan.study.spec import Study, Task
from jaxgan.study.theory import TracePoint

# Metric -> arm -> medians at the last step, for raw and averaged weights.
OtherMetrics = Mapping[str, Mapping[str, tuple[float | None, float | None]]]


@dataclasses.dataclass(frozen=True)
class TaskSummary:
  """Summary of one task.

  Attributes:
    task, metric, target: name, metric and target of the task.
    steps: length of the runs, in generator steps.
    arms: arms of the test.
    tuning: tuning arms; empty if they share no seed.
    control: the A/A control; None without pairs.
    moments: traces in the middle and at the end of the runs.
    others: the task's other metrics.
  """

  task: str
  metric: str
  target: float
  steps: int
  arms: tuple[ArmSummary, ...]
  tuning: tuple[TuningSummary, ...]
  control: Control | None
  moments: tuple[TracePoint, ...]
  others: OtherMetrics


@dataclasses.dataclass(frozen=True)
class Summary:
  """All numbers of a study's tables; summary.json has the same names.

  Attributes:
    study, baseline, again, stay: from the study.
    expected, found: numbers of declared and of complete runs.
    missing: task -> arm -> seeds without a complete run.
    tasks: in the order of the study.
    families: empty if every family has a single arm.
  """

  study: str
  baseline: str
  again: str
  stay: int
  expected: int
  found: int
  missing: Mapping[str, Mapping[str, tuple[int, ...]]]
  tasks: tuple[TaskSummary, ...]
  families: tuple[FamilySummary, ...]


def summarize(study: Study, rows: Iterable[Row]) -> Summary:
  """Computes the numbers of a study from its complete runs.

  Args:
    study: resolved, see `tuning.resolve`.
    rows: from `results.load`.

  Raises:
    ValueError: a value of a task's metric has no logarithm.
  """
  runs = runs_lib.collect(study, rows)
  scores = {
    task.name: {
      name: runs_lib.scores(own, task, study.stay)
      for name, own in runs[task.name].items()
    }
    for task in study.tasks
  }
  compared = comparison.compare_arms(study, scores)
  every = [own for arms in runs.values() for own in arms.values()]
  return Summary(
    study=study.name,
    baseline=study.baseline,
    again=study.again,
    stay=study.stay,
    expected=sum(len(own.seeds) + len(own.missing) for own in every),
    found=sum(len(own.seeds) for own in every),
    missing={
      task: {name: own.missing for name, own in arms.items() if own.missing}
      for task, arms in runs.items()
    },
    tasks=tuple(
      _task(
        study, task, runs[task.name], scores[task.name], compared[task.name]
      )
      for task in study.tasks
    ),
    families=families.compare(study, scores),
  )


def to_dict(summary: Summary) -> dict[str, Any]:
  """Returns a summary as plain values for JSON; None for NaN and infinity."""
  return _finite(dataclasses.asdict(summary))


def _task(
  study: Study,
  task: Task,
  runs: Mapping[str, Runs],
  scores: Mapping[str, Scores],
  arms: tuple[ArmSummary, ...],
) -> TaskSummary:
  return TaskSummary(
    task=task.name,
    metric=task.metric,
    target=task.target,
    steps=study.steps(task),
    arms=arms,
    tuning=comparison.compare_tuning(study, scores),
    control=comparison.control(study, scores),
    moments=theory.trace_points(task, runs),
    others={
      metric: {
        name: (
          _median(metric, own.metrics[metric][:, -1]),
          _median(metric, own.ema[metric]),
        )
        for name, own in runs.items()
        if own.seeds and not own.arm.tunes
      }
      for metric in task.metrics
      if metric != task.metric
    },
  )


def _median(metric: str, values: np.ndarray) -> float | None:
  """Returns the median; diverged runs are the worst, None if all diverged."""
  if not np.isfinite(values).any():
    return None
  sign = 1 if protocol.parse(metric).kind.better == 'low' else -1
  return sign * float(curves.quantiles(sign * values, (0.5,))[0])


def _finite(value: Any) -> Any:
  """Replaces NaN and infinity by None in nested values."""
  if isinstance(value, Mapping):
    return {key: _finite(x) for key, x in value.items()}
  if isinstance(value, list | tuple):
    return [_finite(x) for x in value]
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
