"""Draws the figures of a study; imports matplotlib only when it draws.

Each function draws arms of one task into one PNG, in colors that most
color-blind readers can tell apart (Okabe & Ito, 2008) and in four line styles.
The same runs give the same bytes: the files hold no date and no version.
"""

import itertools
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxgan.config import pick
from jaxgan.study import curves, theory
from jaxgan.study import runs as runs_lib
from jaxgan.study.comparison import ArmSummary
from jaxgan.study.runs import Runs
from jaxgan.study.spec import Task
from jaxgan.study.theory import TracePoint

MAX_ARMS = 8

_COLORS = (
  '#000000', '#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9',
  '#999999',
)  # fmt: skip
_DASHES = ('-', '--', '-.', ':')

# Panels of the traces: title, name in the trace, logarithmic axis.
_PANELS = (
  ('ratio', 'ratio', False),
  ('weight (lambda)', 'weight', True),
  ('realized share: weight penalty / |gap|', 'penalty_share', True),
  ('slope at real', 'slope_real', False),
  ('slope at fake', 'slope_fake', False),
  ('slope between', 'slope_between', False),
)


def learning(
  path: pathlib.Path, task: Task, runs: Mapping[str, Runs], arms: Sequence[str]
) -> None:
  """Draws learning curves: median and quartiles of the metric over seeds.

  Args:
    path: of the PNG.
    task: gives the metric and the target.
    runs: arm -> its runs on the task.
    arms: shown, at most 8; those without runs are left out.

  Raises:
    ValueError: an unknown arm, too many, or matplotlib is not installed.
  """
  figure, (axes,) = _make_figure(1, 1, (7.5, 4.8))
  for style, name in _styles(runs, arms):
    own = runs[name]
    bands = curves.quantiles(own.metrics[task.metric], (0.25, 0.5, 0.75))
    low, middle, high = np.where(np.isfinite(bands), bands, np.nan)  # Gaps.
    axes.plot(own.steps, middle, label=name, **style)
    band = {'color': style['color'], 'alpha': 0.15, 'linewidth': 0}
    axes.fill_between(own.steps, low, high, **band)
  axes.axhline(task.target, color='#666666', linewidth=0.8, linestyle=':')
  axes.set_yscale('log')
  title = f'{task.name}: median and quartiles'
  _label(axes, title, 'generator steps', task.metric)
  _legend(axes)
  _save(figure, path)


def survival(
  path: pathlib.Path,
  task: Task,
  runs: Mapping[str, Runs],
  arms: Sequence[str],
  stay: int,
) -> None:
  """Draws the share of runs not yet at the target (Kaplan-Meier estimate).

  Arguments and errors as for `learning`; `stay` is the number of measurements
  in a row that must be at the target.
  """
  figure, (axes,) = _make_figure(1, 1, (7.5, 4.8))
  for style, name in _styles(runs, arms):
    scores = runs_lib.scores(runs[name], task, stay)
    curve = curves.kaplan_meier(scores.time, scores.reached)
    times = [0.0, *curve.quantiles, float(runs[name].steps[-1])]
    share = [1.0, *curve.probabilities]
    axes.step(times, [*share, share[-1]], where='post', label=name, **style)
  axes.set_ylim(-0.02, 1.02)
  title = f'{task.name}: runs not yet at {task.metric} = {task.target:g}'
  _label(axes, title, 'generator steps', 'share of runs')
  _legend(axes)
  _save(figure, path)


def forest(path: pathlib.Path, task: Task, arms: Sequence[ArmSummary]) -> None:
  """Draws a forest plot: area ratios to the baseline with 95 % intervals.

  Args:
    path: of the PNG.
    task: gives the name and the metric.
    arms: of the summary; those without a ratio are left out.

  Raises:
    ValueError: matplotlib is not installed.
  """
  ratios = [(x.arm, x.area_ratio) for x in arms if x.area_ratio is not None]
  figure, (axes,) = _make_figure(1, 1, (7.5, 1.4 + 0.24 * len(ratios)))
  for row, (_, ratio) in enumerate(ratios):
    color = '#D55E00' if ratio.low > 1 else '#666666'
    color = '#0072B2' if ratio.high < 1 else color
    axes.plot([ratio.low, ratio.high], [row, row], color=color, linewidth=1.6)
    axes.plot([ratio.ratio], [row], 'o', color=color, markersize=4)
  axes.axvline(1, color='black', linewidth=0.8)
  axes.set_xscale('log')
  axes.set_yticks(range(len(ratios)), [name for name, _ in ratios])
  axes.invert_yaxis()
  _decimal_ticks(axes)
  title = f'{task.name}: geometric mean of {task.metric} over the baseline'
  _label(axes, title, 'ratio, 95 % interval (left of 1 is better)')
  _save(figure, path)


