"""The search of the largest batch, by what it compiles and what it finds."""

import math
import re

import pytest
import small

from jaxgan.training import chips, largest_batch, plan, plan_text


def line(size):
  """Memory that grows with the batch: `size` is its share of the largest."""
  return 0.2 + 0.8 * size


def refusals(size):
  """As `line`; above the memory, no number is known."""
  return line(size) if size <= 1 else math.inf


def savings(size):
  """As `line`; near the end of the memory, the compiler saves some of it."""
  return min(line(size), 0.8 + line(size) / 5)


def cliff(size):
  """Memory that tells nothing about the next batch."""
  return 0.1 if size <= 1 else 2.0


def searched(most, share=line, **arguments):
  """The answer, and the batches that were tried, if `most` fit."""
  tried = []

  def record(batch):
    tried.append(batch)
    return share(batch / most)

  return largest_batch.search(record, **arguments), tried


@pytest.mark.parametrize('most', [64, 100, 1000, 4000])
@pytest.mark.parametrize('start', [1, 64, 1024, 5000])
@pytest.mark.parametrize('share', [line, refusals, savings, cliff])
def test_the_answer_fits_and_is_within_a_sixteenth(most, start, share):
  answer, tried = searched(most, share, unit=4, start=start)
  assert most * 15 / 16 - 4 <= answer <= most
  assert answer % 4 == 0
  assert len(tried) == len(set(tried)) < 20


@pytest.mark.parametrize('start', [64, 2**20])
def test_memory_on_a_line_takes_few_compilations(start):
  answer, tried = searched(130_000, unit=4, start=start)
  assert 130_000 * 15 / 16 <= answer <= 130_000
  assert len(tried) <= 5


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


@pytest.fixture
def compiler(monkeypatch):
  """An imagined compiler: 16 MiB per example."""

  def make(config, topology):
    size = config.train.batch_size
    memory = plan.Memory(size * 2**24, 0, 0, 0)
    return plan.Plan(topology, size, memory)

  monkeypatch.setattr(plan, 'make', make)
  monkeypatch.setattr(chips, 'version', lambda: '0')


@pytest.mark.usefixtures('compiler')
@pytest.mark.parametrize('start', [8, 2048])
def test_the_text_says_what_fits_instead(start):
  config = small.config(train={'batch_size': start})
  text = plan_text.describe(config, 'v5e:2x2', search=True)
  assert text.startswith('A batch of 2048 does not fit. ') == (start == 2048)
  batch = re.search(r'batch that fits: (\d+) \(within a sixteenth', text)[1]
  assert 948 < int(batch) <= 1008  # 15.75 GiB of 16 MiB each.
  assert f'4 chip(s), batch {batch} (' in text


@pytest.mark.usefixtures('compiler')
def test_the_plan_is_that_of_the_largest_batch():
  found = largest_batch.find(small.config(), chips.parse('v5e:2x2'))
  assert found.fits
  assert 900 <= found.batch <= 1008  # 15.75 GiB of 16 MiB each.


def test_a_refusal_names_the_memory():
  def needed(sentence):
    refused = plan.Plan(chips.parse('v5e:1x1'), 64, refusal=sentence)
    return largest_batch.needed(refused)

  said = 'the total memory required for HLO temporaries (33.50G) exceeds '
  assert needed(f'{said} available HBM (15.75G).') == 33.5 * 2**30
  assert needed('Ran out of memory in memory space vmem, 20.0M.') == math.inf
  assert needed('Ran out of memory on HBM.') == math.inf
