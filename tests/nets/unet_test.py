"""U-Net and patch critic."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.gan import problem as problem_lib

KEY = jax.random.key(0)


def build(shape, inputs='low_resolution', factor=2, **net):
  config = small.config(
    game='translation',
    translation={'input': inputs, 'factor': factor},
    net={
      'name': 'unet', 'gen_widths': (6, 4), 'critic_widths': (4, 6), **net
    },
    loss={'l1': 1.0},
  )  # fmt: skip
  problem = problem_lib.build(config, shape)
  return problem.networks, problem.networks.init(KEY)


def test_a_net_of_equal_channels_starts_as_a_copy():
  networks, variables = build((8, 12, 3))
  z = jax.random.normal(KEY, (2, 8 * 12 * 3))
  y = networks.sample(variables.gen, z)
  np.testing.assert_allclose(y, z.reshape(2, 8, 12, 3), atol=0.1)
  assert np.abs(y - z.reshape(y.shape)).max() > 0


@pytest.mark.parametrize('up', ['transposed', 'nearest', 'subpixel'])
def test_odd_sides_fit(up):
  networks, variables = build((9, 7, 3), 'gray', gen_up=up, gen_norm='batch')
  y = networks.sample(variables.gen, jax.random.normal(KEY, (2, 63)))
  assert y.shape == (2, 9, 7, 3)
  assert np.abs(y).max() <= 1
  fake, statistics = networks.generate(
    variables.gen, jax.random.normal(KEY, (2, 63)), KEY
  )
  chex.assert_tree_all_finite((fake, statistics))
  assert statistics


@pytest.mark.parametrize('reads', [True, False])
def test_the_critic_scores_patches_and_may_read_the_input(reads):
  networks, variables = build((16, 16, 3), 'gray', critic_input=reads)
  x = jax.random.normal(KEY, (2, 16, 16, 3))
  labels = jnp.zeros((2, 256)), jnp.ones((2, 256))
  one, other = (
    networks.score(variables.critic, label, KEY)(x) for label in labels
  )
  assert one.shape == (2, 16)  # Patches of 4 x 4 pixels.
  assert np.allclose(one, other) != reads


def test_a_patch_depends_on_its_neighborhood_only():
  networks, variables = build((32, 32, 1), 'noise')
  x = jnp.zeros((1, 32, 32, 1))
  label = jnp.zeros((1, 1024))
  score = networks.score(variables.critic, label, KEY)
  changed = score(x.at[0, 0, 0].set(1.0)) != score(x)
  assert changed.reshape(8, 8)[0, 0]
  assert not changed.reshape(8, 8)[5:, :].any()


def test_too_many_widths_get_a_sentence():
  with pytest.raises(ValueError, match='gen_widths has 4 entries'):
    build((8, 8, 3), gen_widths=(4, 4, 4, 4))
