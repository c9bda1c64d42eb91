"""The arms of one task beside its baseline, the tuning, and the control.

A comparison takes the seeds that both arms have. The first question is the
ratio of areas, the second that of times. Holm's correction runs over all arms
that were declared for the test, those without runs included; the baseline and
its copy are no hypotheses and are left out.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from jaxgan.study import curves, statistics
from jaxgan.study.runs import Scores
from jaxgan.study.spec import Study
from jaxgan.study.statistics import Ratio


@dataclasses.dataclass(frozen=True)
class Spread:
  """Median and quartiles over seeds; infinite next to runs that diverged."""

  median: float
  low: float
  high: float


@dataclasses.dataclass(frozen=True)
class ArmSummary:
  """One arm on one task; None where there is no run, or no pair.

  Attributes:
    arm: its name.
    seeds, missing: numbers of runs that are there, and that are not.
    final: the task's metric at the end, of the raw weights.
    ema: its median of the averaged weights.
    area: geometric mean over steps and seeds.
    time: median steps to the target; None where fewer than half reached it.
    censored: runs that never reached it.
    diverged: runs without a number at the end.
    failed: share of runs that did either.
    area_ratio, time_ratio: over the baseline.
    area_holm, time_holm: their p, adjusted.
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
class Tuned:
  """One arm of the tuning, on the tuning seeds that all of them have.

  Attributes:
    arm, family: names.
    seeds: how many.
    area, final, time, censored: as in `ArmSummary`, over these seeds.
    best: the least area of all.
    best_of_family: the least area of its family.
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
  """The baseline under another name over the baseline.

  Attributes:
    area, time: ratios, which should be 1.
    area_contains_one, time_contains_one: whether their intervals hold it.
  """

  area: Ratio
  time: Ratio
  area_contains_one: bool
  time_contains_one: bool


def compare(
  study: Study, scores: Mapping[str, Scores], least: float
) -> tuple[ArmSummary, ...]:
  """The arms of the test, on one task.

  Args:
    study: arms, baseline and its copy.
    scores: arm -> what its runs scored on the task.
    least: distance of two measurements in steps, the least time there is.
  """
  names = [arm.name for arm in study.arms if not arm.tunes]
  baseline = scores[study.baseline]
  ratios = {
    name: _ratios(scores[name], baseline, least)
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


def tuning(study: Study, scores: Mapping[str, Scores]) -> tuple[Tuned, ...]:
  """The arms that tune, on one task; those without a run are left out.

  Args:
    study: arms and tuning seeds.
    scores: arm -> what its runs scored on the task.
  """
  arms = [arm for arm in study.arms if arm.tunes and scores[arm.name].seeds]
  shared = [
    seed
    for seed in study.tuning_seeds
    if all(seed in scores[arm.name].seeds for arm in arms)
  ]
  if not arms or not shared:
    return ()
  own = {arm.name: scores[arm.name].only(shared) for arm in arms}
  area = {name: mean_area(x) for name, x in own.items()}
  families: dict[str, list[float]] = {}
  for arm in arms:
    families.setdefault(arm.family or arm.name, []).append(area[arm.name])
  return tuple(
    Tuned(
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


def control(
  study: Study, scores: Mapping[str, Scores], least: float
) -> Control | None:
  """The control of the harness on one task; None while there are no pairs.

  Args:
    study: the baseline and its copy.
    scores: arm -> what its runs scored on the task.
    least: as for `compare`.
  """
  pair = (scores[study.again], scores[study.baseline])
  area, time = _ratios(*pair, least)
  if area is None or time is None:
    return None
  return Control(area, time, area.contains_one, time.contains_one)


def spread(values: np.ndarray) -> Spread:
  """Median and quartiles of [S] values, S >= 1, of which low is better."""
  low, median, high = curves.quantiles(values, (0.25, 0.5, 0.75))
  return Spread(float(median), float(low), float(high))


def mean_area(scores: Scores) -> float:
  """The geometric mean over seeds, as ratios of areas are made of."""
  return float(np.exp(np.log(scores.area).mean()))


def shared_seeds(all_scores: Iterable[Scores]) -> list[int]:
  """Seeds that all of them have, in the order of the first."""
  first, *others = all_scores
  return [s for s in first.seeds if all(s in x.seeds for x in others)]


def adjust(
  found: Sequence[Ratio | statistics.Failures | None],
) -> list[float | None]:
  """Holm's p of each; what has no pairs yet counts with p = 1."""
  p = statistics.holm(np.array([1.0 if x is None else x.p for x in found]))
  return [
    None if x is None else float(y) for x, y in zip(found, p, strict=True)
  ]


def _ratios(
  ours: Scores, baseline: Scores, least: float
) -> tuple[Ratio | None, Ratio | None]:
  """Of areas and of times."""
  seeds = shared_seeds((ours, baseline))
  if not seeds:
    return None, None
  ours, baseline = ours.only(seeds), baseline.only(seeds)
  return (
    statistics.paired_ratio(ours.area, baseline.area),
    statistics.paired_time_ratio(ours.time, baseline.time, least),
  )


def _summary(
  name: str,
  own: Scores,
  missing: int,
  ratios: tuple[Ratio | None, Ratio | None],
  holm: tuple[float | None, float | None],
) -> ArmSummary:
  there = bool(own.seeds)
  return ArmSummary(
    arm=name,
    seeds=len(own.seeds),
    missing=missing,
    final=spread(own.final) if there else None,
    ema=spread(own.ema).median if np.isfinite(own.ema).any() else None,
    area=mean_area(own) if there else None,
    time=curves.median_time(own.time, own.reached),
    censored=int((~own.reached).sum()),
    diverged=int((~np.isfinite(own.final)).sum()),
    failed=float(own.failed.mean()) if there else None,
    area_ratio=ratios[0],
    area_holm=holm[0],
    time_ratio=ratios[1],
    time_holm=holm[1],
  )
