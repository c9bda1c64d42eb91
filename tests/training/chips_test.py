"""Names of topologies, the table of chips, and the errors."""

import importlib.util

import pytest

from jaxgan.training import chips


@pytest.mark.parametrize(
  ('text', 'number', 'host'),
  [
    ('v5e:1x1', 1, (1, 1, 1)),
    ('v5e:2x2', 4, (2, 2, 1)),
    ('v5e:16x16', 256, (2, 2, 1)),
    ('v6e:1x2', 2, (1, 2, 1)),
    ('v5p:2x2x4', 16, (2, 2, 1)),
  ],
)
def test_a_topology_is_a_chip_and_a_grid(text, number, host):
  topology = chips.parse(text)
  assert (topology.chips, topology.host, str(topology)) == (number, host, text)


@pytest.mark.parametrize(
  ('text', 'sentence'),
  [
    ('v5e', 'a chip and a grid of chips, such as v5e:2x2'),
    ('v5e:4', 'a chip and a grid of chips, such as v5e:2x2'),
    ('v9:2x2', 'must be one of v4, v5e, v5p, v6e'),
    ('v5p:2x2', 'v5p has 3 axes; the grid must be like 2x2x1'),
    ('v5e:2x2x1', 'v5e has 2 axes; the grid must be like 2x2'),
    ('v5e:3x2', 'must be 1 or even'),
    ('v5e:0x2', 'must be 1 or even'),
    ('v5e:32x16', 'which is 512 chips; v5e has from 1 to 256'),
  ],
)
def test_an_unknown_topology_is_refused_in_a_sentence(text, sentence):
  with pytest.raises(ValueError, match=sentence):
    chips.parse(text)


def test_a_missing_compiler_is_named(monkeypatch):
  monkeypatch.setattr(importlib.util, 'find_spec', lambda name: None)
  with pytest.raises(ValueError, match=r"pip install 'jaxgan\[tpu\]'"):
    chips.devices(chips.parse('v5e:2x2'))


def test_the_table_agrees_with_itself():
  for name, chip in chips.CHIPS.items():
    # GB of the page against GiB that a program gets: within a tenth.
    assert 0.9 < chip.usable / chip.hbm < 1.1, name
    # All these chips compute 150 to 600 operations in the time of a byte.
    assert 150 < chip.flops / chip.bandwidth < 600, name
