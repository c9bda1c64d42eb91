"""Which real data were trained on, and which were not."""

import dataclasses

import numpy as np
import pytest
import small

from jaxgan.config import Data
from jaxgan.data import sources
from jaxgan.data.builders import toys
from jaxgan.evaluation import reference_data

FIRST, REST = 'train[:25%]', 'train[25%:]'


@pytest.fixture(scope='module')
def data(tmp_path_factory):
  return Data(
    name='digits', split=FIRST, dir=str(tmp_path_factory.mktemp('data'))
  )


def run(data, **evaluation):
  config = small.config(eval=evaluation)
  config = dataclasses.replace(config, data=data)
  return reference_data.of_run(config, sources.load(data))


def test_a_run_compares_with_its_own_data(data):
  found = run(data)
  assert (found.name, found.split) == ('digits', FIRST)
  assert found.examples is found.train
  assert found.others is found.heldout is found.mixture is None


def test_of_a_run_the_floor_is_held_out(data):
  found = run(data, floor_split=REST)
  assert len(found.examples) == len(found.train) == 449
  assert found.heldout is found.others
  assert len(found.heldout) == 1348


def test_of_a_run_another_split_is_held_out(data):
  found = run(data, split=REST, floor_split=FIRST)
  assert found.split == REST
  assert found.heldout is found.examples
  assert len(found.heldout) == 1348
  np.testing.assert_array_equal(found.others, found.train)


def test_names_know_no_training_unless_told(data):
  found = reference_data.of_data(data, floor_split=REST)
  assert found.train is found.heldout is None
  assert len(found.others) == 1348
  other = dataclasses.replace(data, split=REST)
  told = reference_data.of_data(data, floor_split=REST, train=other)
  assert len(told.train) == 1348
  assert told.heldout is told.examples
  assert len(told.heldout) == 449


def test_gaussians_have_known_modes(data):
  toy = dataclasses.replace(data, name='gaussians8', split='train[:1%]')
  found = reference_data.of_data(toy)
  np.testing.assert_array_equal(
    found.mixture.centres, toys.mixture('gaussians8').centres
  )
  assert reference_data.of_data(data).mixture is None


def test_files(tmp_path):
  images = np.zeros((5, 4, 4, 1), np.uint8)
  path = tmp_path / 'real.npz'
  np.savez(path, images=images)
  found = reference_data.of_file(path)
  assert (found.name, found.split, found.heldout) == ('real.npz', '', None)
  told = reference_data.of_file(path, images[:3])
  assert told.heldout is told.examples
  assert len(told.train) == 3
  assert reference_data.of_file(path, images, seen=True).heldout is None
