"""Writes a summary as Markdown tables, with definitions of their columns."""

import dataclasses
import math
from collections.abc import Iterable, Sequence

from jaxgan.study.comparison import ArmSummary, Spread, TuningSummary
from jaxgan.study.families import ALL_TASKS, FamilySummary
from jaxgan.study.statistics import Ratio
from jaxgan.study.summary import Summary, TaskSummary
from jaxgan.study.theory import TracePoint

_NONE = '–'

_NOTES = """\
Ratios are over the baseline `{baseline}`, paired by seed. Below 1 is better.

- **Area** is the geometric mean of the metric over the steps of the run.
- **Time** is the number of generator steps to the first of {stay} measurements
  in a row at the target. A run that never shows this is censored. In time
  ratios it counts with the length of the run (restricted times). The same
  median stands in critic updates and in seconds of training, where recorded.
- **Failed** runs are censored, or have diverged by the end.
- A measurement of a diverged run counts as the worst of that run in areas, and
  as the worst of all runs in medians.
- **Intervals** are 95 %: Student's t over seeds, of the logarithms of the
  paired ratios. They say what other seeds of the same settings would give. Of
  times they are those of the restricted times, also where runs are censored.
  There is none if all seeds have the same ratio, unless it is 1. Ratios in bold
  have intervals that exclude 1.
- Brackets after a median contain quartiles.
- **p** is from a two-sided sign-flip test. With S seeds it is at least
  2^(1 - S). **Holm** is p after Holm's correction over the declared arms of all
  tasks.
- **Traces** are medians over seeds, in the middle and at the end of the run.
  Slope is the critic's mean gradient norm. d is the exact W1, which includes
  the floor of a finite sample. For a two-sided target of 1 the theory says
  slope - 1 = E d / (2 weight), with E = 1 for points that are spread like the
  transport flow."""


def number(value: float | None) -> str:
  """Formats with four digits; a dash for None or NaN, `diverged` for inf."""
  if value is None or math.isnan(value):
    return _NONE
  return f'{value:.4g}' if math.isfinite(value) else 'diverged'


def ratio(value: Ratio | None) -> str:
  """Formats as 0.800 [0.781, 0.820]; bold if the interval excludes 1."""
  if value is None:
    return _NONE
  text = _interval(value.ratio, value.low, value.high)
  return text if value.contains_one or math.isnan(value.low) else f'**{text}**'


def probability(p: float | None) -> str:
  """Formats a p-value with two digits and at most four decimal places."""
  if p is None:
    return _NONE
  return '< 0.0001' if p < 1e-4 else f'{p:.2g}'


def render(summary: Summary) -> str:
  """Returns the Markdown text of a whole summary."""
  notes = _NOTES.format(baseline=summary.baseline, stay=summary.stay)
  parts = [f'# {summary.study}', _completeness(summary), notes]
  for task in summary.tasks:
    parts += _task(summary, task)
  if summary.families:
    parts += ['## Failed runs', _families(summary.families)]
  return '\n\n'.join(parts) + '\n'


def _completeness(summary: Summary) -> str:
  if summary.found == summary.expected:
    return f'All {summary.expected} runs are complete.'
  lines = [
    f'**{summary.expected - summary.found} of {summary.expected} runs are '
    'missing**; the tables use the others. Missing runs per arm:'
  ]
  for task, arms in summary.missing.items():
    if arms:
      counts = ', '.join(f'{arm} {len(seeds)}' for arm, seeds in arms.items())
      lines.append(f'- {task}: {counts}')
  return '\n'.join(lines)


def _task(summary: Summary, task: TaskSummary) -> list[str]:
  parts = [
    f'## {task.task}',
    f'`{task.metric}`, target {number(task.target)}, {task.steps} steps.',
    _arms(task.arms),
    _control(summary, task),
  ]
  if task.tuning:
    parts += [f'### {task.task}: tuning', _tuning(task.tuning)]
  for metric, arms in task.others.items():
    rows = [(arm, number(raw), number(ema)) for arm, (raw, ema) in arms.items()]
    table = _table(('arm', 'at the end', 'of averaged weights'), rows)
    parts += [f'### {task.task}: `{metric}`', table]
  if task.moments:
    parts += [f'### {task.task}: traces', _traces(task.moments)]
  return parts


