"""Groups the records of a run by their protocol; panels of metrics."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxgan.metrics import protocol as protocol_lib
from jaxgan.metrics import record
from jaxgan.metrics.kinds import KINDS
from jaxgan.metrics.record import Record
from jaxgan.report.collect import Run
from jaxgan.report.panels import Panel, Series

# Kind of a metric -> what it is.
_MEANINGS = {
  'fid': 'The Fréchet distance between features of generated and real data',
  'kid': 'The squared kernel distance between features of generated and real '
  'data',
  'is': 'The Inception score: how sure and how varied predicted classes are',
  'precision': 'The share of generated examples that lie near real ones',
  'recall': 'The share of real examples that lie near generated ones',
  'density': 'How many real examples surround a generated one',
  'coverage': 'The share of real examples that have a generated one nearby',
  'w1_': 'The Wasserstein-1 distance between generated and real data',
  'w2_': 'The Wasserstein-2 distance between generated and real data',
  'classes': 'How many classes the generator draws',
  'asked': 'The share of samples whose predicted class is their label',
}
_BETTER = {'low': 'lower is better', 'high': 'higher is better'}


INTRODUCTION = (
  'Numbers can be compared only within one metric name and protocol. The floor '
  'is what other real data reach, the ceiling what noise reaches.'
)


class Group(NamedTuple):
  """Records of one metric with one protocol, in the order of their steps."""

  metric: str
  records: Sequence[Record]

  @property
  def newest(self) -> Record:
    """The record of the last step."""
    return self.records[-1]


def groups(records: Sequence[Record]) -> list[Group]:
  """Groups records that can be compared; newer ones replace those of a step.

  The metrics are in the order of their first record.
  """
  found: dict[tuple, dict[int, Record]] = {}
  for each in records:
    other = each.source if each.weights == 'none' else ''
    protocol = (getattr(each, field) for field in record.PROTOCOL)
    found.setdefault((*protocol, each.seed, other), {})[each.step] = each
  return [
    Group(key[0], [steps[step] for step in sorted(steps)])
    for key, steps in found.items()
  ]


def panel(group: Group) -> Panel | None:
  """The curve of a metric with its floor and ceiling; None for one record."""
  if len(group.records) < 2:
    return None
  series = [_series(group, '', 0)]
  return Panel(
    group.metric,
    'value',
    meaning(group.metric),
    series,
    marks(group.newest),
  )


def compared(runs: Sequence[Run]) -> tuple[list[list[Group]], list[str]]:
  """Matches the metrics of several runs.

  Returns:
    For each metric that all runs have with one protocol, their groups; and a
    sentence for each metric that is not compared.
  """
  own = [_by_metric(run) for run in runs]
  names = dict.fromkeys(name for each in own for name in each)
  alike, sentences = [], []
  for name in names:
    lacking = [r.name for r, o in zip(runs, own, strict=True) if name not in o]
    if lacking:
      sentences.append(
        f'{name} is not compared, since it was not measured in '
        f'{", ".join(lacking)}.'
      )
      continue
    found = [each[name] for each in own]
    if reason := _difference(found):
      sentences.append(f'{name} is not compared. {reason}')
    else:
      alike.append(found)
  return alike, sentences


def compared_panel(runs: Sequence[Run], found: Sequence[Group]) -> Panel | None:
  """The curves of a metric of several runs; None for one record each."""
  if all(len(group.records) < 2 for group in found):
    return None
  series = [
    _series(group, run.name, number)
    for number, (run, group) in enumerate(zip(runs, found, strict=True))
  ]
  name = found[0].metric
  lines = marks(found[0].newest)
  return Panel(name, 'value', meaning(name), series, lines)


def marks(measured: Record) -> list[tuple[str, float]]:
  """Floor and ceiling of a record, where it has them."""
  lines = {'floor': measured.floor, 'ceiling': measured.ceiling}
  return [
    (name, x) for name, x in lines.items() if x is not None and math.isfinite(x)
  ]


def meaning(metric: str) -> str:
  """A sentence about a metric."""
  try:
    parsed = protocol_lib.parse(metric)
  except ValueError:  # Such as the critic's gap, which is a record alone.
    return 'docs/metrics.md says what it means.'
  kind = next(name for name, each in KINDS.items() if each is parsed.kind)
  words = _MEANINGS.get(kind, f'The metric {kind}')
  better = _BETTER.get(parsed.kind.better)
  return f'{words}; {better}.' if better else f'{words}.'


def protocol(measured: Record) -> str:
  """The settings of a record that decide what it can be compared with."""
  parts = [
    f'{measured.fake_num:,} samples ({measured.weights} weights)',
    f'{measured.real_num:,} real of {measured.reference}',
    f'features {measured.features} {measured.features_sha256[:8]}'.strip(),
  ]
  if measured.split:
    parts[1] += f', split {measured.split}'
  if measured.resize != 'none':
    parts.append(f'resize {measured.resize}')
  return '; '.join([*parts, f'seed {measured.seed}'])


def can_be_measured(metric: str) -> bool:
  """Whether `jaxgan.evaluate --metrics` knows a name."""
  try:
    return bool(protocol_lib.parse(metric))
  except ValueError:
    return False


def _by_metric(run: Run) -> dict[str, Group]:
  """The newest group of each metric of the run itself, not of baselines."""
  own = [x for x in groups(run.records) if x.newest.weights != 'none']
  return {group.metric: group for group in own}


def _difference(found: Iterable[Group]) -> str:
  first, *others = (group.newest for group in found)
  for other in others:
    try:
      record.difference(first, other)
    except ValueError as error:
      return str(error)
  return ''


def _series(group: Group, label: str, color: int) -> Series:
  records = [x for x in group.records if x.step >= 0] or group.records
  values = [math.nan if x.value is None else x.value for x in records]
  errors = [math.nan if x.error is None else x.error for x in records]
  return Series(
    label,
    np.array([x.step for x in records]),
    np.array(values, np.float64),
    color,
    error=None if np.isnan(errors).all() else np.array(errors),
  )
