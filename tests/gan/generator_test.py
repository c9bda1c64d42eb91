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


def of_vectors():
  """A generator of vectors with its variables on the host, and latents."""
  config = small.config()
  problem = small.problem(config, (3,))
  variables = jax.device_get(problem.networks.init(KEY).gen)
  z = jax.random.normal(KEY, (300, config.net.latent_size))
  return generator.generator_of(problem, variables), z


def limit(monkeypatch, devices):
  local = jax.devices()[:devices]
  monkeypatch.setattr(jax, 'local_devices', lambda: local)


@pytest.mark.slow
def test_a_stream_gives_equal_samples_on_any_number_of_devices(monkeypatch):
  gen, z = of_vectors()
  whole = gen.generate(jnp.pad(z, ((0, 212), (0, 0))))[:300]
  for devices in (1, 3, 8):
    limit(monkeypatch, devices)
    chunks = list(gen.stream(z))
    assert [len(chunk) for chunk in chunks] == [256, 44]
    np.testing.assert_allclose(
      np.concatenate(chunks), whole, rtol=1e-5, atol=1e-6
    )
  limit(monkeypatch, 1)
  halves = [z[:256], jnp.pad(z[256:], ((0, 212), (0, 0)))]
  for chunk, half in zip(gen.stream(z), halves, strict=True):
    # Bit for bit, so that the samples of a seed stay the same.
    np.testing.assert_array_equal(chunk, gen.generate(half)[: len(chunk)])


def test_a_stream_copies_the_variables_to_all_devices_once(monkeypatch):
  gen, z = of_vectors()
  limit(monkeypatch, 3)
  generate, calls = generator._generate(gen.problem.networks, 1.0), []

  def note(variables, z):
    calls.append((jax.tree.leaves(variables), z))
    return generate(variables, z)

  monkeypatch.setattr(generator, '_generate', lambda networks, psi: note)
  list(gen.stream(z))
  (first, z_first), (second, _) = calls
  assert all(one is two for one, two in zip(first, second, strict=True))
  for leaf in first:
    assert leaf.sharding.is_fully_replicated
    assert leaf.devices() == z_first.devices() == set(jax.local_devices())
  assert not z_first.sharding.is_fully_replicated


def test_the_two_ranges_are_inverse_to_each_other():
  every = np.arange(256, dtype=np.uint8)
  inside = to_float(jnp.asarray(every))
  assert (float(inside[0]), float(inside[-1])) == (-1.0, 1.0)
  np.testing.assert_array_equal(to_uint8(inside), every)
  np.testing.assert_array_equal(to_uint8(np.array([-9.0, 9.0])), [0, 255])


def test_vectors_have_no_range():
  vector = jnp.array([[-7.0, 9.0]])
  chex.assert_trees_all_equal(to_float(vector), vector)
