"""Tests of the real data: reference, training and held-out examples."""

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


def test_a_run_is_compared_with_its_training_data(data):
  real = run(data)
  assert (real.name, real.split) == ('digits', FIRST)
  assert real.examples is real.train
  assert real.others is real.heldout is real.mixture is None


def test_the_floor_split_of_a_run_is_held_out(data):
  real = run(data, floor_split=REST)
  assert len(real.examples) == len(real.train) == 449
  assert real.heldout is real.others
  assert len(real.heldout) == 1348


def test_another_split_of_a_run_is_held_out(data):
  real = run(data, split=REST, floor_split=FIRST)
  assert real.split == REST
  assert real.heldout is real.examples
  assert len(real.heldout) == 1348
  np.testing.assert_array_equal(real.others, real.train)


def test_a_data_set_has_training_data_only_if_given(data):
  real = reference_data.of_data(data, floor_split=REST)
  assert real.train is real.heldout is None
  assert len(real.others) == 1348
  other = dataclasses.replace(data, split=REST)
  trained = reference_data.of_data(data, floor_split=REST, train=other)
  assert len(trained.train) == 1348
  assert trained.heldout is trained.examples
  assert len(trained.heldout) == 449


@pytest.mark.slow
def test_gaussians_have_a_mixture(data):
  toy = dataclasses.replace(data, name='gaussians8', split='train[:1%]')
  real = reference_data.of_data(toy)
  np.testing.assert_array_equal(
    real.mixture.centers, toys.mixture('gaussians8').centers
  )
  assert reference_data.of_data(data).mixture is None


def test_files(tmp_path):
  images = np.zeros((5, 4, 4, 1), np.uint8)
  path = tmp_path / 'real.npz'
  np.savez(path, images=images)
  real = reference_data.of_file(path)
  assert (real.name, real.split, real.heldout) == ('real.npz', '', None)
  trained = reference_data.of_file(path, images[:3])
  assert trained.heldout is trained.examples
  assert len(trained.train) == 3
  assert reference_data.of_file(path, images, is_train=True).heldout is None


def test_noise_in_chunks_is_that_of_one_draw():
  images = np.zeros((3, 5, 7, 1), np.uint8)
  chunks = list(reference_data.noise(images, 600, 3))
  assert [len(x) for x in chunks] == [256, 256, 88]
  whole = np.random.default_rng(3).integers(0, 256, (600, 5, 7, 1), np.uint8)
  np.testing.assert_array_equal(np.concatenate(chunks), whole)
  vectors = np.array([[0, -1, 5], [2, 1, 7]], np.float32)
  whole = np.random.default_rng(3).uniform([0, -1, 5], [2, 1, 7], (600, 3))
  chunks = np.concatenate(list(reference_data.noise(vectors, 600, 3)))
  np.testing.assert_array_equal(chunks, whole.astype(np.float32))