def _arms(arms: Sequence[ArmSummary]) -> str:
  names = (
    'arm', 'seeds', 'final', 'final, EMA', 'time (censored)',
    'critic updates', 'seconds', 'area', 'area ratio', 'p', 'Holm',
    'time ratio', 'p', 'Holm', 'failed',
  )  # fmt: skip
  return _table(names, [_arm(arm) for arm in arms])


def _arm(arm: ArmSummary) -> tuple[str, ...]:
  final, area, time = arm.final, arm.area_ratio, arm.time_ratio
  missing = f' ({arm.missing} missing)' if arm.missing else ''
  diverged = f' ({arm.diverged} diverged)' if arm.diverged else ''
  return (
    arm.arm,
    f'{arm.seeds}{missing}',
    _spread(final) if final else _NONE,
    number(arm.ema),
    _time(arm.time, arm.censored, arm.seeds),
    _NONE if arm.updates is None else f'{arm.updates:.0f}',
    number(arm.seconds),
    number(arm.area),
    ratio(area),
    probability(area.p if area else None),
    probability(arm.area_holm),
    ratio(time),
    probability(time.p if time else None),
    probability(arm.time_holm),
    f'{_share(arm.failed)}{diverged}',
  )


def _control(summary: Summary, task: TaskSummary) -> str:
  if summary.again == summary.baseline:
    return 'There is no A/A arm.'
  name = f'A/A: `{summary.again}` over `{summary.baseline}`'
  if task.control is None:
    return f'{name}: no pairs yet.'
  area, time = (
    f'{_interval(x.ratio, x.low, x.high)}, contains 1: '
    + ('yes' if x.contains_one else '**no**')
    for x in (task.control.area, task.control.time)
  )
  return f'{name}: area {area}; time {time}.'


def _tuning(arms: Sequence[TuningSummary]) -> str:
  names = ('arm', 'family', 'seeds', 'area', 'final', 'time (censored)', '')
  rows = []
  for x in arms:
    name, rank = (f'**{x.arm}**', 'best') if x.best else (x.arm, '')
    if x.best_of_family and not x.best and x.family != x.arm:
      rank = 'best of its family'
    time = _time(x.time, x.censored, x.seeds)
    numbers = (f'{x.seeds}', number(x.area), number(x.final.median), time)
    rows.append((name, x.family, *numbers, rank))
  return _table(names, rows)


def _traces(points: Sequence[TracePoint]) -> str:
  names = (
    'arm', 'step', 'ratio', 'weight', 'realized share', 'slope real', 'fake',
    'between', "critic's d", 'd', 'slope - 1', 'd / (2 weight)', 'E',
    "E of critic's d",
  )  # fmt: skip
  rows = []
  for point in points:
    arm, _, step, *values = dataclasses.astuple(point)
    rows.append((arm, f'{step}', *map(_short, values)))
  return _table(names, rows)


def _families(families: Sequence[FamilySummary]) -> str:
  names = (
    'task', 'family', 'settings', 'seeds', 'failed', 'baseline failed',
    'difference', 'ratio', 'p', 'Holm',
  )  # fmt: skip
  rows = []
  for x in families:
    cells = ['0', *[_NONE] * 6]
    if y := x.failures:
      cells = [
        f'{y.seeds}', _share(y.ours), _share(y.baseline),
        _interval(y.difference, y.difference_low, y.difference_high),
        _interval(y.ratio, y.ratio_low, y.ratio_high),
        probability(y.p), probability(x.holm),
      ]  # fmt: skip
    scope = 'all tasks' if x.task == ALL_TASKS else x.task
    rows.append((scope, x.family, f'{x.settings}', *cells))
  return _table(names, rows)


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
  lines = [names, ['---'] * len(names), *rows]
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _interval(value: float, low: float, high: float) -> str:
  if math.isnan(low):
    return f'{value:.3f}'
  return f'{value:.3f} [{low:.3f}, {high:.3f}]'


def _spread(x: Spread) -> str:
  return f'{number(x.median)} [{number(x.low)}, {number(x.high)}]'


def _time(time: float | None, censored: int, seeds: int) -> str:
  if not seeds:
    return _NONE
  median = '> half censored' if time is None else f'{time:.0f}'
  return f'{median} ({censored})'


def _share(share: float | None) -> str:
  return _NONE if share is None else f'{100 * share:.0f} %'


def _short(value: float | None) -> str:
  return _NONE if value is None else f'{value:.3g}'
