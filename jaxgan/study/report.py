"""Writes a study's results as files: tables, their numbers, and figures."""

import json
import pathlib
from collections.abc import Iterable, Sequence

from jaxgan.study import figures, markdown
from jaxgan.study import runs as runs_lib
from jaxgan.study import summary as summary_lib
from jaxgan.study.results import Row
from jaxgan.study.spec import Study
from jaxgan.study.summary import Summary


def write(study: Study, rows: Iterable[Row], folder: pathlib.Path) -> Summary:
  """Writes summary.md, summary.json and figures; replaces earlier ones.

  Args:
    study: resolved, see `tuning.resolve`.
    rows: from `results.load`.
    folder: created if it is missing.

  Returns:
    The numbers.

  Raises:
    ValueError: a value of a task's metric has no logarithm; or matplotlib is
      not installed, after the tables are written.
  """
  rows = list(rows)
  summary = summary_lib.summarize(study, rows)
  folder.mkdir(parents=True, exist_ok=True)
  numbers = json.dumps(summary_lib.to_dict(summary), indent=1, allow_nan=False)
  (folder / 'summary.json').write_text(numbers + '\n')
  (folder / 'summary.md').write_text(markdown.render(summary))
  draw(study, rows, summary, folder, shown_arms(study))
  return summary


def draw(
  study: Study,
  rows: Iterable[Row],
  summary: Summary,
  folder: pathlib.Path,
  arms: Sequence[str],
) -> None:
  """Draws TASK_learning.png, _waiting, _forest, _traces and _overshoot.

  Args:
    study: resolved, see `tuning.resolve`.
    rows: from `results.load`.
    summary: of the rows.
    folder: for the figures.
    arms: shown in the figures of single arms, at most 8.

  Raises:
    ValueError: an unknown arm, too many, or matplotlib is not installed.
  """
  collected = runs_lib.collect(study, rows)
  for task, numbers in zip(study.tasks, summary.tasks, strict=True):
    runs = collected[task.name]
    start = f'{task.name}_'
    figures.learning(folder / f'{start}learning.png', task, runs, arms)
    figures.survival(
      folder / f'{start}waiting.png', task, runs, arms, study.stay
    )
    figures.forest(folder / f'{start}forest.png', task, numbers.arms)
    figures.traces(folder / f'{start}traces.png', task, runs, arms)
    figures.overshoot(folder / f'{start}overshoot.png', task, numbers.moments)


def shown_arms(study: Study) -> tuple[str, ...]:
  """Returns the baseline and the first other arms that fit into a figure.

  Tuning arms and the baseline's copy are left out.
  """
  skipped = (study.baseline, study.again)
  others = [x.name for x in study.arms if not x.tunes and x.name not in skipped]
  return (study.baseline, *others)[: figures.MAX_ARMS]
