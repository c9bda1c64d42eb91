"""BigGAN-deep: shortcuts, the shared embedding, latents in every norm."""

import functools
import re

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.config import from_config_dict
from jaxgan.nets import biggan, catalog, latents, layers
from jaxgan.nets.precision import typed

KEY = jax.random.key(0)
SHAPE = (8, 8, 1)


def net(**keys):
  given = {
    'name': 'biggan', 'latent_size': 4, 'conv': 'lax', 'gen_norm': 'batch',
    'gen_widths': (12, 8), 'critic_widths': (8, 12), 'embed_size': 6, **keys,
  }  # fmt: skip
  return from_config_dict({'net': given}).net


@functools.lru_cache
def made(config):
  """The nets, and random variables of their shapes."""
  pair = catalog.build(config, SHAPE)
  width = latents.of(config).width
  shapes = jax.eval_shape(lambda: catalog.init(pair, KEY, width, SHAPE))
  rng = np.random.default_rng(0)
  fill = lambda x: jnp.array(rng.normal(size=x.shape), x.dtype) / 4
  return pair, jax.tree.map(fill, shapes)


def normal(*shape):
  rng = np.random.default_rng(len(shape))
  return jnp.array(rng.normal(size=shape), jnp.float32)


def flat(params):
  return {
    '/'.join(k.key for k in path): leaf
    for path, leaf in jax.tree.leaves_with_path(params)
  }


@pytest.mark.slow
def test_without_its_convolutions_a_gen_block_drops_channels():
  block = biggan.GenBlock(typed(net()), 5, True, nn.relu)
  x, condition = normal(2, 3, 3, 8), normal(2, 4)
  variables = block.init(KEY, x, condition, train=False)
  last = variables['params']['Conv_3']
  variables['params']['Conv_3'] = jax.tree.map(jnp.zeros_like, last)
  found = block.apply(variables, x, condition, train=False)
  expected = np.asarray(x[..., :5]).repeat(2, 1).repeat(2, 2)
  np.testing.assert_array_equal(found, expected)


def test_without_its_convolutions_a_critic_block_appends_channels():
  block = biggan.CriticBlock(typed(net()), 7, True, nn.relu)
  x = normal(2, 4, 4, 5)
  variables = block.init(KEY, x, train=False)
  last = variables['params']['Conv_3']
  variables['params']['Conv_3'] = jax.tree.map(jnp.zeros_like, last)
  found = block.apply(variables, x, train=False)
  pooled = np.asarray(x).reshape(2, 2, 2, 2, 2, 5).mean((2, 4))
  np.testing.assert_allclose(found[..., :5], pooled, atol=1e-6)
  new = variables['params']['Conv_4']
  expected = pooled @ np.asarray(new['kernel'])[0, 0] + np.asarray(new['bias'])
  np.testing.assert_allclose(found[..., 5:], expected, atol=1e-5)


def test_the_inner_convolutions_are_narrow():
  _, variables = made(net(gen_widths=(16, 8), critic_widths=(8, 16), depth=1))
  for player, block in (('gen', 'GenBlock_0'), ('critic', 'CriticBlock_0')):
    params = getattr(variables, player)['params'][block]
    sizes = [params[f'Conv_{i}']['kernel'].shape for i in range(4)]
    assert [s[:2] for s in sizes] == [(1, 1), (3, 3), (3, 3), (1, 1)]
    assert [s[3] for s in sizes[:3]] == [4, 4, 4]


@pytest.mark.parametrize('depth', [1, 3])
def test_there_are_so_many_blocks_for_each_size(depth):
  _, variables = made(net(depth=depth))
  for player in variables:
    blocks = [key for key in player['params'] if 'Block' in key]
    assert len(blocks) == depth


def test_every_norm_reads_one_embedding_and_the_whole_latent():
  _, variables = made(net(classes=3, gen_label='norm'))
  params = flat(variables.gen['params'])
  assert params['embed/kernel'].shape == (3, 6)
  maps = [v for k, v in params.items() if 'Block' in k and 'Dense' in k]
  assert len(maps) == 2 * 4  # Two blocks of four norms.
  assert {len(v) for v in maps} == {4 + 6}


@pytest.mark.slow
def test_latents_skip_the_first_layer():
  pair, variables = made(net(classes=3, gen_label='norm'))
  first = variables.gen['params']['Dense_0']
  params = {**variables.gen['params']}
  params['Dense_0'] = jax.tree.map(jnp.ones_like, first)
  params['Dense_0']['kernel'] = jnp.zeros_like(first['kernel'])
  law = latents.of(pair.gen.config)
  z = jnp.concatenate([law.draw(KEY, 3), law.draw(jax.random.key(1), 1)])
  images, _ = pair.gen.apply(
    {**variables.gen, 'params': params}, z, train=True, mutable='batch_stats'
  )
  for other in range(1, 4):
    assert float(jnp.abs(images[0] - images[other]).max()) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize('name', ['dcgan', 'biggan'])
def test_kernels_start_orthogonal(name):
  config = net(name=name, init='orthogonal', gen_norm='batch')
  pair = catalog.build(config, SHAPE)
  tried = 0
  for player in catalog.init(pair, KEY, 4, SHAPE):
    for path, kernel in flat(player['params']).items():
      if kernel.ndim < 2 or not np.any(kernel):  # Maps of norms start at 0.
        continue
      w = np.asarray(kernel).reshape(-1, kernel.shape[-1])
      gram = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
      np.testing.assert_allclose(gram, np.eye(len(gram)), atol=1e-5)
      tried += 1
      assert 'embed' not in path
  assert tried >= 5


def test_without_labels_the_norms_read_the_latent():
  _, variables = made(net())
  params = flat(variables.gen['params'])
  maps = [v for k, v in params.items() if 'Block' in k and 'Dense' in k]
  assert {len(v) for v in maps} == {4}
  assert 'embed/kernel' not in params


def test_both_norms_at_once():
  config = net(gen_norm='batch_spectral')
  _, variables = made(config)
  names = flat(variables.gen['batch_stats'])
  assert any('BatchNorm' in name for name in names)
  assert any('SpectralNorm' in name for name in names)
  assert set(layers.BATCH) & set(layers.SPECTRAL) == {'batch_spectral'}


@pytest.mark.parametrize(
  ('keys', 'words'),
  [
    (
      {'gen_widths': (8,) * 5},
      'net.gen_widths halves the image 4 times, but it has 8x8 pixels; both '
      'sides must be multiples of 16.',
    ),
  ],
)
def test_errors_are_one_sentence(keys, words):
  with pytest.raises(ValueError, match=f'^{re.escape(words)}$'):
    catalog.build(net(**keys), SHAPE)
