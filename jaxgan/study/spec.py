"""What a study compares: tasks (data), arms (changes of a run) and seeds.

A study file in configs/studies returns the values; `parse` checks them, once,
down to every run's own configuration. Arms of one seed share the initial
weights, the order of the data, latents and uniforms.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jaxgan.config import Config, from_config_dict, pick
from jaxgan.gan import step as step_lib
from jaxgan.metrics import protocol

Changes = Mapping[str, Any]  # Nested config values.


@dataclasses.dataclass(frozen=True)
class Task:
  """One data set and what is asked of a generator there.

  Attributes:
    name: in the results.
    metrics: names as in docs/metrics.md, measured at each point of the grid.
    metric: one of them, by which arms are compared; the lowest is best.
    target: the value of `metric` that counts as fitted, fixed beforehand; 0
      for what the tuned baseline reaches after half of its steps, in the
      median over the tuning seeds.
    real: so many real examples are the reference, an equal share of each
      class, and as many others the floor; 0 for those that `eval` names.
    changes: config values of this task, under those of the arms.
  """

  name: str
  metrics: tuple[str, ...]
  metric: str
  target: float = 0.0
  real: int = 0
  changes: Changes = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Arm:
  """One way of training.

  Attributes:
    name: in the results.
    family: arms of one family are one way of training under several settings;
      the name where it is left empty.
    changes: config values of this arm.
    by_task: task -> further values.
    tunes: it is run on the tuning seeds instead of the seeds of the test.
    tuned: the family of tuning arms whose best one, on each task, gives this
      arm its penalty.weight; empty for none.
    scale: what a tuned weight is multiplied with.
    replays: the arm whose recorded ratio and weight, on the first tuning seed,
      are replayed; empty for none.
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
  """Runs that share one program: a task, an arm, and some of the seeds."""

  task: Task
  arm: Arm
  seeds: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class Study:
  """A whole comparison.

  Attributes:
    name: of the study.
    base: config values that all runs start from.
    tasks, arms: as above.
    baseline: the arm that all others are compared with.
    again: the same arm under another name: a control of the harness.
    tuning_seeds: for the arms that tune, apart from `seeds`.
    seeds: for all other arms.
    every_steps: distance of two measurements, in generator steps.
    stay: so many measurements in a row must reach the target.
    block: most seeds in one program, and what a crash can lose.
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
    """The arm of a name; KeyError where there is none."""
    return {arm.name: arm for arm in self.arms}[name]

  def steps(self, task: Task) -> int:
    """Length of the task's runs, in generator steps."""
    return self.config(task, self.arms[0]).train.steps

  def grid(self, task: Task) -> tuple[int, ...]:
    """After which steps a generator is measured: 0, ..., the last."""
    last = self.steps(task)
    return (*range(0, last, self.every_steps), last)

  def config(self, task: Task, arm: Arm, replay: str = '') -> Config:
    """The configuration of a run, with the seed of the base.

    Args:
      task: its data.
      arm: its way of training.
      replay: the recorded curve, where the arm replays one.

    Raises:
      ValueError: as `config.from_config_dict`.
    """
    values = _plain(self.base)
    own = arm.by_task.get(task.name, {})
    for changes in (task.changes, arm.changes, own):
      values = _merged(values, changes)
    if replay:
      replayed = {'controller': 'replay', 'replay': replay}
      values = _merged(values, {'penalty': replayed})
    return from_config_dict(values)

  def blocks(self, *, tuning: bool) -> Iterator[Block]:
    """All runs that tune, or all of the test, task by task."""
    seeds = self.tuning_seeds if tuning else self.seeds
    for task in self.tasks:
      for arm in self.arms:
        if arm.tunes == tuning:
          for start in range(0, len(seeds), self.block):
            yield Block(task, arm, seeds[start : start + self.block])


