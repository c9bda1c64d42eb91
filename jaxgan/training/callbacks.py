"""Callbacks of a run: a function, or an object that follows the whole run.

docs/trackers.md has one for each of W&B, MLflow and Aim.
"""

import contextlib
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

# Arguments: a step, and the scalars by name that were measured there.
Function = Callable[[int, Mapping[str, float]], object]


class Start(NamedTuple):
  """What a tracker learns when a run starts or resumes.

  Attributes:
    workdir: folder of the run.
    id: the run's own random digits, the same when it resumes.
    config: dotted key -> value.
    step: 0 for a new run.
  """

  workdir: pathlib.Path
  id: str
  config: Mapping[str, Any]
  step: int


class Tracker:
  """Follows a run; override what you need.

  The methods are called by the first process alone. An exception from one of
  them ends the run, whose files stay. Steps may repeat after a resume or a
  rollback.
  """

  def on_start(self, start: Start) -> None:
    """The run starts or resumes."""

  def on_scalars(self, step: int, scalars: Mapping[str, float]) -> None:
    """Scalars of a row of metrics.jsonl; may be infinite or NaN."""

  def on_image(self, step: int, name: str, image: np.ndarray) -> None:
    """A picture of samples: [H, W, 3] or [H, W] uint8.

    Args:
      step: the training step of the generator.
      name: `generated` or `real`.
      image: a grid of images, or a plot of vectors.
    """

  def on_records(self, step: int, records: Sequence[Mapping[str, Any]]) -> None:
    """Records of metrics, as in evaluation.jsonl."""

  def on_end(self, status: str) -> None:
    """The run ends: `finished`, `failed` or `interrupted`."""


Callback = Function | Tracker


class Callbacks:
  """All callbacks of a run, in their order."""

  def __init__(self, callbacks: Callback | Sequence[Callback] | None) -> None:
    """Takes one callback, several, or none.

    Raises:
      ValueError: one is neither a function nor a tracker.
    """
    if callbacks is None:
      callbacks = []
    several = (
      list(callbacks) if isinstance(callbacks, Sequence) else [callbacks]
    )
    for each in several:
      if not isinstance(each, Tracker) and not callable(each):
        raise ValueError(
          f'callback is {each!r}; it must be a function of a step and scalars, '
          'a jaxgan.training.callbacks.Tracker, or a list of them.'
        )
    self.trackers = [x for x in several if isinstance(x, Tracker)]
    self._started: list[Tracker] = []
    self._functions = [x for x in several if not isinstance(x, Tracker)]

  def __call__(self, step: int, scalars: Mapping[str, float]) -> None:
    """Calls the functions, after an evaluation and its save."""
    for function in self._functions:
      function(step, scalars)

  def start(self, start: Start) -> None:
    """Calls on_start."""
    for tracker in self.trackers:
      tracker.on_start(start)
      self._started.append(tracker)

  def scalars(self, step: int, scalars: Mapping[str, float]) -> None:
    """Calls on_scalars."""
    for tracker in self.trackers:
      tracker.on_scalars(step, scalars)

  def image(self, step: int, name: str, image: np.ndarray) -> None:
    """Calls on_image."""
    for tracker in self.trackers:
      tracker.on_image(step, name, image)

  def records(self, step: int, records: Sequence[Mapping[str, Any]]) -> None:
    """Calls on_records."""
    for tracker in self.trackers:
      tracker.on_records(step, records)

  def end(self, status: str) -> None:
    """Calls on_end of all that have started, also after an error of one."""
    with contextlib.ExitStack() as stack:
      for tracker in reversed(self._started):
        stack.callback(tracker.on_end, status)
