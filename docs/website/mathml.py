"""Formulas as MathML, which browsers draw without a script or a network."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import pick_math_environment
from docutils.utils.math.latex2mathml import tex2mathml

# docutils takes the index of an accented letter for its lower limit.
_ACCENT = re.compile(r'\\(?:bar|hat|tilde) ?(?:\w|{\w})(?=_)')


def setup(app: Any) -> None:
  """Registers the renderer `mathml`."""
  app.add_html_math_renderer('mathml', (_inline, None), (_block, None))


def _inline(visitor: Any, node: Any) -> None:
  _draw(visitor, node.astext(), block=False)


def _block(visitor: Any, node: Any) -> None:
  text = node.astext()
  environment = pick_math_environment(text)
  if environment != 'equation*':  # Several lines, as LaTeX has them.
    text = f'\\begin{{{environment}}}{text}\\end{{{environment}}}'
  _draw(visitor, text, block=True)


def _draw(visitor: Any, text: str, *, block: bool) -> None:
  text = _ACCENT.sub(r'\g<0>{}', text)
  formula = tex2mathml(text, as_block=block)
  if block:
    formula = f'<div class="formula">{formula}</div>'
  visitor.body.append(formula)
  raise nodes.SkipNode
