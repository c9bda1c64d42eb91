"""Writes the pages that are made from other files."""

import json
import pathlib
import re
from collections.abc import Iterator

from website import api, commands, gallery, keys, links

FOLDERS = 'reference', 'notebooks'
DOCS = links.ROOT / 'docs'

# Sections of README that have a page of their own; `about` has the others.
_FIRST = ('Install', 'Sixty seconds', 'Your own images', 'Python')
_ELSEWHERE = ('Docs by question', 'Extending')  # The menu is in their place.

# Never executed for the site: one needs MNIST, one trains for an hour.
LONG = 'mnist_tpu', 'photographs'

_NOT_EXECUTED = (
  'This notebook is shown without its outputs. Open it in Colab, or in '
  'Jupyter from `colab/` of the repository, to run it.'
)


def is_generated(name: str) -> bool:
  """Whether the page with this name is written here."""
  return name.split('/')[0] in FOLDERS


def write(executed: bool) -> None:
  """Writes all pages.

  Args:
    executed: notebooks are executed, so they need no note.
  """
  written = {DOCS / name: text for name, text in _pages()}
  for notebook in sorted((links.ROOT / 'colab').glob('*.ipynb')):
    text = _notebook(notebook, executed)
    written[DOCS / 'notebooks' / notebook.name] = text
  for folder in FOLDERS:
    (DOCS / folder).mkdir(exist_ok=True)
    for file in {*(DOCS / folder).iterdir()} - {*written}:
      if file.is_file():
        file.unlink()  # Of a notebook or page that has gone.
  for file, text in written.items():
    # An unchanged file keeps its time, so Sphinx does not read it again.
    if not file.exists() or file.read_text(encoding='utf-8') != text:
      file.write_text(text, encoding='utf-8')


def _pages() -> Iterator[tuple[str, str]]:
  """Yields (path in docs/, text) of all pages but the notebooks."""
  yield from of_readme()
  for name in ('CONTRIBUTING.md', 'CHANGELOG.md', 'docs/search.md'):
    page = links.PAGES[name]
    text = links.rewrite((links.ROOT / name).read_text(), name, page)
    yield page.removeprefix('docs/'), text
  yield 'reference/commands.md', commands.page()
  yield 'reference/config_keys.md', keys.page()
  yield 'reference/gallery.md', gallery.page()
  for name in api.PAGES:
    yield f'reference/api_{name}.md', api.page(name)


def of_readme() -> Iterator[tuple[str, str]]:
  """Yields (path in docs/, text) of the pages with the sections of README."""
  yield 'reference/first_steps.md', _readme('# First steps', _FIRST)
  yield 'reference/about.md', _readme('# About jaxgan', None)


def _readme(title: str, sections: tuple[str, ...] | None) -> str:
  """Returns these sections of README; None for all that have no page."""
  text = (links.ROOT / 'README.md').read_text()
  parts = re.split(r'(?m)^(?=## )', text)[1:]
  named = {part.splitlines()[0].removeprefix('## '): part for part in parts}
  if sections is None:
    sections = tuple(n for n in named if n not in _FIRST + _ELSEWHERE)
  chosen = ''.join(named[name] for name in sections)
  return links.rewrite(
    f'{title}\n\n{chosen}', 'README.md', 'docs/reference/page.md'
  )


def _notebook(file: pathlib.Path, executed: bool) -> str:
  """A notebook with the links of the site and no picture of another host."""
  notebook = json.loads(file.read_text())
  name = file.name
  for cell in notebook['cells']:
    if cell['cell_type'] == 'markdown':
      text = re.sub(
        r'!\[([^\]]*)\]\(https:[^)]*\)', r'\1', ''.join(cell['source'])
      )
      on_github = f'{links.repository()}/blob/main/'
      text = text.replace(f']({on_github}', '](../')
      # MyST wants a paragraph for a formula, Jupyter does not.
      text = re.sub(
        r'\s*(\$\$.+?\$\$)\s*', r'\n\n\1\n\n', text, flags=re.DOTALL
      )
      cell['source'] = links.rewrite(
        text, f'colab/{name}', f'docs/notebooks/{name}'
      )
  if not executed or file.stem in LONG:
    note = {'cell_type': 'markdown', 'id': 'not-executed', 'metadata': {}}
    notebook['cells'].insert(1, note | {'source': f'*{_NOT_EXECUTED}*'})
  return json.dumps(notebook, indent=1)
