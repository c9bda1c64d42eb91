"""Compares how often families of arms fail, as a measure of robustness.

A family is one training method under several settings; each setting is an arm.
A run fails if it never reaches the target, or has diverged by the end.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from jaxgan.study import comparison, statistics
from jaxgan.study.runs import Scores
from jaxgan.study.spec import Study
from jaxgan.study.statistics import Failures

ALL_TASKS = 'all'


@dataclasses.dataclass(frozen=True)
class FamilySummary:
  """Failed runs of a family, compared with those of the baseline's family.

  Attributes:
    task: its name; or `all`, which counts each arm on each task as a setting.
    family: its name.
    settings: number of settings.
    failures: over the seeds that all settings of both families share; None if
      they share none.
    holm: p-value of `failures` after Holm's correction over the task's families
      except the baseline's.
  """

  task: str
  family: str
  settings: int
  failures: Failures | None
  holm: float | None


def compare(
  study: Study, scores: Mapping[str, Mapping[str, Scores]]
) -> tuple[FamilySummary, ...]:
  """Compares the families of several arms, per task and over all tasks.

  Args:
    study: gives the arms of the test, their families and the baseline.
    scores: task -> arm -> scores of its runs.

  Returns:
    The baseline's family first; empty if every family has a single arm.
  """
  arms = _by_family(study)
  first, *others = arms
  others = [name for name in others if len(arms[name]) > 1]
  if not others and len(arms[first]) < 2:
    return ()
  scopes = [(name, [name]) for name in scores]
  if len(scores) > 1:
    scopes.append((ALL_TASKS, list(scores)))
  summaries = []
  for scope, tasks in scopes:
    settings = {
      name: [scores[task][arm] for task in tasks for arm in arms[name]]
      for name in (first, *others)
    }
    summaries += _compare(scope, settings)
  return tuple(summaries)


def _by_family(study: Study) -> dict[str, list[str]]:
  """Returns family -> arms of the test, with the baseline's family first."""
  baseline = study.arm(study.baseline)
  arms: dict[str, list[str]] = {baseline.family or baseline.name: []}
  for arm in study.arms:
    if not arm.tunes:
      arms.setdefault(arm.family or arm.name, []).append(arm.name)
  return arms


def _compare(
  scope: str, settings: Mapping[str, Sequence[Scores]]
) -> list[FamilySummary]:
  """Summarizes families on one task or all; the first is the baseline's."""
  first, *others = settings
  failures = {x: _failures(settings[x], settings[first]) for x in settings}
  adjusted = comparison.adjust([failures[name] for name in others])
  holm = dict(zip(others, adjusted, strict=True))
  return [
    FamilySummary(scope, name, len(settings[name]), compared, holm.get(name))
    for name, compared in failures.items()
  ]


def _failures(
  ours: Sequence[Scores], baseline: Sequence[Scores]
) -> Failures | None:
  seeds = comparison.shared_seeds((*ours, *baseline))
  if not seeds:
    return None
  failed = [  # [S, settings] each.
    np.stack([setting.select(seeds).failed for setting in side], axis=1)
    for side in (ours, baseline)
  ]
  return statistics.failed_share(failed[0], failed[1])
