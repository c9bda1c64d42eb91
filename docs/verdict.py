"""Prints the first table of docs/results.md: one arm on several data sets.

  python docs/verdict.py

Holm's correction counts all these data sets, since one claim is made of all.
The numbers are those of docs/results/*/summary.json.
"""

import json
import pathlib
import sys

import numpy as np

from jaxgan.study import markdown, statistics

STUDIES, ARM = ('digits', 'toy', 'mnist'), 'iterative'


def main() -> None:
  """Prints task, ratio of areas with its interval, p, and p after Holm."""
  folder = pathlib.Path(__file__).parent / 'results'
  ratios = {}
  for study in STUDIES:
    summary = json.loads((folder / study / 'summary.json').read_text())
    for task in summary['tasks']:
      (arm,) = (x for x in task['arms'] if x['arm'] == ARM)
      ratios[task['task']] = arm['area_ratio']
  adjusted = statistics.holm(np.array([x['p'] for x in ratios.values()]))
  for (task, x), holm in zip(ratios.items(), adjusted, strict=True):
    ends = ', '.join(f'{x[key]:.4f}' for key in ('low', 'high'))
    p, after = markdown.probability(x['p']), markdown.probability(holm)
    sys.stdout.write(
      f'| {task} | {x["ratio"]:.4f} [{ends}] | {p} | {after} |\n'
    )


if __name__ == '__main__':
  main()
