"""Relative links of the repository as links of the site.

A page of docs/ links to other files as GitHub shows them. On the site, a file
that has a page there becomes that page, and any other file its source on
GitHub.
"""

import pathlib
import posixpath
import re
import tomllib

ROOT = pathlib.Path(__file__).parents[2]

# Files outside docs/ -> their pages.
PAGES = {
  'README.md': 'docs/index.md',
  'CONTRIBUTING.md': 'docs/reference/contributing.md',
  'CHANGELOG.md': 'docs/reference/changelog.md',
  # search.html is Sphinx's own.
  'docs/search.md': 'docs/reference/settings.md',
}

_LINK = re.compile(r'(!?)\[([^\[\]]*)\]\(([^)\s#]+)((?:#[^)\s]*)?)\)')
_FENCED = re.compile(r'(^ *```.*?^ *```)', re.MULTILINE | re.DOTALL)


def repository() -> str:
  """Returns the address of the repository, from pyproject.toml."""
  project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
  return project['urls']['Repository']


def page_of(file: str) -> str | None:
  """Returns the source of the page that shows a file, or None."""
  if file.startswith('colab/') and file.endswith('.ipynb'):
    return file.replace('colab/', 'docs/notebooks/', 1)
  if file in PAGES:
    return PAGES[file]
  if file.startswith('docs/') and not file.startswith('docs/results/'):
    return file if file.endswith(('.md', '.png', '.jpg')) else None
  return None


def rewrite(text: str, source: str, page: str) -> str:
  """Rewrites the relative links of a text, except in fenced blocks.

  A link whose text is the name of its file gets the title of the page instead.

  Args:
    text: Markdown.
    source: the file that it comes from, relative to the repository.
    page: the source of the page that shows it, likewise.
  """

  def link(match: re.Match[str]) -> str:
    picture, label, target, anchor = match.groups()
    if '://' in target or target.startswith('mailto:'):
      return match.group()
    start = posixpath.dirname(source)
    file = posixpath.normpath(posixpath.join(start, target))
    shown = page_of(file)
    if shown is not None:
      if posixpath.basename(label) == posixpath.basename(target):
        label = ''  # Sphinx puts the title there.
      target = posixpath.relpath(shown, posixpath.dirname(page))
    elif (ROOT / file).exists():
      kind = 'tree' if (ROOT / file).is_dir() else 'blob'
      target = f'{repository()}/{kind}/main/{file}'
    return f'{picture}[{label}]({target}{anchor})'

  parts = _FENCED.split(text)
  parts[::2] = [_LINK.sub(link, part) for part in parts[::2]]
  return ''.join(parts)
