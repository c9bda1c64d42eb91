"""What a search may change: a range or choices for each config key.

A space file returns plain values from `get_space()`:

  'optim.gen.lr': {'low': 1e-5, 'high': 1e-1, 'log': True},
  'train.critic_steps': {'low': 1, 'high': 5, 'int': True},
  'net.gen_widths': {'choices': ((64, 64), (128, 128))},

A range may say `num`, how many of its values a grid takes.
"""

import copy
import dataclasses
import itertools
import json
import math
import pathlib
import runpy
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgan.config import Config, flatten, from_config_dict, pick, to_dict
from jaxgan.gan import step as step_lib

Values = Mapping[str, Any]  # Nested config values, as in a config file.
Params = Mapping[str, Any]  # Config key -> what a trial sets it to.

_KEYS = ('low', 'high', 'log', 'int', 'num', 'choices')
# They say how a run is measured and kept; trials would not compare.
_FIXED = ('checkpoint', 'eval', 'log')


@dataclasses.dataclass(frozen=True)
class Axis:
  """One searched key.

  Attributes:
    low, high: ends of a range, both possible.
    log: whether the range is even in the logarithm.
    whole: whether only whole numbers are meant.
    num: values of a grid; 0 for all whole numbers.
    choices: instead of a range.
  """

  low: float = 0.0
  high: float = 0.0
  log: bool = False
  whole: bool = False
  num: int = 0
  choices: tuple[Any, ...] = ()

  def holds(self, value: Any) -> bool:
    """Whether a value lies on the axis."""
    if self.choices:
      return label(value) in map(label, self.choices)
    return self.low <= value <= self.high

  def grid(self) -> list[Any]:
    """The values that a grid takes, lowest first."""
    if self.choices:
      return list(self.choices)
    if self.whole and not self.num:
      return list(range(int(self.low), int(self.high) + 1))
    space = np.geomspace if self.log else np.linspace
    values = [float(x) for x in space(self.low, self.high, self.num)]
    return sorted({round(x) for x in values}) if self.whole else values


Space = Mapping[str, Axis]


def read(path: str) -> Values:
  """What a space file says.

  Args:
    path: of a Python file with `get_space()`.

  Raises:
    ValueError: it cannot be run, or has no `get_space`.
  """
  try:
    found = runpy.run_path(path)
  except (OSError, SyntaxError, NameError, ImportError) as error:
    raise ValueError(f'--space cannot be read ({error}).') from error
  if 'get_space' not in found:
    raise ValueError(f'{path} has no get_space(); a space file must have one.')
  return found['get_space']()


def parse(values: Values, base: Values) -> Space:
  """Checks a space against the configuration that its trials start from.

  Args:
    values: config key -> as in the docstring above.
    base: nested config values.

  Raises:
    ValueError: an unknown key, a value of another type than the key's or out
      of its range, or ends that are none; one sentence.
  """
  known = flatten(to_dict(from_config_dict(base)))
  if not isinstance(values, Mapping) or not values:
    raise ValueError('The space is empty; it must name at least one key.')
  space = {}
  for key, axis in values.items():
    if key not in known:
      raise ValueError(
        f'Unknown config key {key} in the space; configs/default.py lists the '
        'keys.'
      )
    if key.split('.')[0] in _FIXED:
      raise ValueError(
        f'{key} in the space says how a run is measured or kept; set it in the '
        'config, the same for all trials.'
      )
    space[key] = _axis(key, axis, known[key])
    for value in space[key].choices or (space[key].low, space[key].high):
      # One key at a time; which pairs exclude each other, trials find out.
      config_of(base, {key: value})
  return space


def applied(base: Values, params: Params) -> dict[str, Any]:
  """The nested values of a trial."""
  nested = copy.deepcopy(dict(base))
  for key, value in params.items():
    *sections, name = key.split('.')
    section = nested
    for part in sections:
      section = section.setdefault(part, {})
    section[name] = value
  return nested


def config_of(base: Values, params: Params) -> Config:
  """The configuration of a trial.

  Raises:
    ValueError: the values exclude each other, or one is none.
  """
  config = from_config_dict(applied(base, params))
  step_lib.check_names(config)
  return config


def first(space: Space, base: Values) -> list[Params]:
  """The config's own values; nothing where the space has no place for them."""
  known = flatten(to_dict(from_config_dict(base)))
  inside = all(axis.holds(known[key]) for key, axis in space.items())
  return [{key: label(known[key]) for key in space}] if inside else []


