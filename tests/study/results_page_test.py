"""Tests that the tables of docs/results.md equal the stored summaries."""

import json
import pathlib
import re

import numpy as np
import pytest

from jaxgan.study import markdown, statistics

DOCS = pathlib.Path(__file__).parents[2] / 'docs'
# Heading -> study, and whether its table has ratios of areas, p, and times.
TABLES = {
  '## Digits': ('digits', ('area', 'p', 'time')),
  '## Toys in the plane': ('toy', ('area', 'time')),
  '## MNIST': ('mnist', ('area', 'p')),
  '## Three rules of our own': ('beyond', ('area', 'p', 'time')),
}
# Names of arms that the page writes out.
LONG = {
  'near real, annealed target': 'near real, annealed',
  'real, annealed target': 'real, annealed',
}
RATIO = re.compile(r'\*{0,2}([\d.]+)( \[[\d.]+, [\d.]+\])?\*{0,2}')


def section(heading):
  text = (DOCS / 'results.md').read_text()
  return text.split(f'\n{heading}\n')[1].split('\n## ')[0]


def table(text):
  """Returns first cell -> other cells of all lines of the tables in a text."""
  lines = [
    x.strip('| ').split(' | ') for x in text.split('\n') if x[:2] == '| '
  ]
  return {first: rest for first, *rest in lines}


def stored(study):
  return json.loads((DOCS / 'results' / study / 'summary.json').read_text())


def written(cell):
  """Returns the numbers of a cell, and how many decimals they have."""
  numbers = re.findall(r'[\d.]+', cell)
  return numbers, len(numbers[0].partition('.')[2])


def numbers(ratio, decimals):
  ends = ('low', 'high') if 'low' in ratio else ('ratio_low', 'ratio_high')
  low, high = (ratio[end] for end in ends)
  values = [ratio['ratio'], *([] if low is None else [low, high])]
  return [f'{x:.{decimals}f}' for x in values]


def shown(arm, kinds):
  """Returns the ratios and p of an arm that a table shows, in its order."""
  cells = {
    'area': arm['area_ratio'], 'p': arm['area_holm'], 'time': arm['time_ratio'],
  }  # fmt: skip
  return [cells[kind] for kind in kinds]


@pytest.mark.parametrize('heading', TABLES)
def test_ratios_equal_the_summary(heading):
  study, kinds = TABLES[heading]
  rows, checked = table(section(heading)), 0
  tasks = [{a['arm']: a for a in t['arms']} for t in stored(study)['tasks']]
  for name, cells in rows.items():
    arm = LONG.get(name, name)
    if arm == 'wgan_gp' or arm not in tasks[0]:
      continue
    expected = [x for task in tasks for x in shown(task[arm], kinds)]
    first = next(i for i, x in enumerate(cells) if '[' in x)
    for cell, value in zip(cells[first:], expected, strict=False):
      checked += 1
      if value is None or isinstance(value, float):
        assert cell == markdown.probability(value), (name, cell)
      else:
        found, decimals = written(cell)
        assert found == numbers(value, decimals), (name, cell)
  assert checked > 7


def test_failed_runs_equal_the_summary():
  parts = section('## Does adapting make a run robust?').split('summarise')[1:]
  for study, part in zip(
    ('robust_toy', 'robust_parts', 'robust'), parts, strict=True
  ):
    rows, families = table(part), stored(study)['families']
    for family in families[1:]:
      cell = rows[family['family']][1]
      found, decimals = written(cell)
      assert found == numbers(family['failures'], decimals), (study, cell)


def test_the_verdict_equals_the_summaries():
  page, readme = section('## Verdict'), (DOCS.parent / 'README.md').read_text()
  p = [
    arm['area_ratio']['p']
    for study in ('digits', 'toy', 'mnist')
    for task in stored(study)['tasks']
    for arm in task['arms']
    if arm['arm'] == 'iterative'
  ]
  # One claim is made of five data sets.
  holm = map(markdown.probability, statistics.holm(np.array(p)))
  for study in ('digits', 'toy', 'mnist'):
    for task in stored(study)['tasks']:
      (arm,) = (x for x in task['arms'] if x['arm'] == 'iterative')
      decimals = 4 if study == 'digits' else 3
      ratio, low, high = numbers(arm['area_ratio'], decimals)
      cell = f'| {ratio} [{low}, {high}] | {next(holm)} |'
      assert cell in page, study
      if study != 'toy':
        short = f'{ratio} [{low}, {high}]'.replace('0.', '.')
        assert short in readme, study
