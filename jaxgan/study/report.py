"""A study's results as files: tables, their numbers, figures."""

import json
import pathlib
from collections.abc import Iterable, Sequence

from jaxgan.config import pick
from jaxgan.study import figures, markdown, summary
from jaxgan.study import runs as runs_lib
from jaxgan.study.results import Row
from jaxgan.study.spec import Study
from jaxgan.study.summary import Summary


def summarise(
  study: Study,
  rows: Iterable[Row],
  folder: pathlib.Path,
  arms: Sequence[str] = (),
) -> Summary:
  """Writes summary.md, summary.json and PNGs; existing ones are replaced.

  Args:
    study: what was to be run.
    rows: from `results.load`.
    folder: made where it is missing.
    arms: shown where single arms are drawn, see `shown_arms`.

  Returns:
    The numbers.

  Raises:
    ValueError: a task's metric has no logarithm, an unknown arm or too many;
      or matplotlib is not installed, which the tables do not wait for.
  """
  rows = list(rows)
  shown = shown_arms(study, arms)
  found = summary.summarise(study, rows)
  folder.mkdir(parents=True, exist_ok=True)
  numbers = json.dumps(summary.to_dict(found), indent=1, allow_nan=False)
  (folder / 'summary.json').write_text(numbers + '\n')
  (folder / 'summary.md').write_text(markdown.markdown(found))
  draw(study, rows, found, folder, shown)
  return found


def draw(
  study: Study,
  rows: Iterable[Row],
  found: Summary,
  folder: pathlib.Path,
  arms: Sequence[str],
) -> None:
  """The figures: <task>_learning.png, _waiting, _forest, _traces, _overshoot.

  Args:
    study: what was to be run.
    rows: from `results.load`.
    found: their summary.
    folder: where they go.
    arms: shown where single arms are drawn, at most 8.

  Raises:
    ValueError: too many arms, or matplotlib is not installed.
  """
  collected = runs_lib.collect(study, rows)
  for task, numbers in zip(study.tasks, found.tasks, strict=True):
    runs = collected[task.name]
    scores = {
      name: runs_lib.scores(runs[name], task, study.stay) for name in arms
    }
    start = f'{task.name}_'
    figures.learning(folder / f'{start}learning.png', task, runs, arms)
    figures.waiting(
      folder / f'{start}waiting.png', task, scores, arms, numbers.steps
    )
    figures.forest(folder / f'{start}forest.png', task, numbers.arms)
    figures.traces(folder / f'{start}traces.png', task, runs, arms)
    figures.overshoot(folder / f'{start}overshoot.png', task, numbers.moments)


def shown_arms(study: Study, arms: Sequence[str] = ()) -> tuple[str, ...]:
  """The arms that figures show.

  Args:
    study: its arms.
    arms: names; where there are none, the baseline and the first others of
      the test, its copy left out, as many as a figure takes.

  Raises:
    ValueError: the study has no such arm, or they are too many.
  """
  known = {arm.name: arm for arm in study.arms}
  for name in arms:
    pick('arms', name, known)
  if len(arms) > figures.MOST_ARMS:
    raise ValueError(
      f'arms holds {len(arms)} names; a figure takes at most '
      f'{figures.MOST_ARMS}.'
    )
  apart = (study.baseline, study.again)
  others = [x.name for x in study.arms if not x.tunes and x.name not in apart]
  usual = (study.baseline, *others)[: figures.MOST_ARMS]
  return tuple(arms) or usual
