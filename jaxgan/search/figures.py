"""The figure of a search; matplotlib is imported late."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from jaxgan.search import study as study_lib
from jaxgan.search.goal import Goal
from jaxgan.search.space import Axis, Space, label


def values(
  path: pathlib.Path, trials: Sequence[FrozenTrial], space: Space, goal: Goal
) -> None:
  """The best value so far, and the value against each searched key.

  Filled points came to their end, hollow ones were pruned on the way.

  Args:
    path: of the PNG.
    trials: those that are over; those without a value are left out.
    space: a panel for each key.
    goal: the value's name, and which is better.

  Raises:
    ValueError: matplotlib is not installed.
  """
  try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
  except ImportError as error:
    raise ValueError(
      'The figure needs matplotlib, which is not installed; '
      "pip install 'jaxgan[study]' brings it."
    ) from error
  rows = -(-(len(space) + 1) // 2)
  figure = Figure(figsize=(9, 3.2 * rows), layout='tight')
  FigureCanvasAgg(figure)
  panels = list(figure.subplots(rows, 2, squeeze=False).flat)
  shown = [t for t in trials if t.value is not None]
  _progress(panels[0], shown, goal)
  for axes, (key, axis) in zip(panels[1:], space.items(), strict=False):
    _against(axes, key, axis, shown, space)
  for axes in panels[: len(space) + 1]:
    axes.set_ylabel(goal.metric)
    axes.grid(visible=True, color='#dddddd', linewidth=0.5)
    axes.set_axisbelow(True)
    found = [t.value for t in shown if t.value is not None]
    if found and max(found) > 10 * min(found) > 0:
      axes.set_yscale('log')
  for axes in panels[len(space) + 1 :]:
    axes.remove()
  figure.savefig(path, dpi=100, metadata={'Software': None})


def _progress(axes: Any, trials: Sequence[FrozenTrial], goal: Goal) -> None:
  done = [t for t in trials if t.state == TrialState.COMPLETE]
  done = sorted(done, key=lambda t: t.number)
  best = np.minimum if goal.direction == 'minimise' else np.maximum
  if done:
    numbers = [t.number for t in done]
    found = best.accumulate(np.array([t.value for t in done]))
    axes.step(numbers, found, where='post', color='#0072B2', label='best')
  _points(axes, trials, [t.number for t in trials])
  axes.set_xlabel('trial')


def _against(
  axes: Any,
  key: str,
  axis: Axis,
  trials: Sequence[FrozenTrial],
  space: Space,
) -> None:
  found = [study_lib.meant(space, t.params)[key] for t in trials]
  if axis.choices:
    names = [str(label(x)) for x in axis.choices]
    found = [names.index(str(label(x))) for x in found]
    axes.set_xticks(range(len(names)), names)
  _points(axes, trials, found)
  if axis.log:
    axes.set_xscale('log')
  axes.set_xlabel(key)


def _points(axes: Any, trials: Sequence[FrozenTrial], x: Sequence[Any]) -> None:
  for state, fill in ((TrialState.COMPLETE, '#0072B2'), (None, 'none')):
    pairs = [
      (at, t.value)
      for at, t in zip(x, trials, strict=True)
      if (t.state == TrialState.COMPLETE) == (state is not None)
    ]
    if pairs:
      axes.scatter(
        *zip(*pairs, strict=True), s=22, c=fill, edgecolors='#0072B2'
      )
