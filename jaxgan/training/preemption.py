"""SIGTERM and Ctrl-C: stops a run between two steps, after a save."""

import contextlib
import signal
import types

import jax
from jax.experimental import multihost_utils

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(Exception):
  """The run was interrupted and has saved its state.

  Attributes:
    status: exit status of the process: 128 plus the signal's number.
  """

  def __init__(self, message: str, status: int) -> None:
    super().__init__(message)
    self.status = status


class Interruption(contextlib.AbstractContextManager):
  """Catches the first signal; a second one has its default effect.

  With several processes, jax catches SIGTERM, and all processes stop after the
  same step.
  """

  def __enter__(self) -> 'Interruption':
    self._signal: int | None = None
    self._old = {}
    if jax.process_count() == 1:
      self._old = {s: signal.signal(s, self._catch) for s in _SIGNALS}
    return self

  def __exit__(self, *_: object) -> None:
    self._release()

  def requested(self, step: int) -> int | None:
    """The number of the signal to stop for after this step, or None."""
    if jax.process_count() > 1:
      stop = multihost_utils.reached_preemption_sync_point(step)
      return signal.SIGTERM if stop else None
    return self._signal

  def _catch(self, number: int, frame: types.FrameType | None) -> None:
    del frame
    self._signal = number
    self._release()

  def _release(self) -> None:
    for number, handler in self._old.items():
      signal.signal(number, handler)
    self._old = {}
