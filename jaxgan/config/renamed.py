"""Keys of older versions, which old config files and workdirs may have."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple


class New(NamedTuple):
  """What replaces an old key.

  Attributes:
    key: the new key.
    values: old value -> new value.
    default: of the new key.
  """

  key: str
  values: Mapping[str, str]
  default: str


RENAMED: Mapping[str, New] = {
  'net.compute_dtype': New(
    'train.precision', {'float32': 'float32', 'bfloat16': 'bf16'}, 'float32'
  )
}


def upgrade(
  values: Mapping[str, Any], given: Collection[str] = ()
) -> dict[str, Any]:
  """Replaces old keys of nested values by the new ones.

  Args:
    values: nested values; of an old key, None stands for a missing one.
    given: dotted keys that the user gave beside a file; a new key among them
      replaces the old one of the file.

  Raises:
    ValueError: an unknown value of an old key, or another value of the new one
      beside it.
  """
  for old, new in RENAMED.items():
    value = _get(values, old)
    values = _without(values, old)
    if value is None or (new.key in given and old not in given):
      continue
    if value not in new.values:
      raise ValueError(
        f'{old} is {value!r}; it is the old name of {new.key} and must be one '
        f'of {", ".join(new.values)}.'
      )
    present = _get(values, new.key)
    if present not in (None, new.default, new.values[value]):
      raise ValueError(
        f'{old} is {value!r} and {new.key} is {present!r}; the first is the '
        'old name of the second, so leave it out.'
      )
    section, _, name = new.key.partition('.')
    inside = {**dict(values.get(section) or {}), name: new.values[value]}
    values = {**values, section: inside}
  return dict(values)


def _get(values: Mapping[str, Any], key: str) -> Any:
  section, _, name = key.partition('.')
  inside: Any = values.get(section)
  return inside.get(name) if hasattr(inside, 'get') else None


def _without(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
  section, _, name = key.partition('.')
  inside: Any = values.get(section)
  if not hasattr(inside, 'items') or name not in inside:
    return values
  return {**values, section: {k: v for k, v in inside.items() if k != name}}
