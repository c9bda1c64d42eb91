"""What a search found: a table, a figure, and the best run's config file."""

import logging
import pathlib
import runpy
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from jaxgan.config import flatten, from_config_dict, to_dict
from jaxgan.search import figures
from jaxgan.search import space as space_lib
from jaxgan.search import study as study_lib
from jaxgan.search.goal import Goal
from jaxgan.search.space import Params, Space

_LOG = logging.getLogger(__name__)


def write(
  study: optuna.Study, facts: Mapping[str, Any], folder: pathlib.Path
) -> str:
  """Writes report/report.md, values.png and best.py; replaces older ones.

  Args:
    study: whose trials it is about.
    facts: of search.json.
    folder: the workdir.

  Returns:
    The table.
  """
  space = space_lib.from_plain(facts['space'])
  goal = Goal(**facts['goal'])
  trials = ranked(study, goal)
  out = folder / 'report'
  out.mkdir(exist_ok=True)
  text = table(trials, space, goal, study)
  (out / 'report.md').write_text(text)
  if trials and trials[0].state == TrialState.COMPLETE:
    found = study_lib.meant(space, trials[0].params)
    (out / 'best.py').write_text(best(trials[0], found, facts, folder))
  try:
    figures.values(out / 'values.png', trials, space, goal)
  except ValueError as error:
    _LOG.warning('%s', error)
  return text


def ranked(study: optuna.Study, goal: Goal) -> list[FrozenTrial]:
  """Trials that are over, best first; the longer of those that were ended.

  Args:
    study: whose they are.
    goal: says which is better.
  """
  sign = 1 if goal.direction == 'minimise' else -1

  def rank(trial: FrozenTrial) -> tuple[bool, bool, int, float]:
    over = trial.state == TrialState.COMPLETE
    steps = 0 if over else -(trial.last_step or 0)
    value = float('inf') if trial.value is None else sign * trial.value
    return (not over, 'why' in trial.user_attrs, steps, value)

  states = (TrialState.COMPLETE, TrialState.PRUNED)
  return sorted(study.get_trials(states=states), key=rank)


def table(
  trials: Sequence[FrozenTrial],
  space: Space,
  goal: Goal,
  study: optuna.Study,
) -> str:
  """Markdown: a row for each trial.

  Args:
    trials: best first.
    space: gives the columns.
    goal: gives the value's name.
    study: counts those that are not over.
  """
  heads = ['trial', 'folder', goal.metric, 'step', 'end', *space]
  lines = [_row(heads), _row(['---'] * len(heads))]
  for trial in trials:
    found = study_lib.meant(space, trial.params)
    cells = [
      trial.number,
      _folder(trial),
      '' if trial.value is None else f'{trial.value:.6g}',
      trial.last_step or '',
      _end(trial),
      *(_cell(found.get(key, '')) for key in space),
    ]
    lines.append(_row(cells))
  states = [t.state for t in study.get_trials(deepcopy=False)]
  counts = ', '.join(
    f'{states.count(state)} {word}'
    for state, word in (
      (TrialState.COMPLETE, 'done'),
      (TrialState.PRUNED, 'pruned or gone wrong'),
      (TrialState.RUNNING, 'running'),
      (TrialState.WAITING, 'waiting'),
      (TrialState.FAIL, 'stopped and tried again under another number'),
    )
    if states.count(state)
  )
  head = f'{goal.metric}, to {goal.direction}: {counts or "no trials yet"}.'
  return f'{head}\n\n' + '\n'.join(lines) + '\n'


def best(
  trial: FrozenTrial,
  found: Params,
  facts: Mapping[str, Any],
  folder: pathlib.Path,
) -> str:
  """A config file: the one that was searched, and the values of a trial.

  Args:
    trial: which.
    found: its values.
    facts: of search.json.
    folder: the workdir, for the command in the file's head.
  """
  imports, call, variant = _source(facts['file'])
  wanted = flatten(to_dict(space_lib.config_of(facts['config'], found)))
  given = flatten(space_lib.applied(facts['config'], found))
  base = flatten(_from_file(facts['file']))
  lines = [
    f'  config.{key} = {_literal(wanted[key])}'
    for key, value in given.items()
    if value != base.get(key)
  ]
  goal = Goal(**facts['goal'])
  head = f'Trial {trial.number} of a search: {goal.metric} {trial.value:.6g}.'
  path = folder / 'report' / 'best.py'
  command = f'python -m jaxgan.main --config={path} --workdir=W'
  changed = '\n'.join(lines)
  return f'''"""{head}

  {command}
"""

{imports}


def get_config(variant={variant!r}):
  config = {call}(variant)
{changed}
  return config
'''


def _source(file: str) -> tuple[str, str, str]:
  """How a file calls the config file: imports, function, variant."""
  path, _, variant = file.partition(':')
  if pathlib.Path(path).is_absolute():
    lines = f'import runpy\n\nbase = runpy.run_path({path!r})'
    return lines, "base['get_config']", variant
  *packages, name = pathlib.Path(path).with_suffix('').parts
  lines = f'from {".".join(packages)} import {name} as base'
  return lines, 'base.get_config', variant


def _from_file(file: str) -> dict[str, Any]:
  """What the config file says now."""
  path, _, variant = file.partition(':')
  root = pathlib.Path(__file__).parents[2]
  found = runpy.run_path(str(root / path))['get_config'](variant)
  from_config_dict(found)  # A sentence, if the file was spoilt since.
  return found.to_dict()


def _literal(value: Any) -> str:
  return repr(tuple(value) if isinstance(value, list) else value)


def _end(trial: FrozenTrial) -> str:
  if trial.state == TrialState.COMPLETE:
    return 'done'
  return trial.user_attrs.get('why', 'pruned').replace('|', '/')


def _folder(trial: FrozenTrial) -> str:
  """Where the run is; nowhere if it was trained in a group."""
  found = trial.user_attrs
  alone = 'folder' in found and not found.get('group', False)
  return f'trials/{found["folder"]}' if alone else ''


def _cell(value: Any) -> str:
  return f'{value:.4g}' if isinstance(value, float) else str(value)


def _row(cells: Sequence[Any]) -> str:
  return '| ' + ' | '.join(map(str, cells)) + ' |'
