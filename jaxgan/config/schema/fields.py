"""Fields that know what they may hold."""

import dataclasses
import math
from typing import Any


def within(default: Any, low: float, high: float = math.inf) -> Any:
  """A field whose value (or each of them) must lie in [low, high]."""
  return dataclasses.field(default=default, metadata={'range': (low, high)})


def numbers(low: float, high: float = math.inf) -> Any:
  """A tuple of integers in [low, high], empty by default."""
  return dataclasses.field(
    default=(), metadata={'range': (low, high), 'item': int}
  )


def one_of(default: str, *others: str) -> Any:
  """A field that must hold one of these names."""
  return dataclasses.field(
    default=default, metadata={'choices': (default, *others)}
  )
