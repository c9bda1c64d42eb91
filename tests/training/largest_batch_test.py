"""The search of the largest batch, by what it compiles and what it finds."""

import pytest
import small

from jaxgan.training import chips, largest_batch, plan


def searched(most, **arguments):
  """The answer, and the batches that were tried, if `most` fit."""
  tried = []

  def fits(batch):
    tried.append(batch)
    return batch <= most

  return largest_batch.search(fits, **arguments), tried


@pytest.mark.parametrize('most', [64, 100, 1000, 4000])
@pytest.mark.parametrize('start', [1, 64, 1024, 5000])
def test_the_answer_fits_and_is_within_a_sixteenth(most, start):
  answer, tried = searched(most, unit=4, start=start)
  assert most * 15 / 16 - 4 <= answer <= most
  assert answer % 4 == 0
  assert len(tried) == len(set(tried)) < 20


def test_a_batch_that_never_fits_is_zero():
  answer, tried = searched(7, unit=8, start=100)
  assert answer == 0
  assert tried[-1] == 8


def test_the_search_ends_at_its_limit():
  answer, tried = searched(10**9, unit=4, start=64, limit=1000)
  assert answer == max(tried) == 1000


def test_a_batch_is_shared_by_devices_groups_and_doublings():
  of = largest_batch.unit
  assert of(small.config(), chips.parse('v4:2x2x1')) == 8
  parts = small.config(train={'microbatches': 2})
  assert of(parts, chips.parse('v5e:2x2')) == 8
  doubled = small.config(train={'batch_doubles_at': (3,)})
  assert of(doubled, chips.parse('v5e:2x2')) == 8


def test_the_plan_is_that_of_the_largest_batch(monkeypatch):
  topology = chips.parse('v5e:2x2')

  def make(config, topology):
    size = config.train.batch_size
    memory = plan.Memory(size * 2**24, 0, 0, 0)
    return plan.Plan(topology, size, memory)

  monkeypatch.setattr(plan, 'make', make)
  found = largest_batch.find(small.config(), topology)
  assert found.fits
  assert 900 <= found.batch <= 1008  # 15.75 GiB of 16 MiB each.
