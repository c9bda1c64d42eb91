"""Builds a checked, frozen `Config` from nested values."""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from jaxgan.config.presets import PRESETS
from jaxgan.config.renamed import upgrade
from jaxgan.config.schema.fields import range_text
from jaxgan.config.schema.objective import Penalty
from jaxgan.config.schema.run import Config
from jaxgan.config.validate import check

T = TypeVar('T')

# Names in papers and other libraries -> the last part of the key here.
_SYNONYMS = {
  'learning_rate': 'lr', 'beta1': 'b1', 'beta2': 'b2', 'ema': 'ema_decay',
  'n_critic': 'critic_steps', 'critic_iters': 'critic_steps',
  'lambda': 'weight', 'lambda_gp': 'weight', 'gp_weight': 'weight',
  'epochs': 'steps', 'iterations': 'steps', 'num_steps': 'steps',
  'batch': 'batch_size', 'latent_dim': 'latent_size', 'z_dim': 'latent_size',
  'dtype': 'precision',
}  # fmt: skip


def pick(key: str, name: str, table: Mapping[str, T]) -> T:
  """Returns the entry of `table` that the config key `key` names.

  Raises:
    ValueError: the table has no such name; the message lists its names.
  """
  if name not in table:
    raise ValueError(f'{key} is {name!r}; it must be one of {_list(table)}.')
  return table[name]


def from_config_dict(values: Mapping[str, Any]) -> Config:
  """Checks nested values, such as a ConfigDict or parsed JSON.

  Args:
    values: a key that is missing or None takes its default; in `penalty`, the
      value of the preset. Keys of older versions (`renamed`) are accepted.

  Raises:
    ValueError: an unknown key, a wrong type, a value out of range, or two keys
      that exclude each other.
  """
  config = _build(Config, '', upgrade(values))
  check(config)
  return config


def to_dict(config: Config) -> dict[str, Any]:
  """Returns the configuration as nested dicts that JSON can store."""
  return dataclasses.asdict(config)


def flatten(values: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
  """Flattens nested values to {'optim.gen.lr': 1e-4, ...}; tuples to lists."""
  flat: dict[str, Any] = {}
  for key, value in values.items():
    if hasattr(value, 'items'):  # A ConfigDict is no Mapping.
      flat |= flatten(value, f'{prefix}{key}.')
    else:
      flat[prefix + key] = list(value) if isinstance(value, tuple) else value
  return flat


def replace(
  values: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Any]:
  """Copies nested dicts with changes by dotted key: {'train.steps': 500}."""
  new = dict(values)
  for key, value in changes.items():
    name, _, rest = key.partition('.')
    new[name] = replace(new.get(name, {}), {rest: value}) if rest else value
  return new


def unknown_key(key: str, known: Iterable[str]) -> str:
  """Returns the error message for an unknown key, with similar known keys.

  Args:
    key: the dotted key, such as 'optim.gen.lrr'.
    known: all dotted keys.
  """
  known = sorted(known)
  children = [k for k in known if k.startswith(f'{key}.')]
  if children:
    return f'{key} is a section; name one of its keys, such as {children[0]}.'
  section, _, name = key.rpartition('.')
  inside = [k for k in known if k.startswith(f'{section}.')]
  start = f'{section}.' if inside else ''
  names = {k.removeprefix(start).split('.')[0] for k in inside or known}
  last = {k: k.rpartition('.')[2] for k in known}
  same = [k for k in known if last[k] in (name, _SYNONYMS.get(name))]
  similar = (
    [k for k in same if k.startswith(start)]
    or same
    or [start + n for n in difflib.get_close_matches(name, names)]
    or [k for k in known if difflib.get_close_matches(name, [last[k]], 1, 0.8)]
  )
  hint = f'did you mean {" or ".join(similar)}?'
  if not similar:
    hint = f'the keys there are {_list(names)}.'
  return f'Unknown config key {key}; {hint}'


def _build(kind: type[T], prefix: str, values: Mapping[str, Any]) -> T:
  fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
  for name in values:
    if name not in fields:
      raise ValueError(unknown_key(prefix + name, flatten(to_dict(Config()))))
  given = {name: value for name, value in values.items() if value is not None}
  if kind is Penalty:
    preset = pick('penalty.preset', given.get('preset', 'iterative'), PRESETS)
    given = {**preset, **given}
  return kind(**{k: _check(prefix + k, fields[k], v) for k, v in given.items()})


def _check(key: str, field: Any, value: Any) -> Any:
  """Converts a value to the type of its field; refuses an invalid value."""
  if dataclasses.is_dataclass(field.default):
    if not hasattr(value, 'items'):
      raise ValueError(f'{key} is {value!r}; it must be a mapping of keys.')
    return _build(type(field.default), f'{key}.', dict(value.items()))
  value = _coerce(key, field, value)
  for x in value if isinstance(value, tuple) else (value,):
    if 'choices' in field.metadata:
      pick(key, x, dict.fromkeys(field.metadata['choices']))
    if 'range' in field.metadata:
      low, high = field.metadata['range']
      if not low <= x <= high:
        allowed = range_text(low, high)
        raise ValueError(f'{key} is {x:.12g}; it must be {allowed}.')
  return value


def _coerce(key: str, field: Any, value: Any) -> Any:
  """Converts int to float and list to tuple; refuses other types."""
  default = field.default
  kind = type(default)
  if kind is float and type(value) is int:
    return float(value)
  if kind is tuple:
    item = int if 'range' in field.metadata else str
    # A tuple may be empty only if its default is.
    valid = isinstance(value, list | tuple) and (value or not default)
    if not valid or any(type(x) is not item for x in value):
      raise ValueError(
        f'{key} is {value!r}; it must be a tuple of {item.__name__}.'
      )
    return tuple(value)
  if type(value) is not kind:
    raise ValueError(f'{key} is {value!r}; it must be of type {kind.__name__}.')
  return value


def _list(names: Iterable[str]) -> str:
  return ', '.join(sorted(names))
