"""Defines a study: tasks (data sets), arms (config changes) and seeds.

A study file in configs/studies returns the values, and `parse` checks them
once, down to the config of every run. Runs with the same seed share initial
weights, data order, latents and uniform numbers.
"""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jaxgan.config import (
  PRESETS,
  Config,
  flatten,
  from_config_dict,
  pick,
  replace,
)
from jaxgan.metrics import protocol

Changes = Mapping[str, Any]  # Nested config values.


@dataclasses.dataclass(frozen=True)
class Task:
  """One data set, the metrics of its generators, and their target.

  Attributes:
    name: in the results.
    metrics: names as in docs/metrics.md, measured at each step of the grid.
    metric: the one that compares arms; lower is better.
    target: upper limit of `metric` at which a run counts as fitted; 0 takes
      the tuned baseline's median over the tuning seeds after half its steps.
    real: number of real examples in the reference, balanced over classes; the
      floor takes as many others. 0 takes the splits that `eval` names.
    changes: config values of this task; an arm's values override them.
  """

  name: str
  metrics: tuple[str, ...]
  metric: str
  target: float = 0.0
  real: int = 0
  changes: Changes = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Arm:
  """One training method under one setting.

  Attributes:
    name: in the results.
    family: name shared by the settings of one method; empty for a family of
      its own.
    changes: config values of this arm. A penalty.preset here also takes back
      those keys of the base and the task that it defines.
    by_task: task -> further values.
    tunes: whether it runs on the tuning seeds instead of the test seeds.
    tuned: family of tuning arms; the best of them on each task gives this arm
      its penalty.weight and all values in which the family's arms differ. Empty
      for none.
    scale: factor on the tuned weight.
    replays: arm whose ratio and weight, recorded on the first tuning seed, this
      arm replays; empty for none.
  """

  name: str
  family: str = ''
  changes: Changes = dataclasses.field(default_factory=dict)
  by_task: Mapping[str, Changes] = dataclasses.field(default_factory=dict)
  tunes: bool = False
  tuned: str = ''
  scale: float = 1.0
  replays: str = ''


class Block(NamedTuple):
  """Runs of one task and one arm, trained in one vmapped program."""

  task: Task
  arm: Arm
  seeds: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Study:
  """All tasks, arms and seeds of a comparison.

  Attributes:
    name: in the results.
    base: config values that all runs start from.
    tasks, arms: as above.
    baseline: name of the arm that all others are compared with.
    again: name of its copy for the A/A control; the baseline's name for none.
    tuning_seeds: of the tuning arms; disjoint from `seeds`.
    seeds: test seeds, of all other arms.
    every_steps: generator steps between measurements.
    stay: number of measurements in a row that must be at the target.
    block: maximal number of seeds in one program; a crash loses one block.
  """

  name: str
  base: Changes
  tasks: tuple[Task, ...]
  arms: tuple[Arm, ...]
  baseline: str
  again: str
  tuning_seeds: tuple[int, ...]
  seeds: tuple[int, ...]
  every_steps: int
  stay: int = 3
  block: int = 4

  def arm(self, name: str) -> Arm:
    """Returns the arm with this name; KeyError if there is none."""
    return {arm.name: arm for arm in self.arms}[name]

  def steps(self, task: Task) -> int:
    """Returns the length of the task's runs, in generator steps."""
    return self.config(task, self.arms[0]).train.steps

  def grid(self, task: Task) -> tuple[int, ...]:
    """Returns the steps after which a generator is measured: 0, ..., last."""
    last = self.steps(task)
    return (*range(0, last, self.every_steps), last)

  def config(self, task: Task, arm: Arm, replay: str = '') -> Config:
    """Returns the config of an arm's runs on a task, with the base's seed.

    Args:
      task: one of the study.
      arm: one of the study.
      replay: path of the recorded curve, if the arm replays one.

    Raises:
      ValueError: as `config.from_config_dict`.
    """
    values = self.base
    own = arm.by_task.get(task.name, {})
    for changes in (task.changes, arm.changes, own):
      given = flatten(changes)
      # None takes the preset's value. A key beside the preset wins.
      defined = PRESETS.get(given.get('penalty.preset', ''), {})
      values = replace(values, {f'penalty.{key}': None for key in defined})
      values = replace(values, given)
    if replay:
      replayed = {'penalty.controller': 'replay', 'penalty.replay': replay}
      values = replace(values, replayed)
    return from_config_dict(values)

  def blocks(self, *, tuning: bool) -> Iterator[Block]:
    """Yields the blocks of the tuning arms or of the test, task by task."""
    seeds = self.tuning_seeds if tuning else self.seeds
    for task in self.tasks:
      for arm in self.arms:
        if arm.tunes == tuning:
          for start in range(0, len(seeds), self.block):
            yield Block(task, arm, seeds[start : start + self.block])


