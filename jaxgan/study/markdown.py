"""A summary as tables in Markdown, with the words that a reader needs."""

import math
from collections.abc import Iterable, Sequence

from jaxgan.study.comparison import ArmSummary, Tuned
from jaxgan.study.families import ALL_TASKS, FamilySummary
from jaxgan.study.statistics import Ratio
from jaxgan.study.summary import Summary, TaskSummary
from jaxgan.study.theory import Moment

_NONE = '–'

_NOTES = """\
Ratios are over the baseline `{baseline}`, seed by seed; below 1 is better. Area
is the geometric mean of the metric over the run's steps. Intervals are of 95 %:
expanded percentile bootstrap over seeds, 10,000 resamples. p is of a two-sided
sign-flip test, which with S seeds is never below 2^(1 - S); Holm's correction
is over the declared arms of a task. Time is in generator steps, to the first of
{stay} measurements in a row at the target; a run that never shows that is
censored and counts with the whole run in the ratio, which is therefore one of
restricted times. Failed is a run that was censored or diverged by the end; a
measurement of a run that diverged counts as the worst of that run in areas and
as the worst of all in medians. Brackets after a median hold quartiles; ratios
in bold have intervals that exclude 1.

Traces are medians over seeds, mid-run and at the end. d is the exact W1 with
the floor of a finite sample in it; the theory says slope - 1 = E d / (2 weight)
for a two-sided target of 1, with E = 1 for points that are spread as the
transport flow is."""


def number(value: float | None) -> str:
  """Four digits; a dash for None or NaN, `diverged` for infinity."""
  if value is None or math.isnan(value):
    return _NONE
  return f'{value:.4g}' if math.isfinite(value) else 'diverged'


def ratio(found: Ratio | None) -> str:
  """0.800 [0.781, 0.820]; stands out where the interval excludes 1."""
  if found is None:
    return _NONE
  text = _interval(found.ratio, found.low, found.high)
  return text if found.contains_one or math.isnan(found.low) else f'**{text}**'


def probability(p: float | None) -> str:
  """Two digits, and not more than four places."""
  if p is None:
    return _NONE
  return '< 0.0001' if p < 1e-4 else f'{p:.2g}'


def markdown(summary: Summary) -> str:
  """The whole summary.

  Args:
    summary: from `summary.summarise`.
  """
  parts = [f'# {summary.study}', _state(summary)]
  parts.append(_NOTES.format(baseline=summary.baseline, stay=summary.stay))
  for task in summary.tasks:
    parts += _task(summary, task)
  if summary.families:
    parts += ['## Failed runs', _families(summary.families)]
  return '\n\n'.join(parts) + '\n'


def _state(summary: Summary) -> str:
  if summary.found == summary.expected:
    return f'All {summary.expected} runs are there.'
  lines = [
    f'**{summary.expected - summary.found} of {summary.expected} runs are '
    'missing**; what follows is of the others:'
  ]
  for task, arms in summary.missing.items():
    if arms:
      few = ', '.join(f'{arm} {len(seeds)}' for arm, seeds in arms.items())
      lines.append(f'- {task}: {few}')
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
    parts += [f'### {task.task}: traces', _moments(task.moments)]
  return parts


def _arms(arms: Sequence[ArmSummary]) -> str:
  names = (
    'arm', 'seeds', 'final', 'final, EMA', 'time (censored)', 'area',
    'area ratio', 'p', 'Holm', 'time ratio', 'p', 'Holm', 'failed',
  )  # fmt: skip
  return _table(names, [_arm(arm) for arm in arms])


