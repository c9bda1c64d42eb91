"""Threads: the order of results, errors in their place, bounded memory."""

import threading

import pytest

from jaxgan.data import threads

LARGE = threads._GROUP_BYTES  # So large that each item is a group of its own.


@pytest.fixture(autouse=True)
def three_cores(monkeypatch):
  monkeypatch.setattr(threads, 'cores', lambda: 3)


def running():
  return [t for t in threading.enumerate() if t.name.startswith('in_order')]


def test_results_are_in_order_though_the_first_is_the_last_to_end():
  others = threading.Event()

  def function(item):
    if item:
      others.set()
    else:
      assert others.wait(10)
    return item

  got = threads.in_order(function, range(7), lambda _: LARGE)
  assert list(got) == list(range(7))
  assert not running()


@pytest.mark.parametrize('size', [0, LARGE // 3, LARGE, 10 * LARGE])
@pytest.mark.parametrize('num', [0, 1, 200])
def test_groups_of_all_sizes_give_each_result_once(size, num):
  got = threads.in_order(str, range(num), lambda _: size)
  assert list(got) == [str(i) for i in range(num)]


def test_items_go_to_a_thread_in_groups():
  sizes = [1] * 40 + [LARGE // 2] * 3 + [5 * LARGE, 1]
  groups = [len(group) for group, _ in threads._groups(sizes, int)]
  assert groups == [32, 9, 2, 1, 1]


@pytest.mark.parametrize(
  ('size', 'most'),
  [
    (0, threads._GROUP * 3 * threads._AHEAD),
    (LARGE, 3 * threads._AHEAD),
    (threads._AHEAD_BYTES // 3, 3),
    (threads._AHEAD_BYTES * 2, 1),
  ],
)
def test_few_results_wait_for_their_turn(size, most):
  taken = []

  def items():
    for item in range(1000):
      taken.append(item)
      yield item

  got = threads.in_order(int, items(), lambda _: size)
  for item in range(3):
    assert next(got) == item
    # The next group and the first item of the one after it are taken from the
    # iterator, but not yet given to a thread.
    group = 1 if size else threads._GROUP
    assert len(taken) <= item + 1 + most + group + 1
  got.close()
  assert not running()


@pytest.mark.parametrize('size', [1, LARGE])
def test_an_error_is_raised_in_its_place(size):
  got = threads.in_order(lambda x: 1 / (x - 5), range(100), lambda _: size)
  for item in range(5):
    assert next(got) == 1 / (item - 5)
  with pytest.raises(ZeroDivisionError):
    next(got)
  assert not running()


def test_a_part_waits_until_there_is_enough():
  budget = threads.Budget(10)
  taken = threading.Event()

  def take():
    with budget.take(6):
      taken.set()

  thread = threading.Thread(target=take)
  with budget.take(4), budget.take(6):
    thread.start()
    assert not taken.wait(0.1)
  assert taken.wait(10)
  thread.join()


def test_a_part_larger_than_all_is_the_only_one():
  budget = threads.Budget(10)
  taken = threading.Event()

  def take():
    with budget.take(11):
      taken.set()

  thread = threading.Thread(target=take)
  with budget.take(1):
    thread.start()
    assert not taken.wait(0.1)
  assert taken.wait(10)
  thread.join()


def test_an_error_gives_its_part_back():
  budget = threads.Budget(1)
  with pytest.raises(KeyError), budget.take(1):
    raise KeyError
  with budget.take(1):
    pass
