"""Draws a panel as SVG, whose colors follow the page: light or dark.

matplotlib draws; then colors become CSS variables, the font that of the page,
and ids are removed or made unique. The same numbers give the same text.
"""

import io
import math
import re
from typing import Any

import numpy as np

from jaxgan.report.markup import Safe
from jaxgan.report.panels import Panel, Series

MAX_COLORS = 8
DASHES = ('-', (0, (4, 2)))

# Points of a panel, and of a line in it. Where a line has more, neighbors are
# merged to their mean, and a band shows their range.
_PANEL_POINTS, _LINE_POINTS = 600, 240
_SIZE = 4.2, 2.5  # Inches.

# Colors of the drawing -> variables of page.css. No other color is drawn.
_INK, _MUTED, _RULE = '#111111', '#666666', '#dddddd'
_COLORS = tuple(f'#0000f{i}' for i in range(MAX_COLORS))
_VARIABLES = {
  _INK: 'var(--ink)',
  _MUTED: 'var(--muted)',
  _RULE: 'var(--rule)',
  **{color: f'var(--c{i})' for i, color in enumerate(_COLORS)},
}


def check_installed() -> None:
  """Raises a ValueError if matplotlib is missing."""
  try:
    import matplotlib  # noqa: F401
  except ImportError as error:
    raise ValueError(
      'A report needs matplotlib, which is not installed; '
      "pip install 'jaxgan[report]' installs it."
    ) from error


def draw(panel: Panel, name: str) -> Safe:
  """Draws a panel.

  Args:
    panel: of finite or missing numbers.
    name: unique in the page; ids in the SVG begin with it.

  Returns:
    An svg element with a text for readers who cannot see it.
  """
  from matplotlib import style

  options = {
    'svg.fonttype': 'none', 'svg.hashsalt': 'jaxgan', 'font.size': 9.5,
    'text.color': _INK, 'axes.labelcolor': _MUTED, 'xtick.color': _RULE,
    'ytick.color': _RULE, 'xtick.labelcolor': _MUTED,
    'ytick.labelcolor': _MUTED, 'axes.edgecolor': _RULE, 'grid.color': _RULE,
    'axes.spines.top': False, 'axes.spines.right': False,
    'axes.spines.left': False, 'axes.linewidth': 0.8, 'grid.linewidth': 0.8,
    'axes.formatter.limits': (-3, 5), 'axes.formatter.use_mathtext': False,
  }  # fmt: skip
  # First the defaults, so that a matplotlibrc does not change the page.
  with style.context(['default', options]):
    figure = _figure(panel)
    file = io.StringIO()
    none = dict.fromkeys(('Date', 'Creator', 'Format', 'Type'))
    figure.savefig(file, format='svg', metadata=none, transparent=True)
  return _adapt(file.getvalue(), name, describe(panel))


def describe(panel: Panel) -> str:
  """A text in place of the picture: ends and range of each line."""
  parts = [_describe(each) for each in panel.series]
  parts += [f'{name} {number(x)}' for name, x in panel.marks]
  return f'{panel.title}: {"; ".join(parts)}.'


def number(value: float) -> str:
  """Formats a number for reading: four digits, and commas in large ones."""
  if math.isfinite(value) and abs(value) >= 10_000:
    return f'{value:,.0f}' if abs(value) < 1e9 else f'{value:.3g}'
  return f'{value:.4g}'


def _describe(series: Series) -> str:
  values = series.values[np.isfinite(series.values)]
  label = f'{series.label} ' if series.label else ''
  if not len(values):
    return f'{label}no finite values'
  ends = f'{number(values[0])} at first and {number(values[-1])} at last'
  return (
    f'{label}{ends}, between {number(values.min())} and '
    f'{number(values.max())}, steps {series.steps[0]:,} to {series.steps[-1]:,}'
  )


