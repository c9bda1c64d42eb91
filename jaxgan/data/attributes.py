"""Binary attributes as class labels: one class for each combination."""

from collections.abc import Iterable

from jaxgan.config import pick


def check_names(requested: Iterable[str], available: Iterable[str]) -> None:
  """Raises a ValueError that lists `available` if it lacks a requested name."""
  for name in requested:
    pick('data.attributes', name, dict.fromkeys(available))


def label(attributes: Iterable[bool]) -> int:
  """Encodes attributes as a binary number; the first is the highest bit."""
  return int(''.join(str(int(attribute)) for attribute in attributes), base=2)


def num_classes(names: tuple[str, ...]) -> int:
  """Returns 2**n for n attributes, and 0 (no labels) for none."""
  return 2 ** len(names) if names else 0
