"""Extension of Sphinx: pages made from the code, links, formulas.

`pages` lists all generated pages; they lie in docs/reference and
docs/notebooks, which git ignores. `links` makes the relative links of the
repository those of the site.
"""

from typing import Any

from website import docstrings, links, pages


def setup(app: Any) -> dict[str, Any]:
  """Registers the hooks; called by Sphinx."""
  from website import mathml  # Late: it needs docutils, which tests lack.

  app.connect('builder-inited', _write)
  app.connect('source-read', _adapt)
  app.connect('include-read', _adapt_included)
  app.connect('autodoc-process-docstring', docstrings.escape, priority=400)
  app.connect('autodoc-skip-member', docstrings.skip)
  mathml.setup(app)
  return {'parallel_read_safe': True, 'parallel_write_safe': True}


def _write(app: Any) -> None:
  pages.write(executed=app.config.nb_execution_mode != 'off')


def _adapt(app: Any, name: str, source: list[str]) -> None:
  del app
  page = f'docs/{name}.md'
  if (links.ROOT / page).is_file() and not pages.is_generated(name):
    source[0] = links.rewrite(source[0], page, page)


def _adapt_included(app: Any, path: Any, name: str, source: list[str]) -> None:
  del app
  included = (links.ROOT / 'docs' / path).resolve()
  inside = included.relative_to(links.ROOT).as_posix()
  source[0] = links.rewrite(source[0], inside, f'docs/{name}.md')
