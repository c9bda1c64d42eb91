"""The page of all commands and their flags, made from `--helpxml`."""

import re
import subprocess
import sys
from concurrent import futures
from xml.etree import ElementTree

from jaxgan.__main__ import COMMANDS
from website import docstrings, links

_INTRODUCTION = """# Commands and their flags

`jaxgan train` is the same as `python -m jaxgan.main`, and so on. `--help` of a
command prints what is here.

| command | as a module | does |
|---|---|---|
"""


def page() -> str:
  """Returns the page as Markdown."""
  modules = list(dict.fromkeys(module for module, _, _ in COMMANDS.values()))
  with futures.ThreadPoolExecutor() as pool:  # Each is a process of its own.
    helps = dict(zip(modules, pool.map(_help, modules), strict=True))
  rows = [
    f'| `jaxgan {name}` | `python -m {" ".join([module, *first])}` | {text} |'
    for name, (module, first, text) in COMMANDS.items()
  ]
  sections = (_section(module, helps[module]) for module in modules)
  return _INTRODUCTION + '\n'.join(rows) + '\n' + ''.join(sections)


def _help(module: str) -> ElementTree.Element:
  """Returns what `--helpxml` of a command prints; its status is 1."""
  done = subprocess.run(
    [sys.executable, '-m', module, '--helpxml'],
    cwd=links.ROOT,
    capture_output=True,
    text=True,
    check=False,
  )
  return ElementTree.fromstring(done.stdout)


def _section(module: str, root: ElementTree.Element) -> str:
  names = [name for name, (of, _, _) in COMMANDS.items() if of == module]
  usage = docstrings.markdown(root.findtext('usage', ''))
  flags = '\n\n'.join(_flag(flag) for flag in root.iter('flag') if _own(flag))
  return f'\n## {names[0]}\n\n{usage}\n\n{flags}\n'


def _own(flag: ElementTree.Element) -> bool:
  """Whether jaxgan defines a flag, and not absl."""
  file = flag.findtext('file', '')  # A path, or the name of a module.
  return file.startswith(('jaxgan.', str(links.ROOT / 'jaxgan')))


def _flag(flag: ElementTree.Element) -> str:
  """An entry of a definition list."""
  text = {child.tag: child.text or '' for child in flag}
  meaning = re.sub('^<[^>]*>: ', '', text['meaning'])  # The allowed values.
  return f'`--{text["name"]}`\n: {meaning}\n  {_facts(flag, text)}'


def _facts(flag: ElementTree.Element, text: dict[str, str]) -> str:
  values = [value.text or '' for value in flag.iter('enum_value')]
  kind = text['type']
  if values:
    kind = f'one of {", ".join(f"`{value}`" for value in values)}'
  if text['default'] not in ('', '[]'):
    kind += f'; default `{text["default"]}`'
  return f'*({kind})*'
