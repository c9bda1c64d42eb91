"""Processes that share chunks; here they are threads that exchange arrays."""

import concurrent.futures
import math
import threading

import numpy as np
import pytest

from jaxgan.nets import shares
from jaxgan.nets.chunks import CHUNK, split
from jaxgan.nets.shares import Share


def run(processes, work):
  """The results of `work`, which each of so many processes does."""
  barrier = threading.Barrier(processes, timeout=60)
  table = [None] * processes

  def one(process):
    def exchange(array):
      table[process] = np.asarray(array)
      barrier.wait()
      stacked = np.stack(table)  # Fails if the shapes differ.
      barrier.wait()
      return stacked

    try:
      return work(Share(process, processes, exchange))
    except BaseException:
      barrier.abort()  # The others need not wait.
      raise

  with concurrent.futures.ThreadPoolExecutor(processes) as pool:
    return list(pool.map(one, range(processes)))


@pytest.mark.parametrize('processes', [1, 2, 3, 5])
@pytest.mark.parametrize('num', [1, CHUNK, CHUNK + 1, 3 * CHUNK, 1000])
def test_the_first_process_has_the_outputs_of_all_in_order(processes, num):
  examples = np.arange(3 * num).reshape(num, 3)

  def work(share):
    own = list(share.own(split(examples)))
    outputs = ((2 * chunk, None) for chunk in own)
    return len(own), list(share.gather(outputs, num))

  results = run(processes, work)
  rounds = math.ceil(math.ceil(num / CHUNK) / processes)
  assert [count for count, _ in results] == [rounds] * processes
  outputs = [values for values, _ in results[0][1]]
  np.testing.assert_array_equal(np.concatenate(outputs), 2 * examples)
  # Chunk by chunk, so that sums over them have the order of one process.
  assert [len(x) for x in outputs] == [len(x) for x in split(examples)]
  for _, others in results[1:]:
    assert all(values.shape == (0, 3) for values, _ in others)


def test_the_first_process_chooses():
  choices = run(3, lambda share: share.agree(share.process == 0))
  assert choices == [True] * 3
  assert run(2, lambda share: share.agree(share.process == 1)) == [False] * 2


def test_a_run_of_one_process_shares_nothing():
  assert shares.of_run() == shares.ALONE
  assert shares.ALONE.is_first
  assert shares.ALONE.agree(True)
