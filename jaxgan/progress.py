"""Shows progress of long work: a bar on a terminal, plain lines in a log."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from tqdm import tqdm

_LINE_SECONDS = 30.0  # Between two lines.


class Progress(contextlib.AbstractContextManager):
  """Progress of some work on stderr; use it in a `with` block or close it."""

  def __init__(
    self,
    total: int | None,
    unit: str,
    *,
    title: str = '',
    done: int = 0,
    hidden: bool = False,
    first_seconds: float = 5.0,
    clock: Callable[[], float] = time.monotonic,
    **options: Any,
  ) -> None:
    """Shows the bar, or starts the clock of the lines.

    Args:
      total: units of the whole work; None if unknown.
      unit: name of one unit, such as `step`.
      title: text before the numbers.
      done: units that were done earlier.
      hidden: shows nothing.
      first_seconds: time until the first line, so that short work writes none;
        0 writes it at once.
      clock: returns seconds.
      **options: of the tqdm bar, such as `position` or `leave`.
    """
    bar = not hidden and shows_bars()
    self._bar = tqdm(
      total=total, desc=title or None, unit=unit, initial=done,
      dynamic_ncols=True, disable=not bar, **options,
    )  # fmt: skip
    self._lines = not hidden and not bar
    self._total, self._unit, self._clock = total, unit, clock
    self._title, self._note = title, ''
    self._done, self._shown = done, -1
    # Of the speed: the first unit, since compiling it says little of others.
    self._since: tuple[int, float] | None = None
    self._due = clock() + first_seconds
    if self._lines and not first_seconds:
      self._write(clock())

  def __exit__(self, *_: object) -> None:
    self.close()

  def update(self, num: int = 1) -> None:
    """Adds finished units."""
    self._bar.update(num)
    self._done += num
    if self._lines:
      now = self._clock()
      self._since = self._since or (self._done, now)
      if now >= self._due:
        self._write(now)

  def go_to(self, done: int) -> None:
    """Sets the number of finished units, such as after a rollback."""
    self._bar.n = self._done = done
    self._bar.refresh()
    self._since = None

  def title(self, text: str) -> None:
    """Replaces the text before the numbers."""
    self._title = text
    self._bar.set_description(text)

  def note(self, text: str, *, redraw: bool = True) -> None:
    """Replaces the text after the numbers, of a bar at once with `redraw`."""
    self._note = text
    self._bar.set_postfix_str(text, refresh=redraw)

  def close(self) -> None:
    """Ends the bar; after earlier lines, writes the last one."""
    self._bar.close()
    if self._lines and self._shown not in (-1, self._done):
      self._write(self._clock())
    self._lines = False

  def _write(self, now: float) -> None:
    """Writes a line; its speed is that since the line before."""
    text = f'{self._title}: ' if self._title else ''
    text += str(self._done)
    text += f' {self._unit}s' if self._total is None else f' of {self._total}'
    text += '' if self._total is None else f' {self._unit}s'
    start, began = self._since or (self._done, now)
    if self._done > start and now > began:
      speed = (self._done - start) / (now - began)
      digits = f'{speed:.0f}' if speed >= 100 else f'{speed:.3g}'
      text += f', {digits} {self._unit}s per second'
      if self._total and self._done < self._total:
        left = tqdm.format_interval((self._total - self._done) / speed)
        text += f', time left {left}'
    text += f'; {self._note}' if self._note else ''
    sys.stderr.write(text + '\n')
    sys.stderr.flush()
    self._shown, self._due = self._done, now + _LINE_SECONDS
    self._since = self._since and (self._done, now)


def shows_bars() -> bool:
  """Whether stderr is a terminal or a notebook, which can redraw a line."""
  return sys.stderr.isatty() or 'ipykernel' in sys.modules


@contextlib.contextmanager
def stages(total: int) -> Iterator[Callable[[str, int], None]]:
  """Shows the progress of the stages of an evaluation.

  Args:
    total: number of examples in all stages.

  Yields:
    A function of the name of the stage and the number of new examples.
  """
  with Progress(total, 'example') as bar:
    shown = ''

    def progress(stage: str, num: int) -> None:
      nonlocal shown
      # A new stage is shown at once, even if it is short.
      bar.note(stage, redraw=stage != shown)
      bar.update(num)
      shown = stage

    yield progress
