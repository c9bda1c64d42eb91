"""From a mapping of keys to a frozen configuration, checked in one place.

`from_config_dict` is the only validation: a misspelt key, a value of the wrong
type or out of range, or a contradiction between two keys raises a ValueError
of one sentence before any work is done. Names that stand for code (a net, a
point law, a controller, ...) are looked up by `pick` where their table is.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from jaxgan.config.schema import PRESETS, Config, Data

T = TypeVar('T')

_FACES = ('celeba', 'celeb_a')  # The data sets whose attributes are known.
_MOST_ATTRIBUTES = 5  # 32 classes; of more, many would hold hardly a face.


def pick(key: str, name: str, table: Mapping[str, T]) -> T:
  """The entry of `table` that the config key `key` names.

  Raises:
    ValueError: the table has no such name; the sentence lists those it has.
  """
  if name not in table:
    raise ValueError(f'{key} is {name!r}; it must be one of {_list(table)}.')
  return table[name]


def from_config_dict(values: Mapping[str, Any]) -> Config:
  """Checks a nested mapping (a ConfigDict, parsed JSON) and freezes it.

  Args:
    values: keys as in `configs/default.py`; one that is missing or None takes
      its default, under `penalty` that of the preset.

  Returns:
    The configuration, complete: no value in it stands for another.

  Raises:
    ValueError: unknown key, wrong type, value out of range, or two keys that
      exclude each other; one sentence.
  """
  values = dict(values.items())
  penalty = dict(values.get('penalty', {}).items())
  preset = pick('penalty.preset', penalty.get('preset', 'iterative'), PRESETS)
  given = {key: v for key, v in penalty.items() if v is not None}
  config = _build(Config, '', {**values, 'penalty': {**preset, **given}})
  _check_together(config)
  return config


def to_dict(config: Config) -> dict[str, Any]:
  """The nested plain values of a configuration, fit for JSON."""
  return dataclasses.asdict(config)


def flatten(values: Mapping[str, Any], prefix: str = '') -> dict[str, Any]:
  """Nested values as {'optim.gen.lr': 1e-4, ...}; tuples become lists."""
  flat: dict[str, Any] = {}
  for key, value in values.items():
    if hasattr(value, 'items'):  # A ConfigDict is no Mapping.
      flat |= flatten(value, f'{prefix}{key}.')
    else:
      flat[prefix + key] = list(value) if isinstance(value, tuple) else value
  return flat


def _build(kind: type[T], prefix: str, values: Mapping[str, Any]) -> T:
  fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
  unknown = sorted(set(values) - set(fields))
  if unknown:
    raise ValueError(
      f'Unknown config key {prefix + unknown[0]}; the keys there are '
      f'{_list(fields)}.'
    )
  checked = {}
  for name, value in values.items():
    if value is not None:
      checked[name] = _check(prefix + name, fields[name], value)
  return kind(**checked)


def _check(key: str, field: Any, value: Any) -> Any:
  if dataclasses.is_dataclass(field.default):
    if not hasattr(value, 'items'):
      raise ValueError(f'{key} is {value!r}; it must hold keys of its own.')
    return _build(type(field.default), f'{key}.', dict(value.items()))
  value = _coerce(key, field, value)
  if 'choices' in field.metadata:
    pick(key, value, dict.fromkeys(field.metadata['choices']))
  if 'range' in field.metadata:
    low, high = field.metadata['range']
    for x in value if isinstance(value, tuple) else (value,):
      if not low <= x <= high:
        raise ValueError(f'{key} is {x:g}; it must be in [{low:g}, {high:g}].')
  return value


def _coerce(key: str, field: Any, value: Any) -> Any:
  """The value in the type of its default: int to float, list to tuple."""
  default = field.default
  kind = type(default)
  if kind is float and type(value) is int:
    return float(value)
  if kind is tuple:
    # What is empty by default holds names, if it does not say otherwise.
    item = field.metadata.get('item', int if default else str)
    whole = isinstance(value, list | tuple) and (value or not default)
    if not whole or any(type(x) is not item for x in value):
      raise ValueError(
        f'{key} is {value!r}; it must be a tuple of {item.__name__}.'
      )
    return tuple(value)
  if type(value) is not kind:
    raise ValueError(f'{key} is {value!r}; it must be of type {kind.__name__}.')
  return value


def _check_together(config: Config) -> None:
  penalty = config.penalty
  if config.net.critic_norm == 'batch' and penalty.weight > 0:
    raise ValueError(
      'net.critic_norm is batch and penalty.weight is above 0; batch norm '
      'mixes the examples whose slopes are penalised one by one, so use layer '
      'or none.'
    )
  if penalty.target_law == 'ratio' and penalty.sides != 'one':
    raise ValueError(
      'penalty.target_law is ratio and penalty.sides is two; an annealed '
      'target must be one-sided, so set penalty.sides to one.'
    )
  if (penalty.controller == 'replay') != bool(penalty.replay):
    raise ValueError(
      f'penalty.controller is {penalty.controller} and penalty.replay is '
      f'{penalty.replay!r}; replay needs the metrics.jsonl of a run, and '
      'nothing else takes one.'
    )
  if config.train.gen_batch_size == 1:
    raise ValueError(
      'train.gen_batch_size is 1, and one fake has no diversity; it must be 0 '
      'for train.batch_size, or at least 2.'
    )
  growth = config.train.batch_doubles_at
  if list(growth) != sorted(set(growth)):
    raise ValueError(
      f'train.batch_doubles_at is {growth}; each step must be later than the '
      'one before.'
    )
  best, every = config.checkpoint.best_metric, config.eval.every_steps
  if best in config.eval.metrics and config.checkpoint.every_steps % every:
    raise ValueError(
      f'checkpoint.best_metric is {best}, which is measured every {every} '
      f'steps, and checkpoint.every_steps is {config.checkpoint.every_steps}; '
      'it must be a multiple of eval.every_steps.'
    )
  if config.data.image_width and not config.data.image_size:
    raise ValueError(
      f'data.image_width is {config.data.image_width} and data.image_size is '
      '0; a width needs a height beside it.'
    )
  _check_attributes(config.data)
  _check_net(config)


def _check_attributes(data: Data) -> None:
  asked = data.attributes
  if asked and data.name not in _FACES:
    raise ValueError(
      f'data.attributes is {asked} and data.name is {data.name}; attributes '
      f'are of {_list(_FACES)} alone.'
    )
  if len(asked) > _MOST_ATTRIBUTES or len(set(asked)) < len(asked):
    raise ValueError(
      f'data.attributes is {asked}; it must be at most {_MOST_ATTRIBUTES} '
      'names, each once, since n of them make 2**n classes.'
    )


def _list(names: Any) -> str:
  return ', '.join(sorted(names))


def _check_net(config: Config) -> None:
  net, train = config.net, config.train
  group = net.minibatch_group if net.name == 'stylegan' else 1
  for key in ('batch_size', 'gen_batch_size'):
    if getattr(train, key) % group:
      raise ValueError(
        f'train.{key} is {getattr(train, key)} and net.minibatch_group is '
        f'{group}; it must be a multiple of it.'
      )
  if net.name == 'multiscale' and config.regularisers.augment:
    raise ValueError(
      f'regularisers.augment is {", ".join(config.regularisers.augment)} and '
      'net.name is multiscale, whose images of several sizes cannot be changed '
      'alike; it must be empty.'
    )
