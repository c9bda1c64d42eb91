"""Figures of a study; matplotlib is imported late and only here.

Each function draws a few arms of one task into one PNG, in colours that most
colour-blind readers tell apart (Okabe & Ito, 2008) and in four line styles.
Equal runs give equal bytes: no date and no version is written.
"""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxgan.study import curves, theory
from jaxgan.study.comparison import ArmSummary
from jaxgan.study.runs import Runs, Scores
from jaxgan.study.spec import Task
from jaxgan.study.theory import Moment

MOST_ARMS = 8

_COLORS = (
  '#000000', '#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9',
  '#999999',
)  # fmt: skip
_DASHES = ('-', '--', '-.', ':')

# One panel of the traces each: title, names, logarithmic or not.
_PANELS = (
  ('ratio', ('ratio',), False),
  ('weight (lambda)', ('weight',), True),
  ('realised share: weight penalty / |gap|', ('penalty_share',), True),
  ('slope at real', ('slope_real',), False),
  ('slope at fake', ('slope_fake',), False),
  ('slope between', ('slope_between',), False),
)


def learning(
  path: pathlib.Path, task: Task, runs: Mapping[str, Runs], arms: Sequence[str]
) -> None:
  """The metric against steps: median and quartiles over seeds.

  Args:
    path: of the PNG.
    task: its metric and target.
    runs: arm -> its runs on the task.
    arms: which, at most 8; those without runs are left out.

  Raises:
    ValueError: too many arms, or matplotlib is not installed.
  """
  figure, (axes,) = _page(1, 1, (7.5, 4.8))
  for look, name in _looks(runs, arms):
    own = runs[name]
    low, middle, high = _finite(
      curves.quantiles(own.metrics[task.metric], (0.25, 0.5, 0.75))
    )
    axes.plot(own.steps, middle, label=name, **look)
    axes.fill_between(
      own.steps, low, high, color=look['color'], alpha=0.15, linewidth=0
    )
  axes.axhline(task.target, color='#666666', linewidth=0.8, linestyle=':')
  axes.set_yscale('log')
  _words(axes, f'{task.name}: median and quartiles', 'generator steps')
  axes.set_ylabel(task.metric)
  _legend(axes)
  _save(figure, path)


def waiting(
  path: pathlib.Path,
  task: Task,
  scores: Mapping[str, Scores],
  arms: Sequence[str],
  last: int,
) -> None:
  """Share of runs that are not yet at the target, against steps.

  Args:
    path: of the PNG.
    task: its name and target.
    scores: arm -> what its runs scored on the task.
    arms: which, at most 8; those without runs are left out.
    last: length of the runs.

  Raises:
    ValueError: as `learning`.
  """
  figure, (axes,) = _page(1, 1, (7.5, 4.8))
  for look, name in _looks(scores, arms):
    curve = curves.survival(scores[name].time, scores[name].reached)
    times = [0.0, *curve.times, float(last)]
    share = [1.0, *curve.share]
    axes.step(times, [*share, share[-1]], where='post', label=name, **look)
  axes.set_ylim(-0.02, 1.02)
  title = f'{task.name}: runs not yet at {task.metric} = {task.target:g}'
  _words(axes, title, 'generator steps')
  axes.set_ylabel('share of runs')
  _legend(axes)
  _save(figure, path)


def forest(path: pathlib.Path, task: Task, arms: Sequence[ArmSummary]) -> None:
  """Ratios of areas over the baseline with their intervals, all arms.

  Args:
    path: of the PNG.
    task: its name.
    arms: from the summary; those without a ratio are left out.

  Raises:
    ValueError: matplotlib is not installed.
  """
  found = [(x.arm, x.area_ratio) for x in arms if x.area_ratio is not None]
  height = 1.4 + 0.24 * len(found)
  figure, (axes,) = _page(1, 1, (7.5, height))
  for row, (_, ratio) in enumerate(found):
    color = '#D55E00' if ratio.low > 1 else '#666666'
    color = '#0072B2' if ratio.high < 1 else color
    axes.plot([ratio.low, ratio.high], [row, row], color=color, linewidth=1.6)
    axes.plot([ratio.ratio], [row], 'o', color=color, markersize=4)
  axes.axvline(1, color='black', linewidth=0.8)
  axes.set_xscale('log')
  axes.set_yticks(range(len(found)), [name for name, _ in found])
  axes.invert_yaxis()
  _plain_numbers(axes)
  title = f'{task.name}: geometric mean of {task.metric} over the baseline'
  _words(axes, title, 'ratio, 95 % interval (left of 1 is better)')
  _save(figure, path)


