"""The page of one run."""

import math
import pathlib
from collections.abc import Sequence

import numpy as np

from jaxgan.report import measured, page, panels, plot, samples, settings
from jaxgan.report.collect import Run
from jaxgan.report.markup import Safe, element, muted, section, table


def build(run: Run, neighbors: pathlib.Path | None = None) -> str:
  """Builds the page.

  Args:
    run: from `collect.read`.
    neighbors: a picture of nearest neighbors, or None.

  Raises:
    ValueError: matplotlib is not installed, or a picture is damaged.
  """
  plot.check_installed()
  parts = [
    samples.newest(run),
    _metrics(run),
    _curves(run),
    samples.neighbors(run, neighbors) if neighbors else None,
    settings.config_section(run),
    _environment(run),
    settings.commands_section(run),
  ]
  parts.insert(0 if run.failures else 4, _failures(run))
  return page.build(run.name, _summary(run), [p for p in parts if p])


def _summary(run: Run) -> Safe:
  """What was trained, how far it is, and its newest numbers."""
  config, data = run.config, run.data
  shape = f'images of {" × ".join(map(str, data["shape"]))}'
  if len(data['shape']) == 1:
    shape = f'vectors of length {data["shape"][0]}'
  values = {
    'step': f'{run.step:,} of {config.train.steps:,}',
    'data': f'{data["name"]}, {data["num_examples"]:,} {shape}',
    'net': config.net.name,
    'loss': config.loss.name,
    'penalty': config.penalty.preset,
  }
  for group in measured.groups(run.records)[:2]:
    values[group.metric] = plot.number(group.newest.value)
  if run.failures:
    count = len(run.failures)
    values['failures'] = str(count)
  return settings.facts(values)


def _metrics(run: Run) -> Safe:
  groups = measured.groups(run.records)
  if not groups:
    text = (
      'Nothing was measured yet; eval.metrics measures during training, and '
      'python -m jaxgan.evaluate at any time.'
    )
    return section('Metrics', element('p', text), name='metrics')
  drawn = [x for x in map(measured.panel, groups) if x is not None]
  drawn = drawn[: page.MAX_PANELS]
  return section(
    'Metrics',
    element('p', measured.INTRODUCTION),
    _records(groups),
    page.multiples(drawn, 'metric'),
    name='metrics',
  )


def _records(groups: Sequence[measured.Group]) -> Safe:
  """A table of the newest record of each metric and protocol."""
  heads = ('metric', 'step', 'value', 'error', 'floor', 'ceiling', 'protocol')
  rows = []
  for group in groups:
    newest = group.newest
    numbers = (newest.value, newest.error, newest.floor, newest.ceiling)
    name = newest.metric
    if newest.weights == 'none':
      name = f'{name} of {newest.source}'
    step = f'{newest.step:,}' if newest.step >= 0 else '–'
    cells = ['–' if x is None else plot.number(x) for x in numbers]
    rows.append((name, step, *cells, muted(measured.protocol(newest))))
  return table(heads, rows, 'Newest record of each metric and protocol')


def _curves(run: Run) -> Safe:
  if not run.rows:
    text = 'No scalars were logged yet; they are every log.every_steps.'
    return section('Curves', element('p', text), name='curves')
  drawn = panels.of_runs([run])
  parts: list[Safe] = [page.multiples(drawn, 'curve')]
  if constants := panels.constants(run):
    texts = [f'{name} {plot.number(x)}' for name, x in constants.items()]
    text = f'The same in all rows: {", ".join(texts)}.'
    parts.append(element('p', text, class_='note'))
  return section('Curves', *parts, name='curves')


def _failures(run: Run) -> Safe:
  guard = run.config.guard
  if not run.failures:
    text = (
      'guard.action is off: failures were not looked for.'
      if guard.action == 'off'
      else 'The guard saw none: no collapse, no critic that has won, no '
      'exploding gradients.'
    )
    return section('Failures', element('p', text), name='failures')
  items = [element('li', text) for text in run.failures]
  return section(
    'Failures', element('ul', *items, class_='failures'), name='failures'
  )


def _environment(run: Run) -> Safe:
  data, config = run.data, run.config
  values = {
    'data set': str(data['name']),
    'split': config.data.split,
    'shape': ' × '.join(map(str, data['shape'])),
    'examples': f'{data["num_examples"]:,}',
    'classes': str(data['num_classes'] or 'none'),
    'seed': str(config.seed),
    'workdir': str(run.folder),
  }
  speeds = [row.get('steps_per_second', math.nan) for row in run.rows]
  speeds = [x for x in speeds if math.isfinite(x)]
  if speeds:
    values['median speed'] = f'{plot.number(np.median(speeds))} steps/s'
  parts = [settings.facts(values)]
  if run.environments:
    heads = list(run.environments[0])
    rows = [[str(e.get(h, '–')) for h in heads] for e in run.environments]
    parts.append(table(heads, rows, 'Versions and devices, from each step on'))
  else:
    text = 'Versions and devices are not recorded; an older version wrote this.'
    parts.append(element('p', text, class_='note'))
  return section('Data and environment', *parts, name='environment')
