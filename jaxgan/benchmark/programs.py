"""Programs in processes of their own, which are timed on request.

A program prints one line of JSON once it is compiled. Then each line that it
reads is answered with a line of JSON (`worker`, docs/torch_peer.py). Other
lines are not JSON objects and are skipped.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any

_END = 10.0  # Seconds that a program gets to end by itself.


class Program:
  """A running program.

  Attributes:
    figures: what it printed so far, and `error` if it failed.
  """

  def __init__(self, command: Sequence[str]) -> None:
    """Starts it; one that cannot start has failed."""
    self.figures: dict[str, Any] = {}
    self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (see close)
    # Several programs share the memory of the device.
    environment = {'XLA_PYTHON_CLIENT_PREALLOCATE': 'false'} | os.environ
    try:
      self._process: subprocess.Popen[str] | None = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=self._errors,
        text=True,
        env=environment,
      )
    except OSError as error:
      self._process = None
      self.fail(str(error))
      return
    self._reader = threading.Thread(target=self._read, daemon=True)
    self._reader.start()

  @property
  def failed(self) -> bool:
    """Whether it gives no more answers."""
    return 'error' in self.figures

  def wait(self, deadline: float) -> None:
    """Waits until it is compiled, or has failed.

    Args:
      deadline: by `time.monotonic`; a program that is later has failed.
    """
    if not self.failed:
      self.figures |= self._answer(deadline, 'not compiled')

  def ask(self, question: str, deadline: float) -> dict[str, Any]:
    """Returns the answer to a line; empty if the program failed."""
    if self.failed or self._process is None:
      return {}
    try:
      assert self._process.stdin is not None
      self._process.stdin.write(f'{question}\n')
      self._process.stdin.flush()
    except OSError:
      self._lines.put(None)  # The reason is in its messages.
    return self._answer(deadline, 'no answer')

  def fail(self, reason: str) -> None:
    """Records why there are no more answers."""
    self.figures['error'] = reason

  def close(self) -> None:
    """Ends the program."""
    if self._process is not None:
      self._end(self._process)
    self._errors.close()

  def _end(self, process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):  # It has ended.
      process.stdin.close()
    if self.failed:
      process.kill()
    try:
      process.wait(_END)
    except subprocess.TimeoutExpired:
      process.kill()
      process.wait()
    self._reader.join(_END)  # Its own children may hold the output open.

  def _read(self) -> None:
    assert self._process is not None
    assert self._process.stdout is not None
    with self._process.stdout as lines:
      for line in lines:
        if line.startswith('{'):
          self._lines.put(line)
    self._lines.put(None)

  def _answer(self, deadline: float, late: str) -> dict[str, Any]:
    try:
      wait = max(0.0, deadline - time.monotonic())
      line = self._lines.get(timeout=wait)
    except queue.Empty:
      self.fail(f'{late} within the budget')
      return {}
    if line is None:
      self.fail(self._reason())
      return {}
    try:
      found: dict[str, Any] = json.loads(line)
    except ValueError:
      self.fail(f'no JSON: {line[:80]}')
      return {}
    return found

  def _reason(self) -> str:
    """The last line of its messages, or its exit status."""
    assert self._process is not None
    status = self._process.wait()
    self._errors.seek(0)
    words = self._errors.read().decode(errors='replace').strip().splitlines()
    return words[-1][:300] if words else f'exit status {status}'


def jaxgan(**values: Any) -> list[str]:
  """The command of jaxgan's own program for flags of the benchmark."""
  flags = [f'--{name}={value}' for name, value in values.items()]
  return [sys.executable, '-m', 'jaxgan.benchmark', '--mode=serve', *flags]
