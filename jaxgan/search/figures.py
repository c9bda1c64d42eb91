"""Plots the objective against the trial number and each searched key."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna.trial import FrozenTrial, TrialState

from jaxgan.search.objective import Objective
from jaxgan.search.space import Domain, Space, label

_BLUE = '#0072B2'


def plot_values(
  path: pathlib.Path,
  trials: Sequence[FrozenTrial],
  space: Space,
  objective: Objective,
) -> None:
  """Plots the objective against the trial number and against each key.

  Filled points are complete trials, hollow points are pruned trials. A line
  shows the best value so far.

  Args:
    path: of the PNG.
    trials: finished trials; a trial without a value is left out.
    space: the search space, with a panel for each key.
    objective: the metric, and which values are better.

  Raises:
    ValueError: matplotlib is not installed.
  """
  try:
    from matplotlib.figure import Figure
  except ImportError as error:
    raise ValueError(
      'The figure needs matplotlib, which is not installed; '
      "pip install 'jaxgan[study]' installs it."
    ) from error
  rows = -(-(len(space) + 1) // 2)
  figure = Figure(figsize=(9, 3.2 * rows), layout='tight')
  panels = list(figure.subplots(rows, 2, squeeze=False).flat)
  trials = [t for t in trials if t.value is not None]
  values = [t.values[0] for t in trials]
  _plot_best(panels[0], trials, objective)
  for axes, key in zip(panels[1:], space, strict=False):
    _plot_key(axes, key, space[key], trials)
  for axes in panels[: len(space) + 1]:
    axes.set_ylabel(objective.metric)
    axes.grid(visible=True, color='#dddddd', linewidth=0.5)
    axes.set_axisbelow(True)
    if values and max(values) > 10 * min(values) > 0:
      axes.set_yscale('log')
  for axes in panels[len(space) + 1 :]:
    axes.remove()
  figure.savefig(path, dpi=100, metadata={'Software': None})


def _plot_best(
  axes: Any, trials: Sequence[FrozenTrial], objective: Objective
) -> None:
  complete = [t for t in trials if t.state == TrialState.COMPLETE]
  done = sorted((t.number, t.value) for t in complete)
  best = np.minimum if objective.direction == 'minimise' else np.maximum
  if done:
    numbers, values = zip(*done, strict=True)
    axes.step(numbers, best.accumulate(values), where='post', color=_BLUE)
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
  fills = [_BLUE if t.state == TrialState.COMPLETE else 'none' for t in trials]
  values = [t.value for t in trials]
  axes.scatter(x, values, s=22, facecolors=fills, edgecolors=_BLUE)
