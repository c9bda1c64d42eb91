"""Measures the training loop against the bare step, alternating."""

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

_WINDOWS = 7  # Each gives one mean time per iteration.


class _Windows:
  """Callback that times windows of `size` iterations, and bare steps between.

  The run calls it after each window. The first window, which compiles, is not
  counted.

  Attributes:
    loop: seconds per iteration of the run, for each window.
    step: seconds per bare step, before and after each window.
  """

  def __init__(self, step: Stepper, size: int) -> None:
    self.loop: list[float] = []
    self.step: list[float] = []
    self._step, self._size = step, size
    self._start: float | None = None

  def __call__(self, step: int, scalars: Mapping[str, float]) -> None:
    del step, scalars
    if self._start is not None:
      seconds = time.perf_counter() - self._start
      self.loop.append(seconds / self._size)
    self.step.append(iteration.seconds(self._run_steps) / self._size)
    self._start = time.perf_counter()

  def _run_steps(self) -> list[Metrics]:
    """Runs `size` bare steps, with as many unfinished steps as the loop has."""
    in_flight: collections.deque[Metrics] = collections.deque()
    for _ in range(self._size):
      loop.wait(in_flight, self._step())
    return list(in_flight)

  def ratios(self) -> list[float]:
    """Returns time of the window / mean of the two bare times around it."""
    neighbors = zip(self.step, self.step[1:], strict=False)
    return [
      2 * seconds / (before + after)
      for seconds, (before, after) in zip(self.loop, neighbors, strict=True)
    ]


def timed(settings: Settings) -> Figures:
  """Times seven windows of a run, and as many bare steps between them.

  Each window logs scalars and writes a grid of samples; the last window also
  saves a checkpoint.

  Args:
    settings: `steps` is the minimum number of timed iterations of the run.

  Returns:
    Seconds per iteration of the run, named as in `iteration.timed`;
    `step_seconds_median`; `ratios`, loop / step for each window; `ratio`,
    their median.
  """
  size = -(-settings.steps // _WINDOWS)
  run = dataclasses.replace(settings, steps=size * (_WINDOWS + 1))
  step = Stepper(settings)
  windows = _Windows(step, size)
  with tempfile.TemporaryDirectory() as folder:
    config = configuration(run, log_every=size)
    train.train_and_evaluate(config, folder, callback=windows)
  ratios = windows.ratios()
  return {
    **iteration.time_statistics(windows.loop),
    'step_seconds_median': statistics.median(windows.step),
    'ratio': statistics.median(ratios),
    'ratios': ratios,
    **step.figures,
  }
