"""HTML elements; every text in them is escaped unless it is an element."""

import html
from collections.abc import Iterable, Sequence


class Safe(str):
  """HTML. Every other string is a text, and is escaped when it is used."""

  __slots__ = ()

  @classmethod
  def escape(cls, text: str) -> 'Safe':
    """A text as HTML, also inside of an attribute's quotes."""
    return text if isinstance(text, cls) else cls(html.escape(str(text)))


def element(name: str, *children: str, **attributes: str | bool | None) -> Safe:
  """An element with an end tag.

  Args:
    name: of the tag.
    *children: texts and elements.
    **attributes: `class_` stands for class and `aria_label` for aria-label;
      True has no value, and False and None are left out.
  """
  return Safe(f'{_open(name, attributes)}{join(children)}</{name}>')


def void(name: str, **attributes: str | bool | None) -> Safe:
  """An element without an end tag, such as img."""
  return Safe(_open(name, attributes))


def join(children: Iterable[str], between: str = '') -> Safe:
  """Texts and elements, one after the other."""
  return Safe(between.join(Safe.escape(child) for child in children))


def table(
  heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str
) -> Safe:
  """A table that scrolls by itself where it is wider than the page.

  Args:
    heads: of the columns.
    rows: cells; the first one of a row is its head.
    caption: for all readers.
  """
  top = element('tr', *(element('th', x, scope='col') for x in heads))
  lines = [
    element(
      'tr',
      element('th', first, scope='row'),
      *(element('td', cell) for cell in cells),
    )
    for first, *cells in rows
  ]
  whole = element(
    'table',
    element('caption', caption),
    element('thead', top),
    element('tbody', join(lines, '\n')),
  )
  return element(
    'div', whole, class_='wide', tabindex='0', role='region', aria_label=caption
  )


def muted(text: str) -> Safe:
  """A text that is less important than others in its line."""
  return element('span', text, class_='muted')


def section(title: str, *children: str, name: str) -> Safe:
  """A section with a heading; `name` is its id."""
  heading = element('h2', title, id=f'{name}-title')
  return element(
    'section',
    heading,
    join(children, '\n'),
    id=name,
    aria_labelledby=f'{name}-title',
  )


def _open(name: str, attributes: dict[str, str | bool | None]) -> str:
  parts = [name]
  for key, value in attributes.items():
    if value is None or value is False:
      continue
    label = key.rstrip('_').replace('_', '-')
    parts.append(label if value is True else f'{label}="{Safe.escape(value)}"')
  return f'<{" ".join(parts)}>'
