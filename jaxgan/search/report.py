"""Writes the report of a search: a table, a figure, and the best config."""

import logging
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from jaxgan.config import files, flatten, from_config_dict, replace, to_dict
from jaxgan.search import figures
from jaxgan.search import space as space_lib
from jaxgan.search import study as study_lib
from jaxgan.search.objective import Objective
from jaxgan.search.space import Space

_LOG = logging.getLogger(__name__)


def write(
  study: optuna.Study, facts: Mapping[str, Any], folder: pathlib.Path
) -> str:
  """Writes report.md, values.png and best.py to report/ in the workdir.

  Args:
    study: the study of the search.
    facts: contents of search.json.
    folder: the workdir.

  Returns:
    The text of report.md.
  """
  space = space_lib.from_plain(facts['space'])
  objective = Objective(**facts['goal'])
  trials = rank(study, objective)
  out = folder / 'report'
  out.mkdir(exist_ok=True)
  text = table(study, space, objective)
  (out / 'report.md').write_text(text)
  if trials and trials[0].state == TrialState.COMPLETE:
    (out / 'best.py').write_text(config_file(trials[0], facts, folder))
  try:
    figures.plot_values(out / 'values.png', trials, space, objective)
  except ValueError as error:
    _LOG.warning('%s', error)
  return text


def rank(study: optuna.Study, objective: Objective) -> list[FrozenTrial]:
  """Sorts finished trials from best to worst.

  Complete trials come first, then pruned trials, then failed trials. Pruned and
  failed trials are sorted by their last step, the longest first.
  """
  sign = 1 if objective.direction == 'minimise' else -1

  def key(trial: FrozenTrial) -> tuple[bool, bool, int, float]:
    complete = trial.state == TrialState.COMPLETE
    steps = 0 if complete else -(trial.last_step or 0)
    value = float('inf') if trial.value is None else sign * trial.value
    return (not complete, 'why' in trial.user_attrs, steps, value)

  states = (TrialState.COMPLETE, TrialState.PRUNED)
  return sorted(study.get_trials(states=states), key=key)


def table(study: optuna.Study, space: Space, objective: Objective) -> str:
  """Formats a Markdown table: a row for each finished trial, best first."""
  heads = ['trial', 'folder', objective.metric, 'step', 'end', *space]
  lines = [_row(heads), _row(['---'] * len(heads))]
  for trial in rank(study, objective):
    values = study_lib.config_values(space, trial.params)
    complete = trial.state == TrialState.COMPLETE
    cells = [
      trial.number,
      _folder(trial),
      '' if trial.value is None else f'{trial.value:.6g}',
      trial.last_step or '',
      'done' if complete else trial.user_attrs.get('why', 'pruned'),
      *(space_lib.number(values.get(key, '')) for key in space),
    ]
    lines.append(_row(cells))
  states = [t.state for t in study.get_trials(deepcopy=False)]
  counts = ', '.join(
    f'{states.count(state)} {word}'
    for state, word in (
      (TrialState.COMPLETE, 'done'),
      (TrialState.PRUNED, 'pruned or failed'),
      (TrialState.RUNNING, 'running'),
      (TrialState.WAITING, 'waiting'),
      (TrialState.FAIL, 'stopped and restarted under another number'),
    )
    if states.count(state)
  )
  head = f'{objective.metric}, to {objective.direction}: '
  return '\n'.join([f'{head}{counts or "no trials yet"}.', '', *lines, ''])


def config_file(
  trial: FrozenTrial, facts: Mapping[str, Any], folder: pathlib.Path
) -> str:
  """Formats a config file that applies the values of a trial.

  Args:
    trial: a complete trial.
    facts: contents of search.json; the new file imports the base config file.
    folder: the workdir, for the command in the docstring of the file.
  """
  imports, call, variant = _import_base(facts['file'])
  space = space_lib.from_plain(facts['space'])
  params = study_lib.config_values(space, trial.params)
  config = flatten(to_dict(space_lib.make_config(facts['config'], params)))
  base = files.read(str(files.ROOT / facts['file']))
  from_config_dict(base)  # Raises if the file has become invalid.
  old = flatten(base.to_dict())
  changed = '\n'.join(
    f'  config.{key} = {space_lib.as_tuple(config[key])!r}'
    for key, value in flatten(replace(facts['config'], params)).items()
    if value != old.get(key)
  )
  metric = facts['goal']['metric']
  head = f'Trial {trial.number} of a search: {metric} {trial.value:.6g}.'
  path = folder / 'report' / 'best.py'
  command = f'python -m jaxgan.main --config={path} --workdir=W'
  return f'''"""{head}

  {command}
"""

{imports}


def get_config(variant={variant!r}):
  config = {call}(variant)
{changed}
  return config
'''


def _import_base(file: str) -> tuple[str, str, str]:
  """Returns import lines, function name and variant of a config file."""
  whole, variant = files.find(str(files.ROOT / file))
  configs = files.ROOT / 'configs'
  if not whole.is_relative_to(configs):
    lines = f'import runpy\n\nbase = runpy.run_path({str(whole)!r})'
    return lines, "base['get_config']", variant
  *packages, name = whole.relative_to(files.ROOT).with_suffix('').parts
  lines = f'from {".".join(packages)} import {name} as base'
  return lines, 'base.get_config', variant


def _folder(trial: FrozenTrial) -> str:
  """Returns the folder of the run; empty if it was trained in a group."""
  attrs = trial.user_attrs
  single = 'folder' in attrs and not attrs.get('group', False)
  return f'trials/{attrs["folder"]}' if single else ''


def _row(cells: Sequence[Any]) -> str:
  return '| ' + ' | '.join(str(x).replace('|', '/') for x in cells) + ' |'
