"""The search space: a range or a list of choices for each config key.

A space file returns plain values from `get_space()`:

  'optim.gen.lr': {'low': 1e-5, 'high': 1e-1, 'log': True},
  'train.critic_steps': {'low': 1, 'high': 5, 'int': True},
  'net.gen_widths': {'choices': ((64, 64), (128, 128))},

`num` in a range is the number of values that a grid takes from it.
"""

import dataclasses
import itertools
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgan.config import (
  Config,
  files,
  flatten,
  from_config_dict,
  pick,
  replace,
  to_dict,
  unknown_key,
)
from jaxgan.evaluation import names

Values = Mapping[str, Any]  # Nested config values, as in a config file.
Params = Mapping[str, Any]  # Config key -> its value in a trial.

_KEYS = ('low', 'high', 'log', 'int', 'num', 'choices')
# Sections that all trials must share, so that their values are comparable.
_FIXED = ('checkpoint', 'eval', 'log')


@dataclasses.dataclass(frozen=True)
class Domain:
  """The allowed values of one config key in a search.

  Attributes:
    low, high: ends of a range, both included.
    log: whether the range is uniform in the logarithm.
    whole: whether the values are integers.
    num: number of grid points in the range; 0 for every integer.
    choices: the allowed values, instead of a range.
  """

  low: float = 0.0
  high: float = 0.0
  log: bool = False
  whole: bool = False
  num: int = 0
  choices: tuple[Any, ...] = ()

  def contains(self, value: Any) -> bool:
    """Returns whether the domain contains a value."""
    if self.choices:
      return label(value) in map(label, self.choices)
    return self.low <= value <= self.high

  def grid(self) -> list[Any]:
    """Returns the grid points: all choices in order, or increasing values."""
    if self.choices:
      return list(self.choices)
    if self.whole and not self.num:
      return list(range(int(self.low), int(self.high) + 1))
    space = np.geomspace if self.log else np.linspace
    values = [float(x) for x in space(self.low, self.high, self.num)]
    return sorted({round(x) for x in values}) if self.whole else values


Space = Mapping[str, Domain]


def load(path: str) -> Values:
  """Runs a space file and returns the value of its `get_space()`.

  Args:
    path: of the file; or a name in configs/, such as 'search/digits'.

  Raises:
    ValueError: there is no such file, it cannot be run, or it does not define
      `get_space`.
  """
  try:
    return files.call(files.find(path)[0], 'get_space()')
  except ValueError as error:
    raise ValueError(f'--space: {error}') from error


def parse(values: Values, base: Values) -> Space:
  """Parses a space and checks it against the base configuration.

  Args:
    values: config key -> range or choices, as a space file returns them.
    base: nested config values that all trials start from.

  Raises:
    ValueError: a key is unknown, or its range or choices are malformed, of
      another type than the key, or outside the values the key allows.
  """
  known = flatten(to_dict(from_config_dict(base)))
  if not isinstance(values, Mapping) or not values:
    raise ValueError('The space is empty; it must name at least one key.')
  space = {}
  for key, domain in values.items():
    if key not in known:
      raise ValueError(f'The space: {unknown_key(key, known)}')
    if key.split('.')[0] in _FIXED:
      raise ValueError(
        f'{key} in the space defines how runs are measured or stored; set it '
        'in the config, so that all trials share it.'
      )
    space[key] = _parse_domain(key, domain, known[key])
    for value in space[key].choices or (space[key].low, space[key].high):
      # Raises for a bad value. Two incompatible values fail later, in a trial.
      make_config(base, {key: value})
  return space


def make_config(base: Values, params: Params) -> Config:
  """Returns the configuration of a trial.

  Raises:
    ValueError: a value is invalid, or two values are incompatible.
  """
  config = from_config_dict(replace(base, params))
  names.check(config)
  return config


