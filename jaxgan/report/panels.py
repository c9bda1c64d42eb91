"""The curves of a run: which numbers a panel shows, and what they mean."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxgan.config import Config
from jaxgan.report.collect import Run


class Series(NamedTuple):
  """A line in a panel.

  Attributes:
    label: its name, empty if the panel has one line.
    steps: [N] training steps, ascending.
    values: [N] numbers; NaN leaves a gap.
    color: index of its color.
    dash: index of its line style.
    error: [N] half width of a band around the values, or None.
  """

  label: str
  steps: np.ndarray
  values: np.ndarray
  color: int = 0
  dash: int = 0
  error: np.ndarray | None = None


class Panel(NamedTuple):
  """A small plot.

  Attributes:
    title: what is drawn.
    unit: label of the vertical axis.
    meaning: one sentence about the numbers.
    series: the lines.
    marks: labels and heights of horizontal lines.
    limits: of the vertical axis, or None for those of the data.
  """

  title: str
  unit: str
  meaning: str
  series: Sequence[Series]
  marks: Sequence[tuple[str, float]] = ()
  limits: tuple[float, float] | None = None


class _Kind(NamedTuple):
  """A panel of logged scalars: names in metrics.jsonl -> labels."""

  title: str
  unit: str
  meaning: str
  lines: Mapping[str, str]
  limits: tuple[float, float] | None = None


_KINDS = (
  _Kind(
    'Gap', 'mean score, real − fake',
    "The gap is the critic's estimate of the distance between real and "
    'generated data; it cannot be compared between methods.',
    {'gap': ''},
  ),
  _Kind(
    'Losses', 'loss',
    'What each net minimizes; a loss need not fall, since it depends on how '
    'good the other net is.',
    {'critic_loss': 'critic', 'gen_loss': 'generator'},
  ),
  _Kind(
    'Slope', 'gradient norm',
    "The mean norm of the critic's gradient at the penalized points; "
    'WGAN-GP pulls it to 1.',
    {'slope': ''},
  ),
  _Kind(
    'Lambda', 'weight',
    'The weight of the gradient penalty in the loss of the critic.',
    {'weight': ''},
  ),
  _Kind(
    'Ratio', 'ratio',
    'The estimated distance over the largest so far; it moves the penalized '
    'points and lambda.',
    {'ratio': ''}, (-0.03, 1.05),
  ),
  _Kind(
    "Critic's accuracy", 'share of the batch',
    'The share of real and of generated examples on the right side; at .5 '
    'the critic only guesses.',
    {'accuracy_real': 'real', 'accuracy_fake': 'fake'}, (-0.03, 1.05),
  ),
  _Kind(
    'Diversity', 'fake over real',
    'Distances between generated examples over those between real ones; near '
    '0 the generator has collapsed.',
    {'diversity': ''},
  ),
  _Kind(
    'Gradients of the nets', 'norm',
    'The norm of the gradient of each loss; a critic that has won leaves the '
    'generator none.',
    {'grad_norm_critic': 'critic', 'grad_norm_gen': 'generator'},
  ),
  _Kind(
    'Augmentation', 'share',
    'The share of images that are augmented before the critic scores them.',
    {'augmented': ''}, (-0.03, 1.05),
  ),
  _Kind(
    'Predicted labels', 'share',
    'The share of generated examples whose label or code the critic '
    'predicts.',
    {'guessed': ''}, (-0.03, 1.05),
  ),
  _Kind(
    'Speed', 'steps per second',
    'Steps per second between two logged rows, with all that was done there.',
    {'steps_per_second': ''},
  ),
)  # fmt: skip


def of_runs(runs: Sequence[Run]) -> list[Panel]:
  """The panels of one run, or of several runs over each other.

  Numbers that never change are left out, see `constants`.

  Args:
    runs: with a color each; a single run has a color for each line.
  """
  panels = [
    Panel(
      kind.title,
      kind.unit,
      kind.meaning,
      list(_series(runs, kind)),
      limits=kind.limits,
    )
    for kind in _KINDS
    if any(_is_drawn(run, kind) for run in runs)
  ]
  rates = _rates(runs)
  return [*panels[:-1], *rates, *panels[-1:]]


def constants(run: Run) -> dict[str, float]:
  """Logged numbers that are the same in all rows, by the title of the panel."""
  return {
    kind.title: float(run.rows[0][key])
    for kind in _KINDS
    for key in kind.lines
    if run.rows and key in run.rows[0] and not _is_drawn(run, kind)
  }


def _series(runs: Sequence[Run], kind: _Kind) -> Iterable[Series]:
  for number, run in enumerate(runs):
    for line, (key, label) in enumerate(kind.lines.items()):
      steps, values = _column(run, key)
      color = number if len(runs) > 1 else line
      if len(steps):
        yield Series(_label(runs, run, label), steps, values, color, line)


def _label(runs: Sequence[Run], run: Run, label: str) -> str:
  if len(runs) == 1:
    return label
  return f'{run.name}, {label}' if label else run.name


def _column(run: Run, key: str) -> tuple[np.ndarray, np.ndarray]:
  rows = [row for row in run.rows if key in row]
  steps = np.array([row['step'] for row in rows], np.int64)
  return steps, np.array([row[key] for row in rows], np.float64)


def _is_drawn(run: Run, kind: _Kind) -> bool:
  """Whether any number of a panel changes during the run."""
  columns = [_column(run, key)[1] for key in kind.lines]
  return any(len(x) > 1 and not np.all(x == x[0]) for x in columns)


def _rates(runs: Sequence[Run]) -> list[Panel]:
  """The panel of the learning rates, if any of them has a schedule."""
  series = []
  for number, run in enumerate(runs):
    for line, net in enumerate(('critic', 'gen')):
      label = {'critic': 'critic', 'gen': 'generator'}[net]
      steps, values = _rate(run.config, net, run.step)
      color = number if len(runs) > 1 else line
      name = _label(runs, run, label)
      series.append(Series(name, steps, values, color, line))
  if all(np.ptp(each.values) == 0 for each in series):
    return []
  meaning = 'The learning rate of each optimizer, as its schedule has it.'
  return [Panel('Learning rates', 'learning rate', meaning, series)]


def _rate(config: Config, net: str, last: int) -> tuple[np.ndarray, np.ndarray]:
  from jaxgan.gan import optimizers  # Slow to import.

  train, optimizer = config.train, getattr(config.optim, net)
  steps = np.unique(np.linspace(0, max(last, 1), 101).astype(np.int64))
  updates = getattr(train, f'{net}_steps')
  length = train.schedule_steps or train.steps
  rate = optimizers.learning_rate(optimizer, optimizer.lr, length, updates)
  return steps, np.broadcast_to(np.asarray(rate(steps * updates)), steps.shape)
