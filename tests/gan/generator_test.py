"""Samples: their range and their shapes."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.gan import generator
from jaxgan.types import to_float, to_uint8

KEY = jax.random.key(0)


@pytest.mark.parametrize(
  ('shape', 'dtype'), [((6, 5, 1), np.uint8), ((3,), np.float32)]
)
def test_samples_come_as_images_or_vectors(shape, dtype):
  config = small.config()
  problem = small.problem(config, shape)
  variables = problem.networks.init(KEY).gen
  z = jax.random.normal(KEY, (7, config.net.latent_size))
  samples = generator.generator_of(problem, variables).generate(z)
  assert samples.shape == (7, *shape)
  assert samples.dtype == dtype


def test_the_two_ranges_are_inverse_to_each_other():
  every = np.arange(256, dtype=np.uint8)
  inside = to_float(jnp.asarray(every))
  assert (float(inside[0]), float(inside[-1])) == (-1.0, 1.0)
  np.testing.assert_array_equal(to_uint8(inside), every)
  np.testing.assert_array_equal(to_uint8(np.array([-9.0, 9.0])), [0, 255])


def test_vectors_have_no_range():
  vector = jnp.array([[-7.0, 9.0]])
  chex.assert_trees_all_equal(to_float(vector), vector)
