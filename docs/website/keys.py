"""The page of all config keys, made from the schema."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from jaxgan.config import Config
from jaxgan.config.help_text import allowed

_INTRODUCTION = """# Config keys

Each key with its type, allowed values, default and meaning. To change one:
`--config.optim.gen.lr=2e-4` on the command line, or `{'optim.gen.lr': 2e-4}` in
`jaxgan.load_config`. A config file may have other values than these defaults;

```
python -m jaxgan.main --config=configs/digits.py --help_config
```

prints the values of a file beside them. The keys of `penalty` have the values
of `penalty.preset` ([the presets](../method.md#the-choices)) where they are not
set.
"""


def page() -> str:
  """Returns the page as Markdown."""
  return _INTRODUCTION + '\n'.join(_section('', '', Config()))


def _section(prefix: str, title: str, section: Any) -> Iterator[str]:
  """Yields the keys of a section, then its subsections."""
  fields = dataclasses.fields(section)
  nested = [f for f in fields if dataclasses.is_dataclass(f.default)]
  keys = [f for f in fields if f not in nested]
  if keys:
    yield from ('', f'## {title or "The run"}', '')
    if prefix:
      yield from ((section.__doc__ or '').split('\n', 1)[0], '')
  for field in keys:
    yield from (f'`{prefix}{field.name}`', f': {_text(field)}', '')
  for field in nested:
    name = f'{prefix}{field.name}'
    yield from _section(f'{name}.', name, field.default)


def _text(field: Any) -> str:
  meaning = ' '.join(field.metadata['doc'].split()).replace('*', r'\*')
  return f'{meaning}\n  *({allowed(field)}; default `{field.default!r}`)*'
