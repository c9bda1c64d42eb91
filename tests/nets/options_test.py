"""Options of the nets: norms, activations, initializers, heads."""

import dataclasses
import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Net, from_config_dict
from jaxgan.config.translation import NETS as TRANSLATE
from jaxgan.gan import networks as networks_lib
from jaxgan.nets import catalog, layers

KEY = jax.random.key(0)
SHAPE = (8, 8, 1)
NETS = ('mlp', 'dcgan', 'resnet')


def net(name='mlp', **keys):
  widths = {'gen_widths': (12, 8), 'critic_widths': (8, 12)}
  given = {'name': name, 'latent_size': 4, 'conv': 'lax', **widths, **keys}
  return from_config_dict({'net': given}).net


@functools.lru_cache
def made(config):
  """The nets and variables of their shapes (cheaper than `init`)."""
  pair = catalog.build(config, SHAPE)
  shapes = jax.eval_shape(
    lambda: catalog.init(pair, KEY, config.latent_size, SHAPE)
  )
  rng = np.random.default_rng(0)
  fill = lambda x: jnp.array(rng.normal(size=x.shape), x.dtype) / 4
  return pair, jax.tree.map(fill, shapes)


def kernels(params):
  return [w for w in jax.tree.leaves(params) if w.ndim > 1]


@pytest.mark.parametrize('name', small.quick(NETS, 'dcgan'))
def test_spectral_norm_divides_by_the_largest_singular_value(name):
  config = net(name, critic_norm='spectral', gen_norm='spectral')
  _, variables = made(config)
  networks = networks_lib.build(config, SHAPE)
  x, label = jnp.zeros((2, *SHAPE)), jnp.zeros(2, int)
  critic = variables.critic
  step = jax.jit(lambda v: networks.statistics(v, x, label, KEY))
  for _ in range(60):
    critic = {**step(critic), 'params': critic['params']}
  sigmas = {
    '/'.join(k.key for k in path): float(value)
    for path, value in jax.tree.leaves_with_path(critic['batch_stats'])
    if 'sigma' in path[-1].key
  }
  largest = [
    np.linalg.svd(w.reshape(-1, w.shape[-1]), compute_uv=False)[0]
    for w in kernels(critic['params'])
  ]
  assert len(sigmas) == len(largest) >= 3
  assert sorted(sigmas.values()) == pytest.approx(sorted(largest), rel=0.01)


@pytest.mark.slow
def test_a_spectral_layer_has_gradient_norm_one_at_most():
  config = net(critic_norm='spectral', critic_widths=(16, 16, 16))
  _, variables = made(config)
  # However large its weights are.
  critic = {**variables.critic}
  critic['params'] = jax.tree.map(lambda w: 50 * w, critic['params'])
  networks, label = networks_lib.build(config, SHAPE), jnp.zeros(64, int)
  x = jax.random.normal(KEY, (64, *SHAPE))
  for _ in range(30):
    critic |= networks.statistics(critic, x, label, KEY)
  score = networks.score(critic, label, KEY)
  slopes = jax.grad(lambda x: score(x).sum())(x).reshape(64, -1)
  assert np.linalg.norm(slopes, axis=1).max() < 1.01


@pytest.mark.slow
def test_dropout_is_the_same_for_equal_keys_and_off_outside_training():
  config = net(critic_dropout=0.5)
  pair, variables = made(config)
  networks, label = networks_lib.build(config, SHAPE), jnp.zeros(6, int)
  x = jnp.tile(jax.random.normal(KEY, SHAPE), (6, 1, 1, 1))
  scores = networks.score(variables.critic, label, KEY)(x)
  chex.assert_trees_all_equal(
    scores, networks.score(variables.critic, label, KEY)(x)
  )
  assert len(set(scores.tolist())) == 6, 'a mask for each example'
  other = networks.score(variables.critic, label, jax.random.key(1))(x)
  assert not np.array_equal(scores, other)
  whole = pair.critic.apply(variables.critic, x, label, train=False)
  assert len(set(whole.tolist())) == 1


