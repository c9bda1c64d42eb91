"""Where the critic is penalised: each law's distribution, range and ends."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from jaxgan.config import Penalty
from jaxgan.gan import points

ODD = [jnp.nan, jnp.inf, -jnp.inf, -1.0, 0.0, 1e-30, 0.3, 1.0, 7.0]


def uniforms(count=20_000):
  return jax.random.uniform(jax.random.key(1), (count,))


@pytest.mark.parametrize('name', points.LAWS)
def test_alpha_stays_between_real_and_fake(name):
  alpha = points.LAWS[name](uniforms(), jnp.float32(0.37), Penalty())
  chex.assert_shape(alpha, (20_000,))
  assert float(alpha.min()) >= 0
  assert float(alpha.max()) <= 1


@pytest.mark.parametrize('name', points.LAWS)
@pytest.mark.parametrize('ratio', ODD)
def test_alpha_stays_between_for_any_ratio(ratio, name):
  alpha = points.LAWS[name](uniforms(), jnp.float32(ratio), Penalty())
  assert bool(jnp.all((alpha >= 0) & (alpha <= 1)))


@pytest.mark.parametrize('ratio', [0.1, 0.25, 0.6, 1.0])
def test_the_warp_is_distributed_as_t_to_the_ratio(ratio):
  alpha = points.warp(uniforms(), jnp.float32(ratio), Penalty())
  test = scipy.stats.kstest(np.asarray(alpha), lambda t: t**ratio)
  assert test.pvalue > 0.01
  assert float(alpha.mean()) == pytest.approx(ratio / (1 + ratio), abs=0.01)


def test_the_warp_keeps_its_support_near_convergence():
  alpha = points.warp(uniforms(), jnp.float32(0.0), Penalty(spread_min=0.1))
  test = scipy.stats.kstest(np.asarray(alpha), lambda t: t**0.1)
  assert test.pvalue > 0.01


def test_the_warp_at_ratio_one_is_uniform_bit_for_bit():
  u = uniforms()
  warped = jax.jit(lambda u, r: points.warp(u, r, Penalty()))(u, 1.0)
  np.testing.assert_array_equal(warped, u)


@pytest.mark.parametrize(
  ('name', 'mean'),
  [
    ('uniform', 0.5),
    ('ratio', 0.37),
    ('near_real', 0.2),
    ('near_fake', 0.8),
    ('both_ends', 0.5),
    ('midpoint', 0.5),
    ('real', 0.0),
    ('fake', 1.0),
  ],
)
def test_each_law_has_its_mean(name, mean):
  config = Penalty(static_ratio=0.25)
  alpha = points.LAWS[name](uniforms(), jnp.float32(0.37), config)
  assert float(alpha.mean()) == pytest.approx(mean, abs=0.01)


def test_both_ends_is_a_mixture_of_the_two():
  config = Penalty(static_ratio=0.25)
  alpha = points.both_ends(uniforms(), jnp.float32(1.0), config)
  mixture = lambda t: (t**0.25 + 1 - (1 - t) ** 0.25) / 2
  assert scipy.stats.kstest(np.asarray(alpha), mixture).pvalue > 0.01


def test_interpolates_lie_on_the_segment_one_alpha_per_example():
  real = jax.random.normal(jax.random.key(0), (3, 4, 5, 2))
  fake = jax.random.normal(jax.random.key(1), (3, 4, 5, 2))
  at = points.interpolate(real, fake, jnp.array([0.0, 0.5, 1.0]))
  np.testing.assert_array_equal(at[0], real[0])
  chex.assert_trees_all_close(at[1], (real[1] + fake[1]) / 2, atol=1e-6)
  chex.assert_trees_all_close(at[2], fake[2], atol=1e-6)


def test_laws_are_paired_by_their_key():
  real, fake = jnp.zeros((64, 1)), jnp.ones((64, 1))
  key, ratio = jax.random.key(5), jnp.float32(0.5)
  (uniform,) = points.build(Penalty(points='uniform'))(key, real, fake, ratio)
  (warped,) = points.build(Penalty(points='warp'))(key, real, fake, ratio)
  chex.assert_trees_all_close(warped, uniform**2, atol=1e-6)


def test_dragan_stays_near_the_real_data_and_ignores_the_fakes():
  real = jax.random.normal(jax.random.key(0), (512, 6))
  law = points.build(Penalty(points='dragan', noise=0.5))
  (one,) = law(jax.random.key(1), real, real + 100, jnp.float32(1.0))
  (two,) = law(jax.random.key(1), real, real - 100, jnp.float32(1.0))
  np.testing.assert_array_equal(one, two)
  moved = one - real
  assert float(moved.min()) >= -1e-6
  assert float(moved.max()) <= 0.5 * float(real.std()) + 1e-6
  assert float(moved.mean()) == pytest.approx(0.125, abs=0.01)


def test_no_gradient_flows_through_ratio():
  law = points.build(Penalty(points='warp'))
  real, fake = jnp.zeros((8, 2)), jnp.ones((8, 2))
  total = lambda r: law(jax.random.key(0), real, fake, r)[0].sum()
  assert float(jax.grad(total)(jnp.float32(0.5))) == 0.0


def test_an_unknown_law_lists_the_known():
  with pytest.raises(ValueError, match=r"penalty.points is 'middle'.*midpoint"):
    points.build(Penalty(points='middle'))


@pytest.mark.parametrize(('fakes', 'alphas'), [(1, 4), (4, 1)])
def test_nothing_broadcasts_along_the_batch(fakes, alphas):
  with pytest.raises(AssertionError):
    points.interpolate(jnp.ones((4, 2)), jnp.ones((fakes, 2)), jnp.ones(alphas))
