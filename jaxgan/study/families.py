"""Failed runs of families: is one way of training more robust than another.

The arms of a family are one way of training under several settings; a run of
any of them that never reached the target, or diverged by the end, failed.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from jaxgan.study import comparison, statistics
from jaxgan.study.runs import Scores
from jaxgan.study.spec import Study
from jaxgan.study.statistics import Failures

ScoresByTask = Mapping[str, Mapping[str, Scores]]  # Task -> arm -> scores.

ALL_TASKS = 'all'


@dataclasses.dataclass(frozen=True)
class FamilySummary:
  """Failed runs of a family beside those of the baseline's.

  Attributes:
    task: a name; or `all`, where a setting is an arm on a task.
    family: its name.
    settings: how many.
    failures: on the seeds that all settings of both have; None where there
      are none.
    holm: their p, adjusted over the task's families but the baseline's.
  """

  task: str
  family: str
  settings: int
  failures: Failures | None
  holm: float | None


def compare(study: Study, scores: ScoresByTask) -> tuple[FamilySummary, ...]:
  """All families of several arms, by task and, of several, over all tasks.

  Args:
    study: arms of the test, their families, the baseline.
    scores: task -> arm -> what its runs scored.

  Returns:
    Empty where no family has several arms; else the baseline's comes first.
  """
  arms: dict[str, list[str]] = {}
  for arm in study.arms:
    if not arm.tunes:
      arms.setdefault(arm.family or arm.name, []).append(arm.name)
  baseline = study.arm(study.baseline)
  first = baseline.family or baseline.name
  others = [name for name in arms if name != first and len(arms[name]) > 1]
  if not others and len(arms[first]) < 2:
    return ()
  scopes = [(name, [name]) for name in scores]
  if len(scores) > 1:
    scopes.append((ALL_TASKS, list(scores)))
  found = []
  for scope, tasks in scopes:
    cells = {
      name: [scores[task][arm] for task in tasks for arm in arms[name]]
      for name in (first, *others)
    }
    found += _compare(scope, cells)
  return tuple(found)


def _compare(
  scope: str, cells: Mapping[str, Sequence[Scores]]
) -> list[FamilySummary]:
  """The families of a scope; the first is the baseline's."""
  first, *others = cells
  failures = {name: _failures(cells[name], cells[first]) for name in cells}
  adjusted = comparison.adjust([failures[name] for name in others])
  holm = dict(zip(others, adjusted, strict=True))
  return [
    FamilySummary(scope, name, len(cells[name]), found, holm.get(name))
    for name, found in failures.items()
  ]


def _failures(
  ours: Sequence[Scores], baseline: Sequence[Scores]
) -> Failures | None:
  seeds = comparison.shared_seeds((*ours, *baseline))
  if not seeds:
    return None
  return statistics.failed_share(_cells(ours, seeds), _cells(baseline, seeds))


def _cells(settings: Sequence[Scores], seeds: Sequence[int]) -> np.ndarray:
  """[S, A] bool: who failed."""
  return np.stack([x.only(seeds).failed for x in settings], axis=1)
