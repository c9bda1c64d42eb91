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
  """Writes summary.md, summary.json and figures; returns the numbers.

  Args:
    study: resolved, see `tuning.resolve`.
    rows: from `results.load`.
    folder: created if it is missing; earlier files are replaced.

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
  """Draws TASK_learning.png, _waiting, _forest, _traces, _overshoot per task.

  Args:
    study: resolved, see `tuning.resolve`.
    rows: from `results.load`.
    summary: of the rows.
    folder: for the figures.
    arms: shown in the figures with one line per arm, at most 8.

  Raises:
    ValueError: an unknown arm, too many, or matplotlib is not installed.
  """
  collected, stay = runs_lib.collect(study, rows), study.stay
  for task, numbers in zip(study.tasks, summary.tasks, strict=True):
    runs, name = collected[task.name], task.name
    figures.learning(folder / f'{name}_learning.png', task, runs, arms)
    figures.survival(folder / f'{name}_waiting.png', task, runs, arms, stay)
    figures.forest(folder / f'{name}_forest.png', task, numbers.arms)
    figures.traces(folder / f'{name}_traces.png', task, runs, arms)
    figures.overshoot(folder / f'{name}_overshoot.png', task, numbers.moments)


def shown_arms(study: Study) -> tuple[str, ...]:
  """Returns the arms to draw: the baseline and the first others that fit.

  Tuning arms and the baseline's copy are left out.
  """
  skipped = (study.baseline, study.again)
  others = [x.name for x in study.arms if not x.tunes and x.name not in skipped]
  return (study.baseline, *others)[: figures.MAX_ARMS]
