"""Attributes as labels: each combination of yes and no is a class."""

from collections.abc import Iterable

from jaxgan.config import pick


def check(asked: Iterable[str], there: Iterable[str]) -> None:
  """Whether the data set has the attributes that are asked for.

  Raises:
    ValueError: one it does not have; the sentence lists those it has.
  """
  for name in asked:
    pick('data.attributes', name, dict.fromkeys(there))


def label(attributes: Iterable[bool]) -> int:
  """The number whose bits the attributes are, the first one the highest."""
  number = 0
  for attribute in attributes:
    number = 2 * number + bool(attribute)
  return number


def num_classes(asked: tuple[str, ...]) -> int:
  """2**n classes of n attributes; 0, no labels, where none is asked for."""
  return 2 ** len(asked) if asked else 0
