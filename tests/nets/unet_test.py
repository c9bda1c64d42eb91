"""The generators of translations, and the patch critic."""

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config.translation import NETS
from jaxgan.gan import problem as problem_lib
from jaxgan.nets import encoder_decoder, layers, rrdb
from jaxgan.nets.kernels import xla
from jaxgan.nets.precision import Net

KEY = jax.random.key(0)


def build(shape, inputs='low_resolution', factor=2, **net):
  config = small.config(
    game='translation',
    translation={'input': inputs, 'factor': factor},
    net={
      'name': 'unet', 'gen_widths': (6, 4), 'critic_widths': (4, 6),
      'blocks': 1, **net,
    },
    loss={'l1': 1.0},
  )  # fmt: skip
  problem = problem_lib.build(config, shape)
  return problem.networks, problem.networks.init(KEY)


@pytest.mark.parametrize('name', NETS)
def test_a_net_of_equal_channels_starts_as_a_copy(name):
  networks, variables = build((8, 12, 3), name=name)
  z = jax.random.normal(KEY, (2, 8 * 12 * 3))
  y = jax.jit(lambda *args: networks.sample(*args))(variables.gen, z)
  np.testing.assert_allclose(y, z.reshape(2, 8, 12, 3), atol=0.1)
  assert np.abs(y - z.reshape(y.shape)).max() > 0


@pytest.mark.parametrize(
  ('up', 'name', 'norm'),
  [
    ('transposed', 'unet', 'batch'),
    ('nearest', 'unet', 'batch'),
    ('subpixel', 'unet', 'batch'),
    ('nearest', 'encoder_decoder', 'batch_spectral'),
    ('subpixel', 'rrdb', 'none'),
  ],
)
def test_odd_sides_fit(up, name, norm):
  networks, variables = build(
    (9, 7, 3), 'gray', gen_up=up, gen_norm=norm, name=name
  )
  z = jax.random.normal(KEY, (2, 63))
  y = jax.jit(lambda *args: networks.sample(*args))(variables.gen, z)
  assert y.shape == (2, 9, 7, 3)
  assert np.abs(y).max() <= 1
  generate = jax.jit(lambda *args: networks.generate(*args))
  fake, statistics = generate(variables.gen, z, KEY)
  chex.assert_tree_all_finite((fake, statistics))
  assert bool(statistics) == (norm != 'none')


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


@pytest.mark.parametrize(
  ('name', 'widths', 'sentence'),
  [
    ('unet', 4, 'gen_widths has 4 entries, each of which halves .* most 3'),
    ('rrdb', 5, 'has 5 entries, each but one of which halves .* most 4'),
    ('encoder_decoder', 5, 'each but one of which'),
  ],
)
def test_too_many_widths_get_a_sentence(name, widths, sentence):
  with pytest.raises(ValueError, match=sentence):
    build((8, 8, 3), name=name, gen_widths=(4,) * widths)


def test_instance_norm_is_that_of_each_map():
  x = 3 + 2 * jax.random.normal(KEY, (2, 4, 5, 3))
  norm = nn.compact(lambda self, x: layers.normalize(x, 'instance', Net(), 1))
  module = type('Norm', (nn.Module,), {'__call__': norm})()
  y = module.apply(module.init(KEY, x), x)
  mean, var = (f(x, (1, 2), keepdims=True) for f in (np.mean, np.var))
  np.testing.assert_allclose(y, (x - mean) / np.sqrt(var + 1e-5), atol=1e-5)
  with pytest.raises(ValueError, match='a feature map has one pixel'):
    module.init(KEY, x[:, :1, :1])


@pytest.mark.parametrize(('size', 'conv'), [(3, 'winograd'), (7, 'lax')])
def test_images_are_continued_by_their_reflection(size, conv):
  call = nn.compact(
    lambda self, x: encoder_decoder.reflected(Net(conv=conv), x, 2, size, True)
  )
  module = type('Layer', (nn.Module,), {'__call__': call})()
  x = jax.random.normal(KEY, (1, 8, 9, 3))
  variables = module.init(KEY, x)
  kernel = variables['params']['Conv_0']['kernel']
  pad = size // 2
  wide = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode='reflect')
  expected = xla.conv(jnp.asarray(wide), kernel, 1, 'VALID')
  y = module.apply(variables, x)
  assert y.shape == (1, 8, 9, 2)
  np.testing.assert_allclose(y, expected, atol=1e-5)


def test_unshuffling_is_the_inverse_of_subpixel_upsampling():
  x = jax.random.normal(KEY, (2, 6, 4, 3))
  small_maps = rrdb.unshuffle(x, 1)
  assert small_maps.shape == (2, 3, 2, 12)
  np.testing.assert_array_equal(xla.depth_to_space(small_maps), x)
  assert rrdb.unshuffle(x, 2).shape == (2, 2, 1, 48)
  square = rrdb.unshuffle(x, 2)[0, 0, 0].reshape(4, 4, 3)
  np.testing.assert_array_equal(square, x[0, :4])


def test_a_block_of_zero_kernels_adds_a_fifth():
  # Every dense block then returns its input, and the block 1 + 0.2 of it.
  x = jax.random.normal(KEY, (1, 4, 4, 4))
  block = rrdb.Block(Net())
  shapes = jax.eval_shape(lambda: block.init(KEY, x, False))
  zeros = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), shapes)
  y = jax.jit(lambda x: block.apply(zeros, x, False))(x)
  np.testing.assert_allclose(y, 1.2 * x, rtol=1e-6)


def test_blocks_work_at_the_low_resolution():
  config = small.config(
    game='translation',
    net={'name': 'rrdb', 'gen_widths': (8, 8, 8), 'blocks': 2},
  )
  described = small.problem(config, (16, 16, 3)).networks.tabulate()
  assert described.count('  Block_') == 2
  assert '[B, 4, 4, 8]' in described


def test_rrdb_has_no_norm_of_activations():
  with pytest.raises(ValueError, match='its blocks have no normalization'):
    build((8, 8, 3), name='rrdb', gen_norm='instance')
