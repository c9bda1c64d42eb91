"""The text of `--help_config`: every key, in lines of at most 80 characters."""

import dataclasses
import textwrap
from collections.abc import Iterator
from typing import Any

from jaxgan.config.schema.fields import range_text
from jaxgan.config.schema.run import Config


def help_text(config: Config) -> str:
  """Describes each key: type, allowed values, default, value in `config`."""
  return '\n'.join(_section('', Config(), config)) + '\n'


def _section(prefix: str, defaults: Any, values: Any) -> Iterator[str]:
  """Yields the lines of a section, its own keys before its subsections."""
  sections = []
  for field in dataclasses.fields(defaults):
    key, value = prefix + field.name, getattr(values, field.name)
    if dataclasses.is_dataclass(value):
      sections.append((f'{key}.', field.default, value))
      continue
    head = f'  {key}: {allowed(field)}; default {field.default!r}'
    if value != field.default:
      head += f'; here {value!r}'
    yield from _wrapped(head, 6)
    yield from _wrapped(f'      {field.metadata["doc"]}', 6)
  for prefix, section, value in sections:
    title = (section.__doc__ or '').split('\n', 1)[0]
    yield from ('', *_wrapped(f'{prefix[:-1].upper()}: {title}', 2))
    yield from _section(prefix, section, value)


def allowed(field: Any) -> str:
  """Returns the type of a key, and its range or choices."""
  kind = type(field.default).__name__
  if kind == 'tuple':
    kind = 'tuple of ' + ('int' if 'range' in field.metadata else 'str')
  if 'choices' in field.metadata:
    one = 'any' if kind != 'str' else 'one'
    return f'{kind}, {one} of {", ".join(field.metadata["choices"])}'
  if 'range' in field.metadata:
    each = 'each ' if kind.startswith('tuple') else ''
    return f'{kind}, {each}{range_text(*field.metadata["range"])}'
  return kind


def _wrapped(text: str, indent: int) -> list[str]:
  return textwrap.wrap(
    text, 80, subsequent_indent=' ' * indent, break_on_hyphens=False
  )
