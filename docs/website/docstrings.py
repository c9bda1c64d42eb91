"""Docstrings as Markdown, and as the reStructuredText of autodoc."""

import re
from collections.abc import Iterator
from typing import Any

_MARKUP = re.compile(r'`[^`]*`|[*|]|(?<=\w)_(?=\W|$)')


def escape(
  app: Any, kind: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
  """Escapes the stars, bars and underscores of formulas; for autodoc."""
  del app, name, obj, options
  if kind == 'module':
    lines[:] = _with_literal_blocks(lines)
  example = False
  for i, line in enumerate(lines):
    example = line.lstrip().startswith('>>>') or (example and bool(line))
    if not example:
      lines[i] = _MARKUP.sub(_escaped, line)


def skip(
  app: Any, kind: str, name: str, obj: Any, skipped: bool, options: Any
) -> bool | None:
  """Skips the fields of named tuples: their class describes them."""
  del app, kind, name, skipped, options
  text = getattr(obj, '__doc__', None) or ''
  return True if text.startswith('Alias for field number') else None


def markdown(docstring: str) -> str:
  """Returns a docstring with its indented parts as fenced blocks."""
  return '\n'.join(_lines(docstring.strip('\n')))


def _escaped(match: re.Match[str]) -> str:
  return match.group() if match.group()[0] == '`' else '\\' + match.group()


def _with_literal_blocks(lines: list[str]) -> Iterator[str]:
  """Marks the indented parts of a docstring as literal blocks."""
  before = ''
  for line in lines:
    if line.startswith('  ') and not before:
      yield from ('::', '')
    yield line
    before = line


def _lines(text: str) -> Iterator[str]:
  inside = False
  for block in re.split(r'\n\s*\n', text):
    inside = block.startswith('  ')
    yield from ('', '```' if inside else '')
    yield re.sub(r'(?m)^(  )', '', block) if inside else block
    yield '```' if inside else ''
