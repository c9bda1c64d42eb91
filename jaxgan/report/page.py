"""The frame of a page, and what both pages share."""

import pathlib
import re
import string
from collections.abc import Sequence

from jaxgan import __version__
from jaxgan.report import plot
from jaxgan.report.markup import Safe, element, join
from jaxgan.report.panels import Panel

MAX_PANELS = 18  # Of metrics; the table has all.

_STATIC = pathlib.Path(__file__).parent / 'static'


def build(title: str, summary: Safe, sections: Sequence[Safe]) -> str:
  """Builds the whole page.

  Args:
    title: of the page, the name of the run or runs.
    summary: below the title.
    sections: with a heading and an id each.
  """
  page = string.Template((_STATIC / 'page.html').read_text(encoding='utf-8'))
  return page.substitute(
    title=Safe.escape(title),
    style=(_STATIC / 'page.css').read_text(encoding='utf-8'),
    script=(_STATIC / 'page.js').read_text(encoding='utf-8'),
    navigation=_navigation(sections),
    summary=summary,
    body=join(sections, '\n'),
    version=__version__,
  )


def multiples(panels: Sequence[Panel], name: str) -> Safe:
  """Small plots beside each other, each with a title and a sentence.

  Args:
    panels: to draw.
    name: begins the ids of all of them.
  """
  figures = [
    element(
      'figure',
      element('h3', panel.title),
      element('p', panel.meaning),
      legend(panel),
      plot.draw(panel, f'{name}{number}'),
      class_='panel',
    )
    for number, panel in enumerate(panels)
  ]
  return element('div', *figures, class_='multiples') if figures else Safe('')


def legend(panel: Panel) -> Safe:
  """The names of the lines, each with a piece of its line."""
  named = [each for each in panel.series if each.label]
  items = [
    element('li', swatch(each.color, each.dash), each.label) for each in named
  ]
  return element('ul', *items, class_='legend') if items else Safe('')


def swatch(color: int, dash: int = 0) -> Safe:
  """A piece of a line."""
  dashes = ' stroke-dasharray="6 3"' if dash else ''
  return Safe(
    '<svg class="swatch" viewBox="0 0 24 8" aria-hidden="true"><path '
    f'd="M0 4H24" stroke="var(--c{color % plot.MAX_COLORS})" '
    f'stroke-width="2.5"{dashes}></path></svg>'
  )


def _navigation(sections: Sequence[Safe]) -> Safe:
  """Links to the sections, by the ids and texts of their headings."""
  pattern = r'<h2 id="([\w-]+)-title">(.*?)</h2>'
  heads = [re.search(pattern, each) for each in sections]
  links = [
    element('a', Safe(head[2]), href=f'#{head[1]}') for head in heads if head
  ]
  return element('nav', *links, aria_label='Sections')