def test_dropout_keeps_the_mean_of_a_linear_critic():
  config = net(critic_dropout=0.5, critic_widths=(400,))
  pair, variables = made(config)
  label = jnp.zeros(2000, int)
  x = jnp.tile(jax.random.normal(KEY, SHAPE), (2000, 1, 1, 1))
  whole = pair.critic.apply(variables.critic, x, label, train=False)[0]
  networks = networks_lib.build(config, SHAPE)
  scores = networks.score(variables.critic, label, KEY)(x)
  error = float(scores.std()) / 2000**0.5
  assert float(scores.mean()) == pytest.approx(float(whole), abs=4 * error)


@pytest.mark.parametrize('name', small.quick(NETS, 'mlp'))
def test_an_autoencoder_scores_by_its_error(name):
  config = dataclasses.replace(
    net(name), critic_head='autoencoder', critic_code_size=5
  )
  pair, variables = made(config)
  x = jax.random.uniform(KEY, (3, *SHAPE), minval=-1)
  apply = jax.jit(
    lambda method: pair.critic.apply(
      variables.critic, x, train=True, method=method
    ),
    static_argnums=0,
  )
  scores, code = apply('__call__'), apply('code')
  chex.assert_shape(code, (3, 5))
  decoded = pair.critic.apply(
    variables.critic, code, method=lambda m, c: m.decoder(c, train=True)
  )
  expected = -np.square(np.asarray(decoded) - np.asarray(x)).mean((1, 2, 3))
  np.testing.assert_allclose(scores, expected, rtol=1e-5)


@pytest.mark.parametrize('name', small.quick(NETS, 'dcgan'))
@pytest.mark.parametrize('player', ['gen', 'critic'])
def test_an_activation_is_the_named_one(name, player):
  leaky = name == 'dcgan' and player == 'critic'
  default = 'leaky_relu' if leaky else 'relu'
  plain, same, other = (
    output(net(name, **{f'{player}_activation': activation}), player)
    for activation in ('default', default, 'tanh')
  )
  chex.assert_trees_all_equal(plain, same)
  assert not np.allclose(same, other)


def output(config, player):
  pair, variables = made(config)
  shape = (3, 4) if player == 'gen' else (3, *SHAPE)
  x = jax.random.normal(KEY, shape)
  apply = functools.partial(getattr(pair, player).apply, train=False)
  return jax.jit(apply)(getattr(variables, player), x)


@pytest.mark.slow
@pytest.mark.parametrize('name', ['mlp', 'dcgan'])
def test_an_initializer_draws_every_kernel(name):
  config = net(name, init='normal', gen_widths=(64, 64), critic_widths=(64, 64))
  pair = catalog.build(config, SHAPE)
  for variables in catalog.init(pair, KEY, config.latent_size, SHAPE):
    for w in kernels(variables['params']):
      assert float(w.std()) == pytest.approx(0.02, rel=0.1 + 4 / w.size**0.5)


@pytest.mark.parametrize('name', catalog.NETS)
@pytest.mark.parametrize('key', ['init', 'gen_activation', 'critic_activation'])
def test_an_unknown_name_is_an_error(name, key):
  widths = {'gen_widths': (12, 8), 'critic_widths': (8, 12)}
  config = Net(name=name, latent_size=4, **widths, **{key: 'nonsense'})
  pair = catalog.build(config, SHAPE)
  width = 64 if name in TRANSLATE else 4  # Of a whole image.
  with pytest.raises(KeyError, match='nonsense'):
    jax.eval_shape(lambda: catalog.init(pair, KEY, width, SHAPE))


def test_orthogonal_kernels_have_orthonormal_rows():
  config = net(init='orthogonal')
  pair = catalog.build(config, SHAPE)
  variables = catalog.init(pair, KEY, config.latent_size, SHAPE)
  w = variables.critic['params']['Dense_1']['kernel']
  np.testing.assert_allclose(w @ w.T, np.eye(8), atol=1e-5)


def test_every_activation_is_a_function_of_each_value():
  x = jnp.linspace(-2, 2, 9)
  for activate in layers.ACTIVATIONS.values():
    chex.assert_trees_all_close(
      activate(x), jnp.stack([activate(v) for v in x]), atol=1e-6
    )
