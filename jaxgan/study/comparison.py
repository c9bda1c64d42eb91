"""Compares the arms: with the baseline, in tuning, as A/A control.

An arm and the baseline are compared over the seeds that both have, by their
ratios of areas and of times. Holm's correction counts all arms declared for the
test on all tasks, also arms without runs, but not the baseline and its copy.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from jaxgan.study import curves, statistics
from jaxgan.study.runs import Scores
from jaxgan.study.spec import Study
from jaxgan.study.statistics import Failures, Ratio


@dataclasses.dataclass(frozen=True)
class Spread:
  """Median and quartiles over seeds; diverged runs count as infinity."""

  median: float
  low: float
  high: float


@dataclasses.dataclass(frozen=True)
class ArmSummary:
  """Summary of one arm on one task; None for numbers that need missing runs.

  Attributes:
    arm: its name.
    seeds, missing: numbers of complete and of missing runs.
    final: the task's metric at the last step, for the raw weights.
    ema: median of the same for the averaged weights.
    area: geometric mean of the metric over steps and seeds.
    time: median generator steps to the target; None if fewer than half reached
      it.
    updates: the same in critic updates.
    seconds: the same in seconds of training; None if they were not recorded.
    censored: number of runs that never reached the target.
    diverged: number of runs without a finite metric at the last step.
    failed: share of runs that were censored or diverged.
    area_ratio, time_ratio: over the baseline.
    area_holm, time_holm: their p-values after Holm's correction.
  """

  arm: str
  seeds: int
  missing: int
  final: Spread | None
  ema: float | None
  area: float | None
  time: float | None
  updates: float | None
  seconds: float | None
  censored: int
  diverged: int
  failed: float | None
  area_ratio: Ratio | None
  area_holm: float | None
  time_ratio: Ratio | None
  time_holm: float | None


@dataclasses.dataclass(frozen=True)
class TuningSummary:
  """Summary of one tuning arm, over the seeds that all tuning arms share.

  Attributes:
    arm, family: names.
    seeds: number of seeds.
    area, final, time, censored: as in `ArmSummary`, over these seeds.
    best: whether its area is the least of all.
    best_of_family: whether its area is the least of its family.
  """

  arm: str
  family: str
  seeds: int
  area: float
  final: Spread
  time: float | None
  censored: int
  best: bool
  best_of_family: bool


@dataclasses.dataclass(frozen=True)
class Control:
  """A/A control: ratios of the baseline's copy to the baseline.

  Attributes:
    area, time: the ratios, which should be 1.
    area_contains_one, time_contains_one: whether their intervals contain 1.
  """

  area: Ratio
  time: Ratio
  area_contains_one: bool
  time_contains_one: bool


def compare_arms(
  study: Study, scores: Mapping[str, Mapping[str, Scores]]
) -> dict[str, tuple[ArmSummary, ...]]:
  """Compares the arms of the test with the baseline, task by task.

  Args:
    study: gives arms, baseline, its copy, and the steps between measurements.
    scores: task -> arm -> scores of its runs.
  """
  names = [arm.name for arm in study.arms if not arm.tunes]
  ratios = {
    (task, name): _ratios(study, scores[task], name)
    for task in scores
    for name in names
    if name != study.baseline
  }
  tested = [at for at in ratios if at[1] != study.again]
  adjusted = [adjust([ratios[at][k] for at in tested]) for k in range(2)]
  holm = dict(zip(tested, zip(*adjusted, strict=True), strict=True))

  def summarize(task: str, name: str) -> ArmSummary:
    none, at = (None, None), (task, name)
    own = scores[task][name]
    return _summary(study, name, own, ratios.get(at, none), holm.get(at, none))

  return {task: tuple(summarize(task, x) for x in names) for task in scores}


def compare_tuning(
  study: Study, scores: Mapping[str, Scores]
) -> tuple[TuningSummary, ...]:
  """Compares the tuning arms of one task, except those without runs.

  Args:
    study: gives the arms.
    scores: arm -> scores of its runs on the task.
  """
  arms = [arm for arm in study.arms if arm.tunes and scores[arm.name].seeds]
  shared = shared_seeds([scores[arm.name] for arm in arms]) if arms else []
  if not shared:
    return ()
  runs = [scores[arm.name].select(shared) for arm in arms]
  areas = [mean_area(own) for own in runs]
  families: dict[str, list[float]] = {}
  for arm, area in zip(arms, areas, strict=True):
    families.setdefault(arm.family or arm.name, []).append(area)
  return tuple(
    TuningSummary(
      arm=arm.name,
      family=arm.family or arm.name,
      seeds=len(shared),
      area=area,
      final=spread(own.final),
      time=curves.median_time(own.time, own.reached),
      censored=int((~own.reached).sum()),
      best=area == min(areas),
      best_of_family=area == min(families[arm.family or arm.name]),
    )
    for arm, own, area in zip(arms, runs, areas, strict=True)
  )


def control(study: Study, scores: Mapping[str, Scores]) -> Control | None:
  """Compares the baseline's copy with the baseline; None without pairs.

  Arguments as for `compare_arms`.
  """
  area, time = _ratios(study, scores, study.again)
  if area is None or time is None:
    return None
  return Control(area, time, area.contains_one, time.contains_one)


def spread(values: np.ndarray) -> Spread:
  """Returns median and quartiles of [S] values, S >= 1; low is better."""
  low, median, high = curves.quantiles(values, (0.25, 0.5, 0.75))
  return Spread(float(median), float(low), float(high))


def mean_area(scores: Scores) -> float:
  """Returns the geometric mean of the areas over seeds."""
  return float(np.exp(np.log(scores.area).mean()))


def shared_seeds(all_scores: Iterable[Scores]) -> list[int]:
  """Returns the seeds that all scores have, in the order of the first."""
  first, *others = all_scores
  return [s for s in first.seeds if all(s in x.seeds for x in others)]


def adjust(tests: Sequence[Ratio | Failures | None]) -> list[float | None]:
  """Returns Holm-adjusted p-values; None (no pairs) counts as p = 1."""
  p = statistics.holm(np.array([x.p if x else 1.0 for x in tests]))
  return [float(y) if x else None for x, y in zip(tests, p, strict=True)]


def _ratios(
  study: Study, scores: Mapping[str, Scores], name: str
) -> tuple[Ratio | None, Ratio | None]:
  """Returns an arm's ratios of areas and of times over the baseline."""
  sides = (scores[name], scores[study.baseline])
  seeds = shared_seeds(sides)
  if not seeds:
    return None, None
  ours, baseline = (side.select(seeds) for side in sides)
  return (
    statistics.paired_ratio(ours.area, baseline.area),
    statistics.paired_time_ratio(ours.time, baseline.time, study.every_steps),
  )


def _summary(
  study: Study,
  name: str,
  own: Scores,
  ratios: tuple[Ratio | None, Ratio | None],
  holm: tuple[float | None, float | None],
) -> ArmSummary:
  any_run = bool(own.seeds)
  return ArmSummary(
    arm=name,
    seeds=len(own.seeds),
    missing=len(study.seeds) - len(own.seeds),
    final=spread(own.final) if any_run else None,
    ema=spread(own.ema).median if np.isfinite(own.ema).any() else None,
    area=mean_area(own) if any_run else None,
    time=curves.median_time(own.time, own.reached),
    updates=curves.median_time(own.updates, own.reached),
    seconds=(
      curves.median_time(own.seconds, own.reached)
      if np.isfinite(own.seconds).all()
      else None
    ),
    censored=int((~own.reached).sum()),
    diverged=int((~np.isfinite(own.final)).sum()),
    failed=float(own.failed.mean()) if any_run else None,
    area_ratio=ratios[0],
    area_holm=holm[0],
    time_ratio=ratios[1],
    time_holm=holm[1],
  )
