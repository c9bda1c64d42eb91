"""Formulas as MathML, which browsers draw without a script or a network."""

from typing import Any

from docutils.utils.math import pick_math_environment
from docutils.utils.math.latex2mathml import tex2mathml


def setup(app: Any) -> None:
  """Registers the renderer `mathml`."""
  app.add_html_math_renderer('mathml', (_inline, None), (_block, None))


def _inline(visitor: Any, node: Any) -> None:
  _draw(visitor, tex2mathml(node.astext(), as_block=False))


def _block(visitor: Any, node: Any) -> None:
  text = node.astext()
  environment = pick_math_environment(text)
  if environment != 'equation*':  # Several lines, as LaTeX has them.
    text = f'\\begin{{{environment}}}{text}\\end{{{environment}}}'
  _draw(visitor, tex2mathml(text, as_block=True))


def _draw(visitor: Any, code: str) -> None:
  from docutils import nodes

  visitor.body.append(code)
  raise nodes.SkipNode