def parse(values: Mapping[str, Any]) -> Study:
  """Checks the values of a study file and returns the study.

  Args:
    values: attribute of `Study` -> value; tasks and arms are sequences of
      mappings.

  Raises:
    ValueError: an unknown or missing key, an unknown name, a repeated seed, or
      a run with an invalid config.
  """
  values = dict(_plain(values))
  for key, kind, name in (('tasks', Task, 'A task'), ('arms', Arm, 'An arm')):
    values[key] = tuple(_build(kind, name, x) for x in values.get(key, ()))
  study = _build(Study, 'The study', values)
  _check_names(study)
  _check_seeds(study)
  for task in study.tasks:
    _check_task(study, task)
    for arm in study.arms:
      _check_run(study, task, arm)
  return study


def _build(kind: type, name: str, values: Changes) -> Any:
  """Returns an instance of a dataclass; checks the names of the values."""
  fields = inspect.signature(kind).parameters
  for key in values:
    pick(f'{name} has a key that', key, fields)
  for key, field in fields.items():
    if field.default is field.empty and key not in values:
      raise ValueError(f'{name} has no {key}; it must have one.')
  return kind(**values)


def _check_names(study: Study) -> None:
  for kind, items in (('task', study.tasks), ('arm', study.arms)):
    names: list[str] = [item.name for item in items]
    if not names or len(set(names)) < len(names):
      raise ValueError(
        f'The study {study.name} has the {kind}s {names}; there must be at '
        'least one, with different names.'
      )
  arms = {arm.name: arm for arm in study.arms}
  tasks = {task.name: task for task in study.tasks}
  pick('baseline', study.baseline, arms)
  pick('again', study.again, arms)
  families = {arm.family: arm for arm in study.arms if arm.tunes}
  for arm in study.arms:
    if arm.tuned:
      pick(f'tuned of arm {arm.name}', arm.tuned, families)
    if arm.replays:
      pick(f'replays of arm {arm.name}', arm.replays, arms)
    for task in arm.by_task:
      pick(f'by_task of arm {arm.name}', task, tasks)


def _check_seeds(study: Study) -> None:
  seeds = (*study.tuning_seeds, *study.seeds)
  if not study.seeds or len(set(seeds)) < len(seeds):
    raise ValueError(
      f'The study {study.name} has the seeds {list(study.seeds)} and '
      f'tuning_seeds {list(study.tuning_seeds)}; there must be at least one '
      'seed, and no seed twice.'
    )
  needs = [arm.name for arm in study.arms if arm.tunes or arm.replays]
  if needs and not study.tuning_seeds:
    raise ValueError(
      f'tuning_seeds is empty; arm {needs[0]} needs at least one.'
    )


def _check_task(study: Study, task: Task) -> None:
  for name in task.metrics:
    protocol.parse(name)
  pick(f'metric of {task.name}', task.metric, dict.fromkeys(task.metrics))
  kind = protocol.parse(task.metric).kind
  if kind.better != 'low' or kind.signed:
    raise ValueError(
      f'metric of {task.name} is {task.metric}; its values must be above 0 '
      'and better when lower, as those of w1_1k_pixels.'
    )
  if task.target <= 0 and not study.arm(study.baseline).tuned:
    raise ValueError(
      f'target of {task.name} is {task.target:g}; it must be above 0, since '
      'the baseline is not tuned.'
    )
  if min(study.every_steps, study.stay, study.block) < 1:
    raise ValueError(
      f'every_steps is {study.every_steps}, stay is {study.stay} and block is '
      f'{study.block}; each must be at least 1.'
    )


def _check_run(study: Study, task: Task, arm: Arm) -> None:
  try:
    config = study.config(task, arm)
  except ValueError as error:
    raise ValueError(f'Arm {arm.name} on {task.name}: {error}') from error
  if config.train.steps != study.steps(task):
    raise ValueError(
      f'Arm {arm.name} on {task.name} takes {config.train.steps} steps and '
      f'others take {study.steps(task)}; all arms of a task must take the same '
      'number of steps.'
    )


def _plain(values: Any) -> Any:
  """Converts nested ConfigDicts to dicts, and lists to tuples."""
  if hasattr(values, 'items'):
    return {key: _plain(value) for key, value in values.items()}
  if isinstance(values, Sequence) and not isinstance(values, str):
    return tuple(_plain(value) for value in values)
  return values