def grid(space: Space) -> list[Params]:
  """Every combination, the last key's value changing fastest, as labels.

  Raises:
    ValueError: a range of real numbers without `num`.
  """
  for key, axis in space.items():
    if not (axis.choices or axis.whole or axis.num):
      raise ValueError(
        f'{key} in the space is a range of real numbers; a grid needs choices, '
        "or 'num' for how many of them."
      )
  rows = itertools.product(*(axis.grid() for axis in space.values()))
  return [dict(zip(space, map(label, row), strict=True)) for row in rows]


def label(value: Any) -> Any:
  """A choice as storages can hold it: a tuple is the text of a list."""
  return json.dumps(value) if isinstance(value, list | tuple) else value


def to_plain(space: Space) -> dict[str, Any]:
  """Plain values, fit for JSON."""
  return {key: dataclasses.asdict(axis) for key, axis in space.items()}


def from_plain(values: Mapping[str, Any]) -> Space:
  """What `to_plain` gave, after JSON made lists of tuples."""
  return {
    key: Axis(**{**axis, 'choices': tuple(map(_tuples, axis['choices']))})
    for key, axis in values.items()
  }


def _axis(key: str, values: Any, now: Any) -> Axis:
  """One axis, checked by itself; `now` is the key's value in the config."""
  if not isinstance(values, Mapping):
    raise ValueError(
      f"{key} in the space is {values!r}; it must be {{'low': .., 'high': ..}} "
      "or {'choices': (..)}."
    )
  for name in values:
    pick(f'{key} in the space has a key that', name, dict.fromkeys(_KEYS))
  if 'choices' in values:
    return _choices(key, values)
  for name in ('low', 'high'):
    if name not in values:
      raise ValueError(f'{key} in the space has no {name}; it must have one.')
  fields = {str(k): v for k, v in values.items() if k != 'int'}
  axis = Axis(**fields, whole=values.get('int', False))
  _check_range(key, axis)
  if type(now) not in (int, float):
    raise ValueError(
      f'{key} is {now!r} in the config and has no range; give choices.'
    )
  if type(now) is int and not axis.whole:
    raise ValueError(
      f"{key} in the space is a whole number; say 'int': True in its range."
    )
  return axis


def _choices(key: str, values: Mapping[str, Any]) -> Axis:
  choices = values['choices']
  if len(values) > 1:
    raise ValueError(
      f'{key} in the space has choices and {sorted({*values} - {"choices"})}; '
      'it must have choices alone or a range.'
    )
  if not isinstance(choices, list | tuple) or not choices:
    raise ValueError(
      f'choices of {key} in the space is {choices!r}; it must be a tuple of at '
      'least one value.'
    )
  if len({str(label(x)) for x in choices}) < len(choices):
    raise ValueError(f'choices of {key} in the space holds a value twice.')
  return Axis(choices=tuple(choices))


def _check_range(key: str, axis: Axis) -> None:
  what = f'{key} in the space'
  for name, value in (('low', axis.low), ('high', axis.high)):
    if type(value) not in (int, float) or not math.isfinite(value):
      raise ValueError(f'{name} of {what} is {value!r}; it must be a number.')
    if axis.whole and type(value) is not int:
      raise ValueError(f'{name} of {what} is {value!r}; it must be whole.')
  if not axis.low < axis.high:
    raise ValueError(
      f'low of {what} is {axis.low:g} and high is {axis.high:g}; low must be '
      'less.'
    )
  for name, flag in (('log', axis.log), ('int', axis.whole)):
    if type(flag) is not bool:
      raise ValueError(f'{name} of {what} is {flag!r}; it must be a bool.')
  if axis.log and axis.low <= 0:
    raise ValueError(
      f'low of {what} is {axis.low:g}; a logarithmic range must be above 0.'
    )
  if type(axis.num) is not int or axis.num < 0 or axis.num == 1:
    raise ValueError(
      f'num of {what} is {axis.num!r}; it must be a number of at least 2.'
    )


def _tuples(value: Any) -> Any:
  return tuple(value) if isinstance(value, list) else value


def shown(path: str) -> str:
  """A file by its place in the checkout, or whole where it is elsewhere."""
  root = pathlib.Path(__file__).parents[2]
  whole = pathlib.Path(path).resolve()
  return str(whole.relative_to(root) if whole.is_relative_to(root) else whole)