def initial(space: Space, base: Values) -> list[Params]:
  """Returns the values of the config as the first trial, as labels.

  The list is empty if the space does not contain these values.
  """
  known = flatten(to_dict(from_config_dict(base)))
  inside = all(domain.contains(known[key]) for key, domain in space.items())
  return [{key: label(known[key]) for key in space}] if inside else []


def grid(space: Space) -> list[Params]:
  """Returns all combinations of grid points as labels; the last key is fastest.

  Raises:
    ValueError: a range of real numbers has no `num`.
  """
  for key, domain in space.items():
    if not (domain.choices or domain.whole or domain.num):
      raise ValueError(
        f'{key} in the space is a range of real numbers; a grid needs choices, '
        "or 'num', the number of grid points."
      )
  rows = itertools.product(*(domain.grid() for domain in space.values()))
  return [dict(zip(space, map(label, row), strict=True)) for row in rows]


def label(value: Any) -> Any:
  """Returns a value that a database can store: a tuple becomes JSON text."""
  return json.dumps(value) if isinstance(value, list | tuple) else value


def number(value: Any) -> str:
  """Formats a value as text; floats get four significant digits."""
  return f'{value:.4g}' if isinstance(value, float) else str(value)


def as_tuple(value: Any) -> Any:
  """Converts a list, which JSON makes of a tuple, to a tuple."""
  return tuple(value) if isinstance(value, list) else value


def to_plain(space: Space) -> dict[str, Any]:
  """Converts a space to values for JSON."""
  return {key: dataclasses.asdict(domain) for key, domain in space.items()}


def from_plain(values: Mapping[str, Any]) -> Space:
  """Reverses `to_plain`."""
  return {
    key: Domain(**domain | {'choices': tuple(map(as_tuple, domain['choices']))})
    for key, domain in values.items()
  }


def _parse_domain(key: str, values: Any, current: Any) -> Domain:
  """Parses the domain of a key; `current` is its value in the config."""
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
  domain = Domain(**fields, whole=values.get('int', False))
  _check_range(key, domain)
  if type(current) not in (int, float):
    raise ValueError(
      f'{key} is {current!r} in the config and cannot have a range; its entry '
      "in the space must have 'choices'."
    )
  if type(current) is int and not domain.whole:
    raise ValueError(
      f"{key} in the space is an integer; its range must have 'int': True."
    )
  return domain


def _choices(key: str, values: Mapping[str, Any]) -> Domain:
  choices = values['choices']
  if len(values) > 1:
    raise ValueError(
      f'{key} in the space has choices and {sorted({*values} - {"choices"})}; '
      'it must have either choices or a range.'
    )
  if not isinstance(choices, list | tuple) or not choices:
    raise ValueError(
      f'choices of {key} in the space is {choices!r}; it must be a tuple of at '
      'least one value.'
    )
  if len({str(label(x)) for x in choices}) < len(choices):
    raise ValueError(
      f'choices of {key} in the space repeats a value; each must occur once.'
    )
  return Domain(choices=tuple(choices))


def _check_range(key: str, domain: Domain) -> None:
  def refuse(name: str, value: Any, allowed: str) -> None:
    raise ValueError(
      f'{name} of {key} in the space is {value!r}; it must be {allowed}.'
    )

  for name, value in (('low', domain.low), ('high', domain.high)):
    if type(value) not in (int, float) or not math.isfinite(value):
      refuse(name, value, 'a number')
    if domain.whole and type(value) is not int:
      refuse(name, value, 'an integer')
  if not domain.low < domain.high:
    refuse('low', domain.low, f'less than high, which is {domain.high:g}')
  for name, flag in (('log', domain.log), ('int', domain.whole)):
    if type(flag) is not bool:
      refuse(name, flag, 'a bool')
  if domain.log and domain.low <= 0:
    refuse('low', domain.low, 'above 0 in a logarithmic range')
  if type(domain.num) is not int or domain.num < 0 or domain.num == 1:
    refuse('num', domain.num, 'an integer of at least 2')
