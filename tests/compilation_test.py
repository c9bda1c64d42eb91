"""A program that runs once is compiled quickly and gives the same numbers."""

import jax
import numpy as np

from jaxgan import compilation


def normal(key):
  return jax.random.normal(key, (50, 20))


def test_the_numbers_are_those_of_jit():
  key = jax.random.key(0)
  found = compilation.once(normal)(key)
  np.testing.assert_allclose(found, jax.jit(normal)(key), rtol=1e-5, atol=1e-7)


def test_options_are_those_of_jit():
  double = compilation.once(lambda x, by: x * by, static_argnums=1)
  assert double(2.0, 3) == 6.0


def test_only_a_cpu_gets_its_options(monkeypatch):
  seen = []
  monkeypatch.setattr(
    jax, 'jit', lambda function, **options: seen.append(options)
  )
  for platform in ('cpu', 'tpu'):
    monkeypatch.setattr(
      jax, 'default_backend', lambda platform=platform: platform
    )
    compilation.once(normal)
  assert seen[0]['compiler_options'] == compilation._QUICK
  assert seen[1]['compiler_options'] is None