def _arm(arm: ArmSummary) -> tuple[str, ...]:
  final = arm.final
  area, time = arm.area_ratio, arm.time_ratio
  return (
    arm.arm,
    f'{arm.seeds}' + (f' ({arm.missing} missing)' if arm.missing else ''),
    _NONE
    if final is None
    else f'{number(final.median)} [{number(final.low)}, {number(final.high)}]',
    number(arm.ema),
    _time(arm.time, arm.censored, arm.seeds),
    number(arm.area),
    ratio(area),
    probability(area.p if area else None),
    probability(arm.area_holm),
    ratio(time),
    probability(time.p if time else None),
    probability(arm.time_holm),
    _share(arm.failed)
    + (f' ({arm.diverged} diverged)' if arm.diverged else ''),
  )


def _control(summary: Summary, task: TaskSummary) -> str:
  if summary.again == summary.baseline:
    return 'There is no A/A arm.'
  name = f'A/A: `{summary.again}` over `{summary.baseline}`'
  if task.control is None:
    return f'{name}: no pairs yet.'
  area, time = (
    f'{_interval(x.ratio, x.low, x.high)}, contains 1: '
    + ('yes' if contains else '**no**')
    for x, contains in (
      (task.control.area, task.control.area_contains_one),
      (task.control.time, task.control.time_contains_one),
    )
  )
  return f'{name}: area {area}; time {time}.'


def _tuning(tuned: Sequence[Tuned]) -> str:
  names = ('arm', 'family', 'seeds', 'area', 'final', 'time (censored)', '')
  rows = [
    (
      f'**{x.arm}**' if x.best else x.arm,
      x.family,
      f'{x.seeds}',
      number(x.area),
      number(x.final.median),
      _time(x.time, x.censored, x.seeds),
      _best(x),
    )
    for x in tuned
  ]
  return _table(names, rows)


def _best(tuned: Tuned) -> str:
  if tuned.best:
    return 'best'
  alone = tuned.family == tuned.arm
  return 'best of its family' if tuned.best_of_family and not alone else ''


def _moments(moments: Sequence[Moment]) -> str:
  names = (
    'arm', 'step', 'ratio', 'weight', 'realised share', 'slope real', 'fake',
    'between', "critic's d", 'd', 'slope - 1', 'd / (2 weight)', 'E',
    "E of critic's d",
  )  # fmt: skip
  rows = []
  for x in moments:
    values = (
      x.ratio, x.weight, x.penalty_share, x.slope_real, x.slope_fake,
      x.slope_between, x.distance, x.exact, x.overshoot, x.predicted,
      x.coverage, x.critic_coverage,
    )  # fmt: skip
    rows.append((x.arm, f'{x.step}', *(_short(value) for value in values)))
  return _table(names, rows)


def _families(families: Sequence[FamilySummary]) -> str:
  names = (
    'task', 'family', 'settings', 'seeds', 'failed', "of the baseline's",
    'difference', 'ratio', 'p', 'Holm',
  )  # fmt: skip
  rows = []
  for x in families:
    scope = 'all tasks' if x.task == ALL_TASKS else x.task
    start = (scope, x.family, f'{x.settings}')
    if x.failures is None:
      rows.append((*start, '0', *[_NONE] * 6))
      continue
    y = x.failures
    difference = _interval(y.difference, y.difference_low, y.difference_high)
    rows.append((
      *start, f'{y.seeds}', _share(y.ours), _share(y.baseline), difference,
      _interval(y.ratio, y.ratio_low, y.ratio_high), probability(y.p),
      probability(x.holm),
    ))  # fmt: skip
  return _table(names, rows)


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
  lines = [names, ['---'] * len(names), *rows]
  return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _interval(value: float, low: float, high: float) -> str:
  if math.isnan(low):
    return f'{value:.3f}'
  return f'{value:.3f} [{low:.3f}, {high:.3f}]'


def _time(time: float | None, censored: int, seeds: int) -> str:
  if not seeds:
    return _NONE
  median = '> half censored' if time is None else f'{time:.0f}'
  return f'{median} ({censored})'


def _share(share: float | None) -> str:
  return _NONE if share is None else f'{100 * share:.0f} %'


def _short(value: float | None) -> str:
  return _NONE if value is None else f'{value:.3g}'
