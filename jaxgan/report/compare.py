"""The page that compares runs."""

import math
import pathlib
from collections.abc import Sequence

import numpy as np

from jaxgan.report import (
  collect,
  measured,
  page,
  panels,
  plot,
  samples,
  settings,
)
from jaxgan.report.collect import Run
from jaxgan.report.markup import Safe, element, join, muted, section, table

# Sections of the configuration that say when something is written.
_ABOUT_FILES = ('log.', 'checkpoint.', 'eval.every_steps')


def read(folders: Sequence[pathlib.Path]) -> list[Run]:
  """Reads runs; those whose folders have one name are called by their paths.

  Raises:
    ValueError: a folder is given twice or holds no run, or there are fewer
      than two or more than eight.
  """
  if not 2 <= len(folders) <= plot.MAX_COLORS:
    raise ValueError(
      f'There are {len(folders)} workdirs; a comparison needs 2 to '
      f'{plot.MAX_COLORS}.'
    )
  paths = [folder.resolve() for folder in folders]
  for path, folder in zip(paths, folders, strict=True):
    if paths.count(path) > 1:
      raise ValueError(f'{folder} is given twice; each run must be another.')
  names = [path.name for path in paths]
  if len(set(names)) < len(names):
    names = [str(folder) for folder in folders]
  return [collect.read(f, name) for f, name in zip(folders, names, strict=True)]


def build(runs: Sequence[Run]) -> str:
  """Builds the page.

  Args:
    runs: from `read`.

  Raises:
    ValueError: matplotlib is not installed, or a picture is damaged.
  """
  plot.check_installed()
  parts = [
    _samples(runs),
    _metrics(runs),
    _curves(runs),
    _config(runs),
    _failures(runs),
  ]
  title = ', '.join(run.name for run in runs)
  return page.build(title, _summary(runs), parts)


def _summary(runs: Sequence[Run]) -> Safe:
  """A row for each run, with the color of its curves."""
  heads = ('run', 'step', 'data', 'loss', 'penalty', 'seed', 'median speed')
  rows = [
    (
      element('span', page.swatch(i), run.name, class_='run'),
      f'{run.step:,} of {run.config.train.steps:,}',
      str(run.data['name']),
      run.config.loss.name,
      run.config.penalty.preset,
      str(run.config.seed),
      _speed(run),
    )
    for i, run in enumerate(runs)
  ]
  return table(heads, rows, 'Runs, with the colors of their curves')


def _speed(run: Run) -> str:
  speeds = [row.get('steps_per_second', math.nan) for row in run.rows]
  speeds = [x for x in speeds if math.isfinite(x)]
  return f'{plot.number(np.median(speeds))} steps/s' if speeds else '–'


def _samples(runs: Sequence[Run]) -> Safe:
  figures = []
  for run in runs:
    if not run.grids:
      text = f'{run.name} has no samples yet.'
      figures.append(element('figure', element('figcaption', text)))
      continue
    newest = run.grids[-1]
    alt = f'{samples.kind(run)} of {run.name} at step {newest.step:,}'
    caption = f'{run.name}, step {newest.step:,}'
    figures.append(
      samples.figure(run, newest.path, alt, caption, share=len(runs))
    )
  return section(
    'Samples', element('div', *figures, class_='pair'), name='samples'
  )


def _metrics(runs: Sequence[Run]) -> Safe:
  alike, sentences = measured.compared(runs)
  parts: list[Safe] = [element('p', measured.INTRODUCTION)]
  if alike:
    heads = ('metric', *(run.name for run in runs), 'protocol')
    rows = [
      (
        found[0].metric,
        *(_value(group) for group in found),
        muted(measured.protocol(found[0].newest)),
      )
      for found in alike
    ]
    parts.append(table(heads, rows, 'Newest value of each run'))
    drawn = [measured.compared_panel(runs, found) for found in alike]
    shown = [x for x in drawn if x is not None][: page.MAX_PANELS]
    parts.append(page.multiples(shown, 'metric'))
  parts += [element('p', text, class_='note') for text in sentences]
  if not alike and not sentences:
    parts.append(element('p', 'Nothing was measured in these runs.'))
  return section('Metrics', *parts, name='metrics')


def _value(group: measured.Group) -> str:
  newest = group.newest
  error = '' if newest.error is None else f' ± {plot.number(newest.error)}'
  return f'{plot.number(newest.value)}{error} (step {newest.step:,})'


def _curves(runs: Sequence[Run]) -> Safe:
  drawn = panels.of_runs(runs)
  text = element(
    'p',
    'Gap and losses depend on the loss and the penalty. They say how a run '
    'goes, and not which run is better.',
  )
  return section('Curves', text, page.multiples(drawn, 'curve'), name='curves')


def _config(runs: Sequence[Run]) -> Safe:
  differ = settings.differing([run.config for run in runs])
  if not differ:
    text = element('p', 'All keys are equal.')
    return section('Configuration', text, name='config')
  main = {k: v for k, v in differ.items() if not k.startswith(_ABOUT_FILES)}
  rest = {k: v for k, v in differ.items() if k not in main}
  heads = ('key', *(run.name for run in runs))
  rows = [
    (key, *map(settings.show, values)) for key, values in (main | rest).items()
  ]
  return section(
    'Configuration', table(heads, rows, 'Keys that differ'), name='config'
  )


def _failures(runs: Sequence[Run]) -> Safe:
  items = [
    element('li', f'{run.name}: {text}')
    for run in runs
    for text in run.failures
  ]
  body = element('ul', join(items), class_='failures')
  if not items:
    body = element('p', 'The guard saw none in these runs.')
  return section('Failures', body, name='failures')
