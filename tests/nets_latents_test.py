"""Latents: their laws, their keys, and the way from one to another."""

import chex
import jax
import numpy as np
import pytest

from jaxgan.nets import latents
from jaxgan.schema import Net

KEY = jax.random.key(0)


@pytest.mark.parametrize(
  ('law', 'spread', 'furthest'),
  [
    ('normal', 1.0, np.inf),
    ('uniform', 3**-0.5, 1.0),
    # The variance of N(0, 1) within [-a, a] is 1 - 2 a phi(a) / (2 Phi(a) - 1).
    ('truncated', 0.7736**0.5, 2.0),
  ],
)
def test_a_law_has_its_spread_and_its_bound(law, spread, furthest):
  z = latents.of(Net(latent_size=4, latent=law)).draw(KEY, 20_000)
  chex.assert_shape(z, (20_000, 4))
  assert float(z.mean()) == pytest.approx(0, abs=0.02)
  assert float(z.std()) == pytest.approx(spread, rel=0.01)
  assert float(abs(z).max()) <= furthest


def test_latents_belong_to_their_key():
  law = latents.Latents(4)
  chex.assert_trees_all_equal(law.draw(KEY, 5), law.draw(KEY, 5))
  other = law.draw(jax.random.key(1), 5)
  assert not np.array_equal(law.draw(KEY, 5), other)


def test_truncation_draws_again_and_does_not_clip():
  z = latents.Latents(4).truncated(0.7).draw(KEY, 5000)
  assert float(abs(z).max()) <= 0.7
  # The edge is no more likely than its neighbourhood.
  assert float((abs(z) > 0.69).mean()) < 0.02


def test_uniform_latents_are_not_truncated():
  with pytest.raises(ValueError, match=r'is 0.7 and the latents .* uniform'):
    latents.Latents(4, 'uniform').truncated(0.7)


def test_the_way_between_normal_latents_keeps_their_length():
  z = latents.Latents(256).between(KEY, 9)
  lengths = np.linalg.norm(z, axis=1)
  assert lengths.min() > 0.95 * min(lengths[0], lengths[-1])
  assert lengths.max() < 1.05 * max(lengths[0], lengths[-1])
  steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
  assert steps.max() < 1.1 * steps.min()


def test_the_way_between_uniform_latents_is_straight():
  z = np.asarray(latents.Latents(256, 'uniform').between(KEY, 5))
  np.testing.assert_allclose(z[2], (z[0] + z[4]) / 2, atol=1e-6)
  np.testing.assert_allclose(np.diff(z, n=2, axis=0), 0, atol=1e-6)
