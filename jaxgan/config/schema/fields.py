"""Dataclass fields that store the documentation and allowed values of a key.

The type of a key is the type of its default. `--help_config` prints `doc`.
"""

import dataclasses
import math
from typing import Any


def free(default: Any, *, doc: str) -> Any:
  """A field that accepts every value of its type; a tuple holds strings."""
  return dataclasses.field(default=default, metadata={'doc': doc})


def within(
  default: Any, low: float, high: float = math.inf, *, doc: str
) -> Any:
  """A field whose value, or each entry of it, lies in [low, high]."""
  metadata = {'doc': doc, 'range': (low, high)}
  return dataclasses.field(default=default, metadata=metadata)


def range_text(low: float, high: float) -> str:
  """Returns [low, high] in words: 'at least 1', 'between 0 and 1'."""
  if high == math.inf:
    return 'any number' if low == -math.inf else f'at least {low:.12g}'
  if low == -math.inf:
    return f'at most {high:.12g}'
  return f'between {low:.12g} and {high:.12g}'


def one_of(default: str, *others: str, doc: str) -> Any:
  """A field that accepts one of these names."""
  metadata = {'doc': doc, 'choices': (default, *others)}
  return dataclasses.field(default=default, metadata=metadata)


def some_of(*names: str, doc: str) -> Any:
  """A tuple with any of these names, empty by default."""
  metadata = {'doc': doc, 'choices': names}
  return dataclasses.field(default=(), metadata=metadata)
