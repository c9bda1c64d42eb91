"""Compares the arms of one task with the baseline; tuning and A/A control.

A comparison takes the seeds that both arms share, and asks for the ratio of
areas first, of times second. Holm's correction runs over all arms declared for
the test, with or without runs. The baseline and its copy are no hypotheses and
are left out.
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
  """Median and quartiles over seeds; infinite next to diverged runs."""

  median: float
  low: float
  high: float


@dataclasses.dataclass(frozen=True)
class ArmSummary:
  """Summary of one arm on one task; None without a run, or without a pair.

  Attributes:
    arm: its name.
    seeds, missing: numbers of complete and of missing runs.
    final: the task's metric at the last step, for the raw weights.
    ema: its median for the averaged weights.
    area: geometric mean over steps and seeds.
    time: median steps to the target; None if fewer than half reached it.
    censored: number of runs that never reached it.
    diverged: number of runs without a finite metric at the last step.
    failed: share of runs that were censored or diverged.
    area_ratio, time_ratio: over the baseline.
    area_holm, time_holm: their p, after Holm's correction.
  """

  arm: str
  seeds: int
  missing: int
  final: Spread | None
  ema: float | None
  area: float | None
  time: float | None
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
  """A/A control: the baseline under another name, over the baseline.

  Attributes:
    area, time: ratios, which should be 1.
    area_contains_one, time_contains_one: whether their intervals contain 1.
  """

  area: Ratio
  time: Ratio
  area_contains_one: bool
  time_contains_one: bool


def compare_arms(
  study: Study, scores: Mapping[str, Scores]
) -> tuple[ArmSummary, ...]:
  """Compares the arms of the test with the baseline, on one task.

  Args:
    study: gives arms, baseline, its copy, and the distance of measurements.
    scores: arm -> scores of its runs on the task.
  """
  names = [arm.name for arm in study.arms if not arm.tunes]
  ratios = {
    name: _ratios(study, scores, name)
    for name in names
    if name != study.baseline
  }
  tested = [name for name in ratios if name != study.again]
  adjusted = [adjust([ratios[name][k] for name in tested]) for k in range(2)]
  holm = dict(zip(tested, zip(*adjusted, strict=True), strict=True))
  return tuple(
    _summary(
      name,
      scores[name],
      len(study.seeds) - len(scores[name].seeds),
      ratios.get(name, (None, None)),
      holm.get(name, (None, None)),
    )
    for name in names
  )


def compare_tuning(
  study: Study, scores: Mapping[str, Scores]
) -> tuple[TuningSummary, ...]:
  """Compares the tuning arms of one task; arms without runs are left out.

  Args:
    study: gives the arms and the tuning seeds.
    scores: arm -> scores of its runs on the task.
  """
  arms = [arm for arm in study.arms if arm.tunes and scores[arm.name].seeds]
  shared = shared_seeds([scores[arm.name] for arm in arms]) if arms else []
  if not shared:
    return ()
  own = {arm.name: scores[arm.name].select(shared) for arm in arms}
  area = {name: mean_area(x) for name, x in own.items()}
  families: dict[str, list[float]] = {}
  for arm in arms:
    families.setdefault(arm.family or arm.name, []).append(area[arm.name])
  return tuple(
    TuningSummary(
      arm=arm.name,
      family=arm.family or arm.name,
      seeds=len(shared),
      area=area[arm.name],
      final=spread(own[arm.name].final),
      time=curves.median_time(own[arm.name].time, own[arm.name].reached),
      censored=int((~own[arm.name].reached).sum()),
      best=area[arm.name] == min(area.values()),
      best_of_family=area[arm.name] == min(families[arm.family or arm.name]),
    )
    for arm in arms
  )


def control(study: Study, scores: Mapping[str, Scores]) -> Control | None:
  """Compares the baseline with its copy on one task; None without pairs.

  Args:
    study: as for `compare_arms`.
    scores: as for `compare_arms`.
  """
  area, time = _ratios(study, scores, study.again)
  if area is None or time is None:
    return None
  return Control(area, time, area.contains_one, time.contains_one)


def spread(values: np.ndarray) -> Spread:
  """Median and quartiles of [S] values for which low is better, S >= 1."""
  low, median, high = curves.quantiles(values, (0.25, 0.5, 0.75))
  return Spread(float(median), float(low), float(high))


def mean_area(scores: Scores) -> float:
  """Geometric mean of the areas over seeds, as in ratios of areas."""
  return float(np.exp(np.log(scores.area).mean()))


def shared_seeds(all_scores: Iterable[Scores]) -> list[int]:
  """Seeds that all scores have, in the order of the first."""
  first, *others = all_scores
  return [s for s in first.seeds if all(s in x.seeds for x in others)]


def adjust(tests: Sequence[Ratio | Failures | None]) -> list[float | None]:
  """Holm-adjusted p of each test; one without pairs yet counts as p = 1."""
  p = statistics.holm(np.array([1.0 if x is None else x.p for x in tests]))
  return [
    None if x is None else float(y) for x, y in zip(tests, p, strict=True)
  ]


def _ratios(
  study: Study, scores: Mapping[str, Scores], name: str
) -> tuple[Ratio | None, Ratio | None]:
  """Ratios of areas and of times, of an arm over the baseline."""
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
  name: str,
  own: Scores,
  missing: int,
  ratios: tuple[Ratio | None, Ratio | None],
  holm: tuple[float | None, float | None],
) -> ArmSummary:
  any_run = bool(own.seeds)
  return ArmSummary(
    arm=name,
    seeds=len(own.seeds),
    missing=missing,
    final=spread(own.final) if any_run else None,
    ema=spread(own.ema).median if np.isfinite(own.ema).any() else None,
    area=mean_area(own) if any_run else None,
    time=curves.median_time(own.time, own.reached),
    censored=int((~own.reached).sum()),
    diverged=int((~np.isfinite(own.final)).sum()),
    failed=float(own.failed.mean()) if any_run else None,
    area_ratio=ratios[0],
    area_holm=holm[0],
    time_ratio=ratios[1],
    time_holm=holm[1],
  )
