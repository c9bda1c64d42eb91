"""What a slope costs: closed forms, finite differences, examples apart."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.config import Penalty
from jaxgan.gan import penalty


def mlp(params, x):
  """A small smooth critic, in the type of its input."""
  hidden = jnp.tanh(x.reshape(len(x), -1) @ params['a'] + params['b'][None])
  return hidden @ params['c']


def mlp_params(inputs, dtype=jnp.float32):
  keys = jax.random.split(jax.random.key(3), 3)
  return {
    'a': jax.random.normal(keys[0], (inputs, 5)).astype(dtype),
    'b': jax.random.normal(keys[1], (5,)).astype(dtype),
    'c': jax.random.normal(keys[2], (5,)).astype(dtype),
  }


def test_a_linear_critic_has_the_slope_of_its_vector():
  w = jnp.array([3.0, 4.0])
  x = jax.random.normal(jax.random.key(0), (7, 2))
  slope = penalty.slopes(lambda x: x @ w, x)
  chex.assert_shape(slope, (7,))
  chex.assert_trees_all_close(slope, jnp.full(7, 5.0), rtol=1e-6)
  cost = penalty.build(Penalty())(slope, jnp.float32(1.0))
  assert float(cost) == pytest.approx(16.0, rel=1e-6)


def test_the_norm_runs_over_all_axes_but_the_batch():
  x = jax.random.normal(jax.random.key(0), (3, 4, 5, 2))
  slope = penalty.slopes(lambda x: 2.0 * x.sum(axis=(1, 2, 3)), x)
  chex.assert_trees_all_close(slope, jnp.full(3, 2 * np.sqrt(40.0)), rtol=1e-6)


def test_a_flat_critic_has_finite_gradients():
  def loss(scale):
    score = lambda x: scale * x.sum(axis=1)
    slope = penalty.slopes(score, jnp.ones((4, 3)))
    return penalty.two_sided(slope, 1.0)

  value, gradient = jax.value_and_grad(loss)(0.0)
  assert np.isfinite(value)
  assert np.isfinite(gradient)


def test_one_sided_costs_nothing_below_the_target():
  slope = jnp.array([0.2, 1.0, 3.0])
  assert float(penalty.one_sided(slope, 1.0)) == pytest.approx(4 / 3)
  assert float(penalty.two_sided(slope, 1.0)) == pytest.approx(4.64 / 3)


def test_an_annealed_target_ends_as_r1():
  annealed = penalty.build(Penalty(sides='one', target_law='ratio'))
  slope = jnp.array([0.5, 2.0])
  assert float(annealed(slope, jnp.float32(0.0))) == pytest.approx(4.25 / 2)
  assert float(annealed(slope, jnp.float32(1.0))) == pytest.approx(0.5)
  gradient = jax.grad(lambda r: annealed(slope, r))(jnp.float32(0.5))
  assert float(gradient) == 0.0


@pytest.mark.usefixtures('float64')
def test_the_gradient_of_the_penalty_equals_finite_differences():
  params = mlp_params(6, jnp.float64)
  x = jax.random.normal(jax.random.key(9), (4, 3, 2)).astype(jnp.float64)

  def cost(params):
    gradient = jax.grad(lambda x: mlp(params, x).sum())(x)
    norm = jnp.sqrt((gradient**2).sum(axis=(1, 2)) + penalty.EPSILON)
    return penalty.two_sided(norm, 1.0)

  # The library's own norm is float32: compare it first, then differentiate.
  slope = penalty.slopes(lambda x: mlp(params, x), x)
  assert float(penalty.two_sided(slope, 1.0)) == pytest.approx(
    float(cost(params)), rel=1e-6
  )
  ours = jax.grad(
    lambda p: penalty.two_sided(penalty.slopes(lambda x: mlp(p, x), x), 1.0)
  )(params)
  step = 1e-6
  for name, value in params.items():
    for index in np.ndindex(value.shape):
      up = cost({**params, name: value.at[index].add(step)})
      down = cost({**params, name: value.at[index].add(-step)})
      finite = (up - down) / (2 * step)
      assert float(ours[name][index]) == pytest.approx(
        float(finite), rel=1e-4, abs=1e-5
      )


class Critic(nn.Module):
  """A critic with or without batch norm."""

  batch_norm: bool

  @nn.compact
  def __call__(self, x):
    x = nn.Dense(8)(x)
    if self.batch_norm:
      x = nn.BatchNorm(use_running_average=False)(x)
    return nn.Dense(1)(nn.tanh(x))[:, 0]


@pytest.mark.slow
@pytest.mark.parametrize('batch_norm', [False, True])
def test_moving_one_example_leaves_the_slopes_of_the_others_alone(batch_norm):
  critic = Critic(batch_norm)
  x = jax.random.normal(jax.random.key(0), (6, 3))
  variables = critic.init(jax.random.key(1), x)
  score = lambda x: critic.apply(variables, x, mutable=['batch_stats'])[0]
  before = penalty.slopes(score, x)
  after = penalty.slopes(score, x.at[0].add(3.0))
  untouched = bool(jnp.allclose(before[1:], after[1:], rtol=1e-6, atol=0))
  assert untouched == (not batch_norm)


def test_a_critic_with_one_score_for_all_examples_is_refused():
  with pytest.raises(AssertionError):
    penalty.slopes(lambda x: jnp.ones(5), jnp.ones((4, 3)))


def test_scores_of_patches_count_as_their_mean():
  # The mean of 2 a and 4 b has the gradient (1, 2).
  patches = lambda x: x * jnp.array([[2.0, 4.0]])
  x = jnp.array([[0.0, 1.0], [3.0, -2.0]])
  chex.assert_trees_all_close(penalty.slopes(patches, x), jnp.full(2, 5**0.5))
  v = jnp.array([[1.0, 0.0], [1.0, 1.0]])
  for scores in (None, patches(x)):
    q = penalty.finite(patches, x, v, scores, step=0.5)
    chex.assert_trees_all_close(q, jnp.array([1.0, 3.0]))
