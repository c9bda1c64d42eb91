"""The whole training loop beside the bare step, in turn, in one process."""

import collections
import dataclasses
import pathlib
import statistics
import tempfile

import jax

from jaxgan import loop, train
from jaxgan.timing import iteration
from jaxgan.timing.iteration import Figures, Stepper
from jaxgan.timing.settings import Settings, configuration
from jaxgan.types import Metrics
from jaxgan.writers import read_metrics

_TURNS = 3
_WINDOW = 10  # Iterations whose mean is one time; the loop logs after each.


def timed(settings: Settings) -> Figures:
  """Means of equally many iterations of both, and the ratio of each turn.

  Args:
    settings: at least `steps` iterations of either are timed in each of three
      turns.

  Returns:
    The loop's seconds under the names of `iteration.timed`, the step's as
    `step_seconds_median`, and loop / step: `ratios` of the turns' means, and
    their median, `ratio`.
  """
  step = Stepper(settings)
  loops, steps, ratios = [], [], []
  for _ in range(_TURNS):
    whole, bare = _whole(settings), _bare(settings, step)
    ratios.append(statistics.mean(whole) / statistics.mean(bare))
    loops += whole
    steps += bare
  return {
    **iteration.spread(loops),
    'step_seconds_median': statistics.median(steps),
    'ratio': statistics.median(ratios),
    'ratios': ratios,
    'first_seconds': step.first_seconds,
    'program_bytes': step.program_bytes,
  }


def _windows(settings: Settings) -> tuple[int, int]:
  """How long windows are, and how many of them hold `steps`."""
  size = min(_WINDOW, settings.steps)
  return size, -(-settings.steps // size)


def _whole(settings: Settings) -> list[float]:
  """Seconds per iteration of a real run, window by window.

  The first window warms up. Logging takes place in the next window's time, as
  `steps_per_second` says; the checkpoint of the end in none.
  """
  size, num = _windows(settings)
  run = dataclasses.replace(settings, steps=size * (num + 1))
  with tempfile.TemporaryDirectory() as folder:
    train.train_and_evaluate(configuration(run, log_every=size), folder)
    rows = read_metrics(pathlib.Path(folder) / 'metrics.jsonl')
  return [1 / row['steps_per_second'] for row in rows[1:]]


def _bare(settings: Settings, step: Stepper) -> list[float]:
  """The same of the step, with as many in flight as the loop has."""
  size, num = _windows(settings)

  def window() -> None:
    in_flight: collections.deque[Metrics] = collections.deque()
    for _ in range(size):
      loop.wait(in_flight, step())
    jax.block_until_ready(in_flight)

  return [iteration.seconds(window) / size for _ in range(num)]
