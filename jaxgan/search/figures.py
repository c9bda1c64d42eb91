"""Draws the objective over trials and over each key of the space."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from jaxgan.search.objective import Objective
from jaxgan.search.space import Domain, Space, label


def plot_values(
  path: pathlib.Path,
  trials: Sequence[FrozenTrial],
  space: Space,
  objective: Objective,
) -> None:
  """Plots the best value over trials, and the values over each key.

  Filled points are complete trials, hollow ones pruned trials.

  Args:
    path: of the PNG.
    trials: finished trials; those without a value are left out.
    space: gives a panel for each key.
    objective: names the value and says which is better.

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
  trials = [t for t in trials if t.value is not None]
  _plot_best(panels[0], trials, objective)
  for axes, key in zip(panels[1:], space, strict=False):
    _plot_key(axes, key, space[key], trials)
  for axes in panels[: len(space) + 1]:
    axes.set_ylabel(objective.metric)
    axes.grid(visible=True, color='#dddddd', linewidth=0.5)
    axes.set_axisbelow(True)
    values = [t.value for t in trials if t.value is not None]
    if values and max(values) > 10 * min(values) > 0:
      axes.set_yscale('log')
  for axes in panels[len(space) + 1 :]:
    axes.remove()
  figure.savefig(path, dpi=100, metadata={'Software': None})


def _plot_best(
  axes: Any, trials: Sequence[FrozenTrial], objective: Objective
) -> None:
  done = [t for t in trials if t.state == TrialState.COMPLETE]
  done = sorted(done, key=lambda t: t.number)
  best = np.minimum if objective.direction == 'minimise' else np.maximum
  if done:
    numbers = [t.number for t in done]
    values = best.accumulate(np.array([t.value for t in done]))
    axes.step(numbers, values, where='post', color='#0072B2', label='best')
  _scatter(axes, trials, [t.number for t in trials])
  axes.set_xlabel('trial')


def _plot_key(
  axes: Any, key: str, domain: Domain, trials: Sequence[FrozenTrial]
) -> None:
  params = [t.params[key] for t in trials]
  if domain.choices:
    labels = [str(label(x)) for x in domain.choices]
    params = [labels.index(str(x)) for x in params]
    axes.set_xticks(range(len(labels)), labels)
  _scatter(axes, trials, params)
  if domain.log:
    axes.set_xscale('log')
  axes.set_xlabel(key)


def _scatter(
  axes: Any, trials: Sequence[FrozenTrial], x: Sequence[Any]
) -> None:
  for complete, fill in ((True, '#0072B2'), (False, 'none')):
    pairs = [
      (at, t.value)
      for at, t in zip(x, trials, strict=True)
      if (t.state == TrialState.COMPLETE) == complete
    ]
    if pairs:
      axes.scatter(
        *zip(*pairs, strict=True), s=22, c=fill, edgecolors='#0072B2'
      )
