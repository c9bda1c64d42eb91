"""An evaluator that several processes share: the records of one process."""

import jax
import numpy as np
import pytest
import small
from nets import shares_test

from jaxgan.evaluation.evaluator import Evaluator, Source, make_draw
from jaxgan.evaluation.reference_data import Reference
from jaxgan.gan.generator import generator_of
from jaxgan.nets.shares import ALONE

SHAPE = (8, 8, 1)
# Of the moments alone; of all features; of balanced classes.
NAMES = ('fid600_pixels', 'kid90_digits', 'asked40_digits')
SOURCE = Source('run', 'ema', 5)
pytestmark = [
  pytest.mark.filterwarnings('ignore:A Frechet distance'),
]


@pytest.fixture(scope='module')
def generator():
  problem = small.problem(small.config(), SHAPE)
  variables = problem.networks.init(jax.random.key(0)).gen
  return generator_of(problem, variables)


def images(num, seed):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (num, *SHAPE), np.uint8)


def evaluate(generator, share=ALONE):
  """The records, and the number of examples that the progress counts."""
  counts = []
  real = Reference('d', '', images(520, 0), images(300, 1))
  evaluator = Evaluator(
    NAMES, real, seed=3, share=share,
    progress=lambda stage, num: counts.append(num),
  )  # fmt: skip
  draw = make_draw(generator, 3, share=share)
  return evaluator(draw, SOURCE), sum(counts)


@pytest.mark.slow
def test_records_do_not_depend_on_the_number_of_processes(
  generator, tmp_path, monkeypatch
):
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / '1'))
  alone, total = evaluate(generator)
  assert [record.metric for record in alone] == list(NAMES)
  assert [record.floor is None for record in alone] == [True, False, False]
  # The second time the first process alone has the features of real data.
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / '2'))
  for _ in range(2):
    first, other = shares_test.run(2, lambda share: evaluate(generator, share))
    assert first == (alone, total)
    assert other[0] == []


def test_each_process_generates_only_its_chunks(generator, monkeypatch):
  seen = []
  monkeypatch.setattr(
    type(generator), 'stream', lambda self, z: seen.append(z) or []
  )
  draw = lambda share: list(make_draw(generator, 0, share=share)(900))
  shares_test.run(2, draw)
  draw(ALONE)
  (whole,) = [z for z in seen if len(z) == 900]
  chunks = [whole[:256], whole[256:512], whole[512:768], whole[768:]]
  for z in seen[:2]:
    first = int((z[0] != whole[0]).any())
    own = np.concatenate(chunks[first::2])
    np.testing.assert_array_equal(z, own)
  assert sorted(len(z) for z in seen) == [388, 512, 900]