def _figure(panel: Panel) -> Any:
  from matplotlib.backends.backend_svg import FigureCanvasSVG
  from matplotlib.figure import Figure
  from matplotlib.ticker import MaxNLocator

  figure = Figure(figsize=_SIZE)
  FigureCanvasSVG(figure)
  figure.subplots_adjust(0.12, 0.165, 0.965, 0.89)
  axes = figure.add_subplot()
  most = min(_LINE_POINTS, _PANEL_POINTS // max(len(panel.series), 1))
  for each in panel.series:
    _line(axes, each, most)
  marks = _scale(axes, panel)
  for name, height in marks:
    axes.axhline(height, color=_MUTED, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.annotate(
      f'{name} {number(height)}', (1, height), (0, 2),
      xycoords=('axes fraction', 'data'), textcoords='offset points',
      ha='right', va='bottom', color=_MUTED,
    )  # fmt: skip
  axes.yaxis.set_major_formatter(lambda y, _: number(y).replace('-', '−'))
  axes.set_xlabel('training step')
  # Above the axis and not turned, which is easier to read.
  axes.annotate(
    panel.unit, (0, 1), (4, -7), xycoords='figure fraction',
    textcoords='offset points', va='top', color=_MUTED,
  )  # fmt: skip
  axes.grid(visible=True, axis='y')
  axes.set_axisbelow(True)
  axes.tick_params(which='both', length=0)
  axes.margins(x=0.015)
  axes.xaxis.set_major_locator(
    MaxNLocator(5, steps=[1, 2, 2.5, 5, 10], integer=True)
  )
  axes.xaxis.set_major_formatter(lambda x, _: _short(x))
  return figure


def _line(axes: Any, series: Series, most: int) -> None:
  color = _COLORS[series.color % MAX_COLORS]
  steps, values, low, high = _thin(series, most)
  if not np.array_equal(low, high, equal_nan=True):
    axes.fill_between(steps, low, high, color=color, alpha=0.18, linewidth=0)
  marker = {'marker': 'o', 'markersize': 2.6} if len(steps) < 40 else {}
  axes.plot(
    steps, values, color=color, linewidth=1.5, linestyle=DASHES[series.dash],
    **marker,
  )  # fmt: skip


def _thin(series: Series, most: int) -> tuple[np.ndarray, ...]:
  """Steps, means, and a band: the error, or the range of merged points."""
  steps, values = series.steps, series.values
  values = np.where(np.isfinite(values), values, np.nan)
  if len(steps) <= most:
    error = 0.0 if series.error is None else np.nan_to_num(series.error)
    return steps, values, values - error, values + error
  edges = np.linspace(0, len(steps), most + 1).astype(int)[:-1]
  counts = np.diff([*edges, len(steps)])
  return (
    np.add.reduceat(steps, edges) / counts,
    np.add.reduceat(values, edges) / counts,
    np.minimum.reduceat(values, edges),
    np.maximum.reduceat(values, edges),
  )


def _scale(axes: Any, panel: Panel) -> list[tuple[str, float]]:
  """Sets the vertical axis; returns the marks that are drawn.

  Values over more than a factor of 50 get a logarithmic axis, which is linear
  around 0 if some are not positive.
  """
  if panel.limits:
    axes.set_ylim(*panel.limits)
    return list(panel.marks)
  values = np.concatenate([each.values for each in panel.series])
  values = np.append(values, [x for _, x in panel.marks])
  sizes = np.abs(values[np.isfinite(values) & (values != 0)])
  if len(sizes) and sizes.max() > 50 * np.median(sizes):
    if sizes.size == values.size and np.all(values > 0):
      axes.set_yscale('log')
    else:
      linear = 10.0 ** round(math.log10(np.median(sizes)))
      axes.set_yscale('symlog', linthresh=linear, linscale=0.6)
    axes.yaxis.set_minor_formatter(lambda y, _: '')
  return list(panel.marks)


def _shorten(attribute: re.Match[str]) -> str:
  """Cuts the coordinates of an attribute to hundredths of a point."""
  return re.sub(r'(\.\d\d)\d+', r'\1', attribute[0])


def _short(step: float) -> str:
  if abs(step) >= 1e6:
    return f'{step / 1e6:g}M'
  return f'{step / 1e3:g}k' if abs(step) >= 1e4 else f'{step:,.0f}'


def _adapt(svg: str, name: str, text: str) -> Safe:
  """Turns matplotlib's document into an element of a page."""
  svg = svg[svg.index('<svg') :]
  svg = re.sub(r'<metadata>.*?</metadata>', '', svg, flags=re.DOTALL)
  svg = re.sub(r'<style type="text/css">.*?</style>', '', svg, flags=re.DOTALL)
  svg = re.sub(r'<!--.*?-->\s*', '', svg, flags=re.DOTALL)
  svg = svg.replace('xlink:href', 'href')
  used = {*re.findall(r'url\(#([\w-]+)\)', svg)}
  used |= {*re.findall(r'href="#([\w-]+)"', svg)}
  for old in sorted(used, key=len, reverse=True):
    new = f'{name}-{old}'
    svg = svg.replace(f'url(#{old})', f'url(#{new})')
    svg = svg.replace(f'href="#{old}"', f'href="#{new}"')
    svg = svg.replace(f' id="{old}"', f' id="{new}"')
  svg = re.sub(rf' id="(?!{name}-)[^"]*"', '', svg)
  svg = re.sub(r'(?<= )(d|x|y|transform)="[^"]*"', _shorten, svg)
  for color, variable in _VARIABLES.items():
    svg = svg.replace(color, variable)
  # In the words of older and of newer versions; page.css gives the family.
  svg = re.sub(r'font: ([\d.]+px) [^;"]*', r'font-size: \1', svg)
  svg = re.sub(r'font-family: [^;"]*; ?', '', svg)
  (box,) = re.findall(r'viewBox="([\d. ]+)"', svg)
  body = svg[svg.index('>') + 1 :]
  body = re.sub(r'\n\s*', '\n', body).strip()
  label = f'role="img" aria-label="{Safe.escape(text)}"'
  return Safe(f'<svg class="plot" viewBox="{box}" {label}>\n{body}')