def traces(
  path: pathlib.Path, task: Task, runs: Mapping[str, Runs], arms: Sequence[str]
) -> None:
  """Draws medians over seeds of the penalty's traces and of both distances.

  The distances are the critic's own estimate and the exact W1, if measured.
  Arguments and errors as for `learning`.
  """
  figure, panels = _make_figure(4, 2, (9.5, 10.5))
  styles = _styles(runs, arms)
  for axes, (title, name, log) in zip(panels, _PANELS, strict=False):
    for style, arm in styles:
      _plot_median(axes, runs[arm], runs[arm].trace[name], style)
    _label(axes, title, '')
    if log:
      axes.set_yscale('log', nonpositive='mask')
  exact = theory.exact_metric(task)
  if exact:  # The same scale as the critic's estimate, for comparison.
    panels[6].sharey(panels[7])
  for axes, title in ((panels[6], "critic's distance"), (panels[7], exact)):
    for style, arm in styles:
      own = runs[arm]
      critics = axes is panels[6]
      values = own.trace['distance'] if critics else own.metrics.get(exact)
      if values is not None:
        _plot_median(axes, own, values, style)
    _label(axes, title or 'no exact distance here', 'generator steps')
    axes.set_yscale('log', nonpositive='mask')
  _legend(panels[0])
  figure.suptitle(f'{task.name}: medians over seeds')
  _save(figure, path)


def overshoot(
  path: pathlib.Path, task: Task, points: Sequence[TracePoint]
) -> None:
  """Plots the overshoot of the gradient norm against d / (2 weight).

  Args:
    path: of the PNG.
    task: gives the name.
    points: of all arms, from the summary; only positive ones are drawn.

  Raises:
    ValueError: matplotlib is not installed.
  """
  figure, (axes,) = _make_figure(1, 1, (6, 5))
  every = np.empty((0, 2))
  markers = {'middle': ('o', '#0072B2'), 'end': ('^', '#D55E00')}
  for when, (marker, color) in markers.items():
    pairs = [(x.predicted, x.overshoot) for x in points if x.when == when]
    drawn = np.array(pairs, np.float64).reshape(-1, 2)
    drawn = drawn[(drawn > 0).all(axis=1)]  # None became NaN.
    every = np.concatenate([every, drawn])
    label = f'{when} of the run'
    axes.plot(*drawn.T, marker, color=color, markersize=5, label=label)
  ends = [every.min(), every.max()] if every.size else [0.1, 1.0]
  axes.plot(ends, ends, color='black', linewidth=0.8, label='E = 1')
  axes.set_xscale('log')
  axes.set_yscale('log')
  title, predicted = f'{task.name}: one point per arm', 'd / (2 weight)'
  _label(axes, title, predicted, 'slope - 1 at the points')
  _legend(axes)
  _save(figure, path)


def _make_figure(
  rows: int, columns: int, size: tuple[float, float]
) -> tuple[Any, list[Any]]:
  """Returns a figure without a window, and its panels, row by row."""
  try:
    from matplotlib.figure import Figure
  except ImportError as error:
    raise ValueError(
      'Figures need matplotlib, which is not installed; '
      "pip install 'jaxgan[study]' installs it."
    ) from error
  figure = Figure(figsize=size, layout='tight')
  panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
  return figure, list(panels.flat)


def _styles(
  runs: Mapping[str, Runs], arms: Sequence[str]
) -> list[tuple[dict[str, Any], str]]:
  """Returns line style and name of each arm with runs, as in all figures."""
  if len(arms) > MAX_ARMS:
    raise ValueError(
      f'{len(arms)} arms are too many for one figure; at most {MAX_ARMS} have '
      'different colors.'
    )
  styles = zip(_COLORS, itertools.cycle(_DASHES), arms, strict=False)
  return [
    ({'color': color, 'linestyle': dash, 'linewidth': 1.4}, name)
    for color, dash, name in styles
    if pick('arms', name, runs).seeds
  ]


def _plot_median(
  axes: Any, own: Runs, values: np.ndarray, style: Mapping[str, Any]
) -> None:
  """Plots the median over seeds of [S, T] values; nothing if none is finite."""
  points = [curves.median(column) for column in values.T]
  middle = [np.nan if x is None else x for x in points]
  if np.isfinite(middle).any():
    axes.plot(own.steps, middle, label=own.arm.name, **style)


def _label(axes: Any, title: str, below: str, left: str = '') -> None:
  axes.set_title(title, fontsize=10)
  axes.set(xlabel=below, ylabel=left)
  axes.grid(visible=True, color='#dddddd', linewidth=0.5)
  axes.set_axisbelow(True)


def _legend(axes: Any) -> None:
  if axes.get_legend_handles_labels()[0]:
    axes.legend(fontsize=7, frameon=False)


def _decimal_ticks(axes: Any) -> None:
  """Labels a logarithmic axis with 0.9 and 1.1 instead of powers of ten."""
  from matplotlib import ticker

  low, high = axes.get_xlim()
  wide = high > 4 * low
  locator = ticker.LogLocator(subs=(1, 2, 5)) if wide else ticker.MaxNLocator(6)
  axes.xaxis.set_major_locator(locator)
  axes.xaxis.set_minor_locator(ticker.NullLocator())
  axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f'{x:g}'))


def _save(figure: Any, path: pathlib.Path) -> None:
  figure.savefig(path, dpi=100, metadata={'Software': None})
