"""Self-attention: its equations, its feature maps, its errors."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from jaxgan.config import from_config_dict
from jaxgan.nets import attention, catalog
from jaxgan.nets.precision import typed

KEY = jax.random.key(0)
SHAPE = (8, 8, 1)


def net(name='dcgan', **keys):
  widths = {'gen_widths': (12, 8), 'critic_widths': (8, 12)}
  given = {'name': name, 'latent_size': 4, 'conv': 'lax', **widths, **keys}
  return from_config_dict({'net': given}).net


def normal(*shape):
  return np.random.default_rng(len(shape)).normal(size=shape)


def test_attention_against_numpy():
  b, h, w, c = 2, 3, 2, 16
  x = normal(b, h, w, c)
  module = attention.SelfAttention(typed(net()), 'none')
  shapes = jax.eval_shape(lambda: module.init(KEY, jnp.array(x), train=False))
  params = {
    name: {'kernel': normal(1, 1, *size) / 2, 'bias': normal(size[1]) / 2}
    for name, size in {
      'key': (c, 2), 'query': (c, 2), 'value': (c, 8), 'out': (8, c),
    }.items()
  }  # fmt: skip
  params['gain'] = np.float64(0.7)
  assert jax.tree.map(jnp.shape, params) == jax.tree.map(
    lambda s: s.shape, shapes['params']
  )
  found = module.apply(
    {'params': jax.tree.map(jnp.float32, params)}, jnp.float32(x), train=True
  )

  places = x.reshape(b, h * w, c)
  part = lambda v, name: v @ params[name]['kernel'][0, 0] + params[name]['bias']
  expected = np.empty_like(places)
  for n, rows in enumerate(places):
    f, g, values = (part(rows, name) for name in ('key', 'query', 'value'))
    for j in range(h * w):
      share = special.softmax([f[i] @ g[j] for i in range(h * w)])
      expected[n, j] = rows[j] + 0.7 * part(share @ values, 'out')
  np.testing.assert_allclose(found, expected.reshape(x.shape), atol=1e-4)


def test_at_the_start_it_changes_nothing():
  x = jnp.float32(normal(2, 3, 3, 8))
  module = attention.SelfAttention(typed(net()), 'none')
  variables = module.init(KEY, x, train=False)
  np.testing.assert_array_equal(module.apply(variables, x, train=True), x)


@pytest.mark.parametrize('name', ['dcgan', 'resnet', 'biggan'])
@pytest.mark.parametrize('side', [0, 4])
def test_both_nets_have_it_at_the_given_side(name, side):
  config = net(name, attention=side, gen_norm='batch')
  pair = catalog.build(config, SHAPE)
  variables = jax.eval_shape(lambda: catalog.init(pair, KEY, 4, SHAPE))
  for player in variables:
    there = [key for key in player['params'] if 'SelfAttention' in key]
    assert len(there) == (side == 4)


@pytest.mark.parametrize(
  ('keys', 'words'),
  [
    (
      {'name': 'resnet', 'attention': 5},
      'net.attention is 5 and the feature maps of the generator have sides of '
      '4, 8; it must be one of these, or 0 for none.',
    ),
    (
      {'name': 'dcgan', 'attention': 2, 'critic_widths': (4,)},
      'net.attention is 2 and the feature maps of the critic have sides of 4; '
      'it must be one of these, or 0 for none.',
    ),
  ],
)
def test_a_side_that_no_map_has_is_refused(keys, words):
  config = net(**keys)
  with pytest.raises(ValueError, match=f'^{re.escape(words)}$'):
    catalog.build(config, SHAPE)
