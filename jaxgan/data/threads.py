"""Applies a function in threads: results in order, memory within limits.

For decoding images: PIL's C code does not hold Python's lock.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_Item = TypeVar('_Item')
_Result = TypeVar('_Result')
_Applied = tuple[list[_Result], Exception | None]  # Until the error of an item.

_GROUP, _GROUP_BYTES = 32, 2**20  # Items that a thread gets at once, at most.
_AHEAD = 2  # Groups per thread whose results wait for their turn.
_AHEAD_BYTES = 256 * 2**20


def cores() -> int:
  """Returns the number of CPU cores that this process may use."""
  if hasattr(os, 'sched_getaffinity'):  # Not on macOS and Windows.
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def in_order(
  function: Callable[[_Item], _Result],
  items: Iterable[_Item],
  size: Callable[[_Item], int],
) -> Generator[_Result, None, None]:
  """Yields `function(item)` of each item, in the order of the items.

  One thread per core calls the function. The items are taken from their
  iterator in the caller's thread. An error of the function is raised where its
  result would be yielded. Close the generator if it is not read to the end.

  Args:
    function: may be called by several threads at once.
    items: any iterable.
    size: bytes that an item takes with its result. Those that are computed
      ahead of the yielded result take at most 256 MiB, or are one item.
  """
  pool, most = ThreadPoolExecutor(cores(), 'in_order'), _AHEAD * cores()
  ahead: deque[tuple[Future[_Applied[_Result]], int]] = deque()
  try:
    for group, needs in _groups(items, size):
      while len(ahead) >= most or (
        ahead and sum(n for _, n in ahead) + needs > _AHEAD_BYTES
      ):
        yield from _each(ahead[0][0].result())
        ahead.popleft()
      ahead.append((pool.submit(_apply, function, group), needs))
    for future, _ in ahead:
      yield from _each(future.result())
  finally:
    pool.shutdown(cancel_futures=True)


def _groups(
  items: Iterable[_Item], size: Callable[[_Item], int]
) -> Iterator[tuple[list[_Item], int]]:
  """Yields groups of consecutive items, and their bytes."""
  group: list[_Item] = []
  held = 0
  for item in items:
    needs = size(item)
    if group and (len(group) == _GROUP or held + needs > _GROUP_BYTES):
      yield group, held
      group, held = [], 0
    group.append(item)
    held += needs
  if group:
    yield group, held


def _apply(
  function: Callable[[_Item], _Result], group: list[_Item]
) -> _Applied[_Result]:
  results: list[_Result] = []
  try:
    for item in group:
      results.append(function(item))
  except Exception as error:
    return results, error
  return results, None


def _each(applied: _Applied[_Result]) -> Iterator[_Result]:
  results, error = applied
  yield from results
  if error:
    raise error


class Budget:
  """Memory that threads share: each waits until there is enough for its part.

  Attributes:
    total: bytes; a part may be larger, and is then the only one.
  """

  def __init__(self, total: int) -> None:
    self.total = total
    self._used = 0
    self._condition = threading.Condition()

  @contextlib.contextmanager
  def take(self, size: int) -> Iterator[None]:
    """Holds so many bytes during a `with` block."""
    with self._condition:
      self._condition.wait_for(
        lambda: not self._used or self._used + size <= self.total
      )
      self._used += size
    try:
      yield
    finally:
      with self._condition:
        self._used -= size
        self._condition.notify_all()
