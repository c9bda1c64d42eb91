"""Ends all processes of a run with one sentence when one of them fails.

The others may wait for the failed process in a collective operation that never
returns. So it leaves a notice in the key-value store of jax.distributed, which
a thread of each process reads once a second.
"""

import atexit
import contextlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import jax

from jaxgan.training.failures import RunFailed
from jaxgan.training.preemption import Interrupted

# Raised by all processes after the same step, from the same numbers.
_OF_ALL = (FloatingPointError, RunFailed, Interrupted)

_KEY = 'jaxgan/failure'
_POLL = 1.0  # Seconds between two looks at the store.
# Seconds in which a process may end by itself, with a sentence of its own.
_GRACE = 1.0
# Seconds until a failed process is gone.
_STAY = 2 * (_POLL + _GRACE)


class Peers:
  """Reports failures to the other processes of a run; watches for theirs."""

  def __init__(self, client: Any = None) -> None:
    """Watches nothing yet.

    Args:
      client: of the key-value store; that of jax.distributed if None.
    """
    self._client = client
    self._failure: BaseException | None = None
    self._stopped = threading.Event()

  def watch(self) -> None:
    """Starts the thread; it ends this process when another has failed."""
    if self._client is None:
      from jax._src import distributed  # There is no public name for it.

      self._client = distributed.global_state.client
    thread = threading.Thread(target=self._watch, daemon=True, name='peers')
    thread.start()
    # JAX disconnects at exit, and the thread must be done before.
    atexit.register(self._stop, thread)

  @contextlib.contextmanager
  def reporting(self) -> Iterator[None]:
    """Tells the others of an error of the block that they do not have too."""
    try:
      yield
    except _OF_ALL:
      raise
    except BaseException as error:
      self._failure = error
      own = isinstance(error, OSError | ValueError)  # With a sentence.
      text = str(error) if own else repr(error)
      notice = {'process': jax.process_index(), 'text': text.strip()}
      # It refuses if another process has failed at the same time.
      with contextlib.suppress(Exception):
        self._client.key_value_set(_KEY, json.dumps(notice))
      raise

  def run(self, command: Callable[[], int]) -> int:
    """Runs a command; ends this process without the others after a failure.

    Returns:
      The exit status of the command. JAX waits at exit until all processes are
      there.
    """
    try:
      status = command()
    except BaseException:
      if self._failure is None:
        raise
      status = self._explain()
    if self._failure is not None:
      self._stopped.set()
      time.sleep(_STAY)
      _exit(status)
    return status

  def _watch(self) -> None:
    while not self._stopped.wait(_POLL):
      sentence = self._notice()
      if not sentence or self._stopped.wait(_GRACE):
        continue
      if self._failure is None:
        sys.stderr.write(sentence)
        _exit(3)

  def _explain(self) -> int:
    """Prints why this process fails; returns its exit status."""
    sentence = self._notice()
    # A collective operation fails when a process is gone that has failed.
    if sentence and isinstance(self._failure, RuntimeError):
      sys.stderr.write(sentence)
      return 3
    traceback.print_exception(self._failure)
    return 1

  def _notice(self) -> str:
    """The sentence on another process that has failed; empty if none has."""
    try:
      notice = json.loads(self._client.key_value_try_get(_KEY))
    except Exception:  # There is none, or no connection, which JAX handles.
      return ''
    if notice['process'] == jax.process_index():
      return ''
    text = notice['text'].rstrip('.')
    return (
      f'\njaxgan: process {notice["process"]} has failed ({text}), so this one '
      'ends too; the same command on all hosts resumes the run.\n'
    )

  def _stop(self, thread: threading.Thread) -> None:
    self._stopped.set()
    thread.join()


def _exit(status: int) -> None:
  """Ends the process without waiting for others, as JAX would at exit."""
  if jax.process_index() == 0:
    time.sleep(2 * _STAY)  # The store is in it; JAX aborts processes without.
  sys.stdout.flush()
  sys.stderr.flush()
  os._exit(status)