def parse(values: Mapping[str, Any]) -> Study:
  """Checks the values of a study file and freezes them.

  Args:
    values: keys as the attributes of `Study`; tasks and arms are sequences of
      mappings.

  Raises:
    ValueError: an unknown key, a name that nothing answers to, seeds that are
      used twice, or a run whose configuration is refused; one sentence.
  """
  values = _plain(values)
  study = _build(
    Study,
    'The study',
    {
      **values,
      'tasks': tuple(_task(x) for x in values.get('tasks', ())),
      'arms': tuple(_build(Arm, 'An arm', x) for x in values.get('arms', ())),
      'seeds': tuple(values.get('seeds', ())),
      'tuning_seeds': tuple(values.get('tuning_seeds', ())),
    },
  )
  _check_names(study)
  _check_seeds(study)
  for task in study.tasks:
    _check_task(study, task)
    for arm in study.arms:
      _check_run(study, task, arm)
  return study


def to_dict(study: Study) -> dict[str, Any]:
  """The plain values of a study, fit for JSON."""
  return dataclasses.asdict(study)


def _task(values: Changes) -> Task:
  task = _build(Task, 'A task', values)
  return dataclasses.replace(task, metrics=tuple(task.metrics))


def _build(kind: type, what: str, values: Changes) -> Any:
  fields = dataclasses.fields(kind)
  known = {field.name: field for field in fields}
  for key in values:
    pick(f'{what} has a key that', key, known)
  for name, field in known.items():
    optional = (
      field.default is not dataclasses.MISSING
      or field.default_factory is not dataclasses.MISSING
    )
    if name not in values and not optional:
      raise ValueError(f'{what} has no {name}; it must have one.')
  return kind(**values)


def _check_names(study: Study) -> None:
  for what, items in (('task', study.tasks), ('arm', study.arms)):
    names: list[str] = [item.name for item in items]
    if not names or len(set(names)) < len(names):
      raise ValueError(
        f'The study {study.name} has the {what}s {names}; there must be at '
        'least one, and no name twice.'
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
      f'tuning_seeds {list(study.tuning_seeds)}; there must be seeds, and none '
      'twice.'
    )
  needs = [arm.name for arm in study.arms if arm.tunes or arm.replays]
  if needs and not study.tuning_seeds:
    raise ValueError(
      f'tuning_seeds is empty and {needs[0]} needs one; give at least one.'
    )


def _check_task(study: Study, task: Task) -> None:
  for name in task.metrics:
    protocol.parse(name)
  pick(f'metric of {task.name}', task.metric, dict.fromkeys(task.metrics))
  kind = protocol.parse(task.metric).kind
  if kind.better != 'low' or kind.signed:
    raise ValueError(
      f'metric of {task.name} is {task.metric}; it must be one that is above 0 '
      'and of which less is better, such as w1_1k_pixels.'
    )
  if task.target <= 0 and not study.arm(study.baseline).tuned:
    raise ValueError(
      f'target of {task.name} is {task.target:g} and the baseline is not '
      'tuned; give a target above 0.'
    )
  if min(study.every_steps, study.stay, study.block) < 1:
    raise ValueError(
      f'every_steps is {study.every_steps}, stay is {study.stay} and block is '
      f'{study.block}; each must be at least 1.'
    )


def _check_run(study: Study, task: Task, arm: Arm) -> None:
  try:
    config = study.config(task, arm)
    step_lib.check_names(config)
  except ValueError as error:
    raise ValueError(f'Arm {arm.name} on {task.name}: {error}') from error
  if config.train.steps != study.steps(task):
    raise ValueError(
      f'Arm {arm.name} on {task.name} takes {config.train.steps} steps and '
      f'others take {study.steps(task)}; all arms of a task must be as long.'
    )


def _merged(values: Changes, changes: Changes) -> dict[str, Any]:
  """Nested values with changes laid over them."""
  merged = dict(values)
  for key, value in changes.items():
    nested = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
    merged[key] = _merged(merged[key], value) if nested else value
  return merged


def _plain(values: Any) -> Any:
  """ConfigDicts as dicts, all the way down."""
  if hasattr(values, 'items'):
    return {key: _plain(value) for key, value in values.items()}
  if isinstance(values, Sequence) and not isinstance(values, str):
    return tuple(_plain(value) for value in values)
  return values
