"""Latents: distributions, keys, interpolation, labels in proportion."""

import chex
import jax
import numpy as np
import pytest

from jaxgan.config import Net
from jaxgan.nets import latents

KEY = jax.random.key(0)


@pytest.mark.parametrize(
  ('name', 'spread', 'furthest'),
  [
    ('normal', 1.0, np.inf),
    ('uniform', 3**-0.5, 1.0),
    # The variance of N(0, 1) within [-a, a] is 1 - 2 a phi(a) / (2 Phi(a) - 1).
    ('truncated', 0.7736**0.5, 2.0),
  ],
)
def test_a_distribution_has_its_spread_and_its_bound(name, spread, furthest):
  z = latents.of(Net(latent_size=4, latent=name)).draw(KEY, 20_000)
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


def test_interpolation_of_normal_latents_keeps_their_length():
  z = latents.Latents(256).interpolate(KEY, 9)
  lengths = np.linalg.norm(z, axis=1)
  assert lengths.min() > 0.95 * min(lengths[0], lengths[-1])
  assert lengths.max() < 1.05 * max(lengths[0], lengths[-1])
  steps = np.linalg.norm(np.diff(z, axis=0), axis=1)
  assert steps.max() < 1.1 * steps.min()


def test_interpolation_of_uniform_latents_is_straight():
  z = np.asarray(latents.Latents(256, 'uniform').interpolate(KEY, 5))
  np.testing.assert_allclose(z[2], (z[0] + z[4]) / 2, atol=1e-6)
  np.testing.assert_allclose(np.diff(z, n=2, axis=0), 0, atol=1e-6)


@pytest.mark.parametrize(
  ('counts', 'labels'),
  [
    ((7, 7, 7), [0, 1, 2] * 3),
    ((3, 1), [0, 0, 1, 0] * 3),
    ((1, 0, 4), [2, 2, 0, 2, 2] * 2),
    ((6,), [0, 0]),
  ],
)
def test_labels_proportional_labels(counts, labels):
  found = latents.proportional_labels(counts, len(labels))
  assert (found.tolist(), found.dtype) == (labels, np.int32)


def test_as_many_labels_as_examples_hold_each_class_as_often():
  counts = np.array([812, 3, 150, 0, 77, 1])
  for times in (1, 3):
    found = latents.proportional_labels(counts, times * counts.sum())
    np.testing.assert_array_equal(np.bincount(found), times * counts)


def test_any_first_labels_are_in_proportion_too():
  counts = np.array([812, 3, 150, 77, 1])
  whole = latents.proportional_labels(counts, 1000)
  shares = counts / counts.sum()
  for num in (1, 2, 10, 123, 999):
    np.testing.assert_array_equal(
      latents.proportional_labels(counts, num), whole[:num]
    )
    found = np.bincount(whole[:num], minlength=5)
    assert abs(found - num * shares).max() < 1


@pytest.mark.parametrize('name', ['normal', 'uniform', 'truncated'])
def test_each_frame_of_a_walk_is_a_draw_and_the_walk_is_a_loop(name):
  law = latents.of(Net(latent_size=4, latent=name))
  z = law.walk(KEY, 5000, 24)
  chex.assert_shape(z, (24, 5000, 4))
  drawn = np.sort(law.draw(jax.random.key(1), 5000), axis=None)
  for frame in z[::7]:
    values = np.sort(frame, axis=None)
    assert abs(values - drawn)[200:-200].max() < 0.08
  moves = np.linalg.norm(np.diff(z, axis=0, append=z[:1]), axis=(1, 2))
  assert moves.max() < 1.1 * moves.min()
  np.testing.assert_allclose(law.walk(KEY, 2, 24)[0], law.walk(KEY, 2, 8)[0])


def test_a_walk_keeps_code_and_label():
  law = latents.Latents(4, code_classes=3, code_size=1, classes=10)
  z = np.asarray(law.walk(KEY, 6, 5, label=7))
  assert (z[:, :, 4:] == z[:1, :, 4:]).all()
  assert (z[..., -3] == 1).all()
  with pytest.raises(ValueError, match=r'label is 10 and net\.classes'):
    law.walk(KEY, 6, 5, label=10)
