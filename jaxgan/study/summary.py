"""From the rows of a study to the numbers of its tables."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from jaxgan.metrics import protocol
from jaxgan.study import comparison, curves, families, theory
from jaxgan.study import runs as runs_lib
from jaxgan.study.comparison import ArmSummary, Control, Tuned
from jaxgan.study.families import FamilySummary
from jaxgan.study.results import Row
from jaxgan.study.runs import Runs, Scores
from jaxgan.study.spec import Study, Task
from jaxgan.study.theory import Moment

# Metric -> arm -> medians at the end, of the raw weights and the averaged.
Others = Mapping[str, Mapping[str, tuple[float | None, float | None]]]


@dataclasses.dataclass(frozen=True)
class TaskSummary:
  """All of one task.

  Attributes:
    task, metric, target: from the study.
    steps: length of the runs.
    arms: those of the test.
    tuning: those of the tuning; empty where they share no seed.
    control: the baseline against itself.
    moments: the traces mid-run and at the end.
    others: the task's further metrics.
  """

  task: str
  metric: str
  target: float
  steps: int
  arms: tuple[ArmSummary, ...]
  tuning: tuple[Tuned, ...]
  control: Control | None
  moments: tuple[Moment, ...]
  others: Others


@dataclasses.dataclass(frozen=True)
class Summary:
  """All numbers of a study's tables.

  Attributes:
    study, baseline, again, stay: from the study.
    expected, found: numbers of runs; found are whole ones.
    missing: task -> arm -> seeds whose runs are not there, or not whole.
    tasks: in order.
    families: empty where each arm is a family of its own.
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


def summarise(study: Study, rows: Iterable[Row]) -> Summary:
  """All numbers of a study, as far as its runs are there.

  Args:
    study: what was to be run.
    rows: from `results.load`.

  Raises:
    ValueError: a task's metric has no logarithm.
  """
  runs = runs_lib.collect(study, rows)
  scores = {
    task.name: {
      name: runs_lib.scores(own, task, study.stay)
      for name, own in runs[task.name].items()
    }
    for task in study.tasks
  }
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
      _task(study, task, runs[task.name], scores[task.name])
      for task in study.tasks
    ),
    families=families.compare(study, scores),
  )


def to_dict(summary: Summary) -> dict[str, Any]:
  """The plain values of a summary, fit for JSON: no NaN, no infinity."""
  return _finite(dataclasses.asdict(summary))


def _task(
  study: Study,
  task: Task,
  runs: Mapping[str, Runs],
  scores: Mapping[str, Scores],
) -> TaskSummary:
  return TaskSummary(
    task=task.name,
    metric=task.metric,
    target=task.target,
    steps=study.steps(task),
    arms=comparison.compare(study, scores, study.every_steps),
    tuning=comparison.tuning(study, scores),
    control=comparison.control(study, scores, study.every_steps),
    moments=theory.moments(task, runs),
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
  """Over seeds, diverged ones the worst; None where none was measured."""
  if not np.isfinite(values).any():
    return None
  sign = 1 if protocol.parse(metric).kind.better == 'low' else -1
  return sign * float(curves.quantiles(sign * values, (0.5,))[0])


def _finite(value: Any) -> Any:
  if isinstance(value, Mapping):
    return {key: _finite(x) for key, x in value.items()}
  if isinstance(value, list | tuple):
    return [_finite(x) for x in value]
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value
