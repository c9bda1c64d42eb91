"""Rows as one-hot vectors, and the generator that makes such vectors."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen as nn

from jaxgan.nets import segments
from jaxgan.nets.segments import Layout

LAYOUT = Layout((0, 3, 2, 0, 4), ((1, 0), (1, 1), (1, 2), (4, 0), (4, 3)))
ROWS = jnp.array([[0.5, 2, 0, -1, 3], [-0.25, 0, 1, 0.1, 0]])


class Constant(nn.Module):
  """A generator of fixed logits; the latent has no effect."""

  logits: tuple

  def __call__(self, z, *, train):
    return jnp.broadcast_to(jnp.array(self.logits), (len(z), len(self.logits)))


def test_rows_become_one_hot_and_return():
  vectors = LAYOUT.encode(ROWS)
  np.testing.assert_allclose(
    vectors,
    [
      [0.5, 0, 0, 1, 1, 0, -1, 0, 0, 0, 1],
      [-0.25, 1, 0, 0, 0, 1, 0.1, 1, 0, 0, 0],
    ],
  )
  np.testing.assert_allclose(LAYOUT.decode(vectors), ROWS)
  packs = jnp.stack([ROWS, ROWS + 0])
  np.testing.assert_allclose(LAYOUT.encode(packs)[1], vectors)


def test_the_choice_of_a_label_is_read():
  vectors = LAYOUT.encode(ROWS)
  assert LAYOUT.chosen(vectors, jnp.array([2, 2])).tolist() == [1, 0]
  assert LAYOUT.chosen(vectors, jnp.array([4, 3])).tolist() == [1, 1]
  one_pack = LAYOUT.chosen(vectors[None], jnp.array([[0, 0]]))
  assert one_pack.tolist() == [[0, 1]]


def test_normal_noise_becomes_gumbel_noise():
  z = jax.random.normal(jax.random.key(0), (50_000,))
  noise = segments.gumbel(z)
  assert float(noise.mean()) == pytest.approx(np.euler_gamma, abs=0.02)
  assert float(noise.var()) == pytest.approx(np.pi**2 / 6, abs=0.04)
  assert np.isfinite(segments.gumbel(jnp.array([-30.0, 30.0]))).all()


def test_choices_have_the_probabilities_of_their_logits():
  logits = (0.0, 1.0, 0.0, -1.0)
  layout = Layout((0, 3))
  gen = segments.Generator(Constant(logits), layout, 2, 0.2)
  z = jax.random.normal(jax.random.key(0), (20_000, 2 + 3))
  vectors = gen.apply({}, z, train=False)
  assert (vectors[:, 0] == 0).all()  # tanh(0)
  np.testing.assert_allclose(vectors[:, 1:].sum(axis=1), 1, rtol=1e-5)
  codes = np.asarray(layout.decode(vectors)[:, 1]).astype(int)
  shares = np.bincount(codes, minlength=3) / len(codes)
  expected = np.exp(logits[1:]) / np.exp(logits[1:]).sum()
  np.testing.assert_allclose(shares, expected, atol=0.015)


@pytest.mark.slow
def test_packs_of_latents_become_packs_of_vectors():
  gen = segments.Generator(Constant((0.0,) * 11), LAYOUT, 3, 0.2)
  z = jax.random.normal(jax.random.key(0), (4, 5, 3 + 9 + 2))
  packs = gen.apply({}, z, train=True)
  assert packs.shape == (4, 5, 11)
  np.testing.assert_allclose(gen.apply({}, z[1], train=True), packs[1])