def traces(
  path: pathlib.Path, task: Task, runs: Mapping[str, Runs], arms: Sequence[str]
) -> None:
  """Medians over seeds of what the penalty did, and of both distances.

  Args:
    path: of the PNG.
    task: its name and metrics.
    runs: arm -> its runs on the task.
    arms: which, at most 8; those without runs are left out.

  Raises:
    ValueError: as `learning`.
  """
  figure, panels = _page(4, 2, (9.5, 10.5))
  looks = _looks(runs, arms)
  for axes, (title, names, log) in zip(panels, _PANELS, strict=False):
    for look, arm in looks:
      for name in names:
        _line(axes, runs[arm], runs[arm].trace[name], look, arm)
    _words(axes, title, '')
    if log:
      axes.set_yscale('log', nonpositive='mask')
  exact = theory.exact_metric(task)
  if exact:  # One scale: the critic's estimate is held against the other.
    panels[6].sharey(panels[7])
  for axes, title in ((panels[6], "critic's distance"), (panels[7], exact)):
    for look, arm in looks:
      own = runs[arm]
      critics = axes is panels[6]
      values = own.trace['distance'] if critics else own.metrics.get(exact)
      if values is not None:
        _line(axes, own, values, look, arm)
    _words(axes, title or 'no exact distance here', 'generator steps')
    axes.set_yscale('log', nonpositive='mask')
  _legend(panels[0])
  figure.suptitle(f'{task.name}: medians over seeds')
  _save(figure, path)


def overshoot(
  path: pathlib.Path, task: Task, moments: Sequence[Moment]
) -> None:
  """Measured overshoot of the slope against d / (2 weight), all arms.

  Args:
    path: of the PNG.
    task: its name.
    moments: from the summary; those that are not positive are left out.

  Raises:
    ValueError: matplotlib is not installed.
  """
  figure, (axes,) = _page(1, 1, (6, 5))
  every = np.empty((0, 2))
  for when, marker, color in (
    ('middle', 'o', '#0072B2'),
    ('end', '^', '#D55E00'),
  ):
    pairs = [(x.predicted, x.overshoot) for x in moments if x.when == when]
    points = np.array(pairs, np.float64).reshape(-1, 2)
    points = points[(points > 0).all(axis=1)]  # None became NaN.
    every = np.concatenate([every, points])
    axes.plot(
      *points.T, marker, color=color, markersize=5, label=f'{when} of the run'
    )
  ends = [every.min(), every.max()] if every.size else [0.1, 1.0]
  axes.plot(ends, ends, color='black', linewidth=0.8, label='E = 1')
  axes.set_xscale('log')
  axes.set_yscale('log')
  _words(axes, f'{task.name}: one point per arm', 'd / (2 weight)')
  axes.set_ylabel('slope - 1 at the points')
  _legend(axes)
  _save(figure, path)


def _page(
  rows: int, columns: int, size: tuple[float, float]
) -> tuple[Any, list[Any]]:
  """A figure without a window, and its panels from left to right."""
  try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
  except ImportError as error:
    raise ValueError(
      'Figures need matplotlib, which is not installed; '
      "pip install 'jaxgan[study]' brings it."
    ) from error
  figure = Figure(figsize=size, layout='tight')
  FigureCanvasAgg(figure)
  return figure, list(
    figure.subplots(rows, columns, squeeze=False, sharex=True).flat
  )


def _looks(
  found: Mapping[str, Runs] | Mapping[str, Scores], arms: Sequence[str]
) -> list[tuple[dict[str, Any], str]]:
  """Colour and dashes of each arm that has runs; the same in all figures."""
  if len(arms) > MOST_ARMS:
    raise ValueError(
      f'{len(arms)} arms were asked of one figure; at most {MOST_ARMS} can be '
      'told apart.'
    )
  return [
    (
      {
        'color': _COLORS[i],
        'linestyle': _DASHES[i % len(_DASHES)],
        'linewidth': 1.4,
      },
      name,
    )
    for i, name in enumerate(arms)
    if found[name].seeds
  ]


def _line(
  axes: Any, own: Runs, values: np.ndarray, look: Mapping[str, Any], name: str
) -> None:
  """The median over seeds of [S, T]; where no seed is finite there is none."""
  points = [curves.median(column) for column in values.T]
  middle = [np.nan if x is None else x for x in points]
  if np.isfinite(middle).any():
    axes.plot(own.steps, middle, label=name, **look)


def _finite(values: np.ndarray) -> np.ndarray:
  """Gaps instead of infinities."""
  return np.where(np.isfinite(values), values, np.nan)


def _words(axes: Any, title: str, below: str) -> None:
  axes.set_title(title, fontsize=10)
  axes.set_xlabel(below)
  axes.grid(visible=True, color='#dddddd', linewidth=0.5)
  axes.set_axisbelow(True)


def _legend(axes: Any) -> None:
  if axes.get_legend_handles_labels()[0]:
    axes.legend(fontsize=7, frameon=False)


def _plain_numbers(axes: Any) -> None:
  """0.9 and 1.1 below a logarithmic axis, not powers of ten."""
  from matplotlib import ticker

  low, high = axes.get_xlim()
  wide = high > 4 * low
  places = ticker.LogLocator(subs=(1, 2, 5)) if wide else ticker.MaxNLocator(6)
  axes.xaxis.set_major_locator(places)
  axes.xaxis.set_minor_locator(ticker.NullLocator())
  axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda x, _: f'{x:g}'))


def _save(figure: Any, path: pathlib.Path) -> None:
  figure.savefig(path, dpi=100, metadata={'Software': None})
