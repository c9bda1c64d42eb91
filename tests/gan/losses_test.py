"""Each loss equals its formula, and does what it is known for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.config import Loss
from jaxgan.gan import losses
from jaxgan.gan.losses import LOSSES

REAL = np.array([-1.5, 0.2, 0.9, 3.0])
FAKE = np.array([-2.0, -0.3, 0.4, 1.5])


def sigmoid(x):
  return 1 / (1 + np.exp(-x))


def relu(x):
  return np.maximum(x, 0)


def cross_entropy(one=1.0, zero=0.0):
  p, q = sigmoid(REAL), sigmoid(FAKE)
  real = one * np.log(p) + (1 - one) * np.log(1 - p)
  fake = zero * np.log(q) + (1 - zero) * np.log(1 - q)
  return -real.mean() - fake.mean()


# name -> (L_D, L_G), written as in the papers.
FORMULAS = {
  'wasserstein': (FAKE.mean() - REAL.mean(), -FAKE.mean()),
  'minimax': (cross_entropy(), np.log(1 - sigmoid(FAKE)).mean()),
  'nonsaturating': (cross_entropy(), -np.log(sigmoid(FAKE)).mean()),
  'least_squares': (
    ((REAL - 1) ** 2).mean() / 2 + (FAKE**2).mean() / 2,
    ((FAKE - 1) ** 2).mean() / 2,
  ),
  'hinge': (relu(1 - REAL).mean() + relu(1 + FAKE).mean(), -FAKE.mean()),
  'relativistic': (
    -np.log(sigmoid(REAL - FAKE)).mean(),
    -np.log(sigmoid(FAKE - REAL)).mean(),
  ),
  'energy': (-REAL.mean() + relu(1.2 + FAKE).mean(), -FAKE.mean()),
}


def of(name, **keys):
  return losses.build(Loss(name=name, **keys))


@pytest.mark.parametrize('name', LOSSES)
def test_a_loss_is_its_formula(name):
  pair = of(name, margin=1.2)
  found = [float(f(jnp.array(REAL), jnp.array(FAKE))) for f in pair[:2]]
  assert found == pytest.approx(FORMULAS[name], rel=1e-6)


@pytest.mark.parametrize('name', LOSSES)
def test_the_two_play_against_each_other(name):
  pair = of(name)
  # Within the labels, the hinges and the margin of all.
  scores = jnp.array([0.4]), jnp.array([0.3])
  critic = jax.grad(pair.critic, argnums=(0, 1))(*scores)
  assert critic[0] < 0 < critic[1], 'the critic parts real from fake'
  assert jax.grad(pair.gen, argnums=1)(*scores) < 0, 'fakes want to rise'


@pytest.mark.parametrize('name', LOSSES)
def test_sure_scores_are_finite_and_so_are_their_slopes(name):
  pair = of(name)
  for sign in (-1e4, 1e4):
    scores = jnp.full((3,), sign), jnp.full((3,), -sign)
    for loss in pair[:2]:
      value, slopes = jax.value_and_grad(loss, argnums=(0, 1))(*scores)
      assert jnp.isfinite(jnp.stack([value, *map(jnp.sum, slopes)])).all()


def test_minimax_saturates_and_its_cure_does_not():
  sure = jnp.array([5.0]), jnp.array([-20.0])
  slope = {
    name: float(jax.grad(of(name).gen, argnums=1)(*sure)[0])
    for name in ('minimax', 'nonsaturating')
  }
  assert abs(slope['minimax']) < 1e-8
  assert slope['nonsaturating'] == pytest.approx(-1)


@pytest.mark.parametrize('name', ['minimax', 'nonsaturating'])
def test_smoothing_moves_the_labels(name):
  pair = of(name, smooth_real=0.1, smooth_fake=0.2)
  found = float(pair.critic(jnp.array(REAL), jnp.array(FAKE)))
  assert found == pytest.approx(cross_entropy(one=0.9, zero=0.2), rel=1e-6)
  # The best score is the logit of the label, where it is infinite without.
  best = jnp.log(jnp.array([9.0])), jnp.log(jnp.array([0.25]))
  slopes = jax.grad(pair.critic, argnums=(0, 1))(*best)
  assert [float(s[0]) for s in slopes] == pytest.approx([0, 0], abs=1e-6)


def test_smoothed_squares_aim_at_their_labels():
  pair = of('least_squares', smooth_real=0.1, smooth_fake=0.2)
  assert float(pair.critic(jnp.array([0.9]), jnp.array([0.2]))) == 0
  assert float(pair.gen(jnp.array([0.0]), jnp.array([1.0]))) == 0


def test_an_unknown_loss_lists_the_known():
  with pytest.raises(ValueError, match=r"loss.name is 'bce'.*energy, hinge"):
    of('bce')


def test_beyond_the_margin_a_fake_is_left_alone():
  pair = of('energy', margin=2.0)
  slope = jax.grad(pair.critic, argnums=1)
  inside, outside = jnp.array([-1.9]), jnp.array([-2.1])
  assert float(slope(jnp.zeros(1), inside)[0]) == 1
  assert float(slope(jnp.zeros(1), outside)[0]) == 0


def test_pulling_away_is_the_mean_squared_cosine_of_pairs():
  codes = np.random.default_rng(0).normal(size=(5, 3))
  unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
  pairs = [(unit[i] @ unit[j]) ** 2 for i in range(5) for j in range(i)]
  found = float(losses.pull_away(jnp.array(codes, jnp.float32)))
  assert found == pytest.approx(np.mean(pairs), rel=1e-5)


def test_pulling_away_of_equal_and_of_orthogonal_codes():
  assert float(losses.pull_away(jnp.ones((4, 3)))) == pytest.approx(1)
  assert float(losses.pull_away(3 * jnp.eye(4))) == pytest.approx(0, abs=1e-6)
  slopes = jax.grad(losses.pull_away)(jnp.zeros((4, 3)))
  assert jnp.isfinite(slopes).all()
