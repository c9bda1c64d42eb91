"""The whole training loop beside the bare step, in turn, inside one run."""

import collections
import dataclasses
import statistics
import tempfile
import time
from collections.abc import Mapping

from jaxgan.benchmark import iteration
from jaxgan.benchmark.iteration import Figures, Stepper
from jaxgan.benchmark.settings import Settings, configuration
from jaxgan.training import loop, train
from jaxgan.types import Metrics

_WINDOWS = 7  # Their means are the times.


class _Windows:
  """Called by a run every so many steps; times it, and the step by itself."""

  def __init__(self, step: Stepper, size: int) -> None:
    """The run's first window, which compiles, is not counted."""
    self.whole: list[float] = []
    self.bare: list[float] = []
    self._step, self._size = step, size
    self._since: float | None = None

  def __call__(self, step: int, scalars: Mapping[str, float]) -> None:
    del step, scalars
    if self._since is not None:
      seconds = time.perf_counter() - self._since
      self.whole.append(seconds / self._size)
    self.bare.append(iteration.seconds(self._iterate) / self._size)
    self._since = time.perf_counter()

  def _iterate(self) -> list[Metrics]:
    """As many steps as a window has, as many of them in flight as in a run."""
    in_flight: collections.deque[Metrics] = collections.deque()
    for _ in range(self._size):
      loop.wait(in_flight, self._step())
    return list(in_flight)

  def ratios(self) -> list[float]:
    """Loop over step, of each window and what stands before and after it."""
    around = zip(self.bare, self.bare[1:], strict=False)
    return [
      2 * whole / (before + after)
      for whole, (before, after) in zip(self.whole, around, strict=True)
    ]


def timed(settings: Settings) -> Figures:
  """Windows of a run, and of as many steps alone between them.

  Each window of the run ends with a line of scalars and a grid of samples, the
  last one also with a checkpoint.

  Args:
    settings: at least `steps` iterations of the run, in seven windows.

  Returns:
    The run's seconds under the names of `iteration.timed`, the step's as
    `step_seconds_median`, the windows' `ratios` and their median, `ratio`.
  """
  size = -(-settings.steps // _WINDOWS)
  run = dataclasses.replace(settings, steps=size * (_WINDOWS + 1))
  step = Stepper(settings)
  windows = _Windows(step, size)
  with tempfile.TemporaryDirectory() as folder:
    config = configuration(run, log_every=size)
    train.train_and_evaluate(config, folder, watch=windows)
  ratios = windows.ratios()
  return {
    **iteration.spread(windows.whole),
    'step_seconds_median': statistics.median(windows.bare),
    'ratio': statistics.median(ratios),
    'ratios': ratios,
    'first_seconds': step.first_seconds,
    'program_bytes': step.program_bytes,
  }
