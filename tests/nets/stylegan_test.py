"""StyleGAN: modulation, mixing, truncation, noise, minibatch deviation."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.config import from_config_dict
from jaxgan.gan import networks as networks_lib
from jaxgan.nets import catalog, equalized, latents, stylegan
from jaxgan.nets.precision import typed

KEY = jax.random.key(0)
SHAPE = (8, 8, 1)


def net(**keys):
  given = {
    'name': 'stylegan', 'latent_size': 4, 'conv': 'lax', 'gen_widths': (8, 6),
    'critic_widths': (6, 8), 'mapping_layers': 2, 'style_size': 5, **keys,
  }  # fmt: skip
  return from_config_dict({'net': given}).net


@functools.lru_cache
def made(config=None):
  """The nets, and random variables of their shapes."""
  config = config or net()
  pair = catalog.build(config, SHAPE)
  width = latents.of(config).width
  shapes = jax.eval_shape(lambda: catalog.init(pair, KEY, width, SHAPE))
  rng = np.random.default_rng(0)

  def fill(path, x):
    # Weights of the mapping, which learns slowly, are a hundred times larger,
    # and images shall not be at the ends of their range.
    place = jax.tree_util.keystr(path)
    slow = 100 if 'params' in place and 'mapping' in place else 1
    scale = 0.05 if 'ToImage' in place and 'style' not in place else slow
    return jnp.array(scale * rng.normal(size=x.shape), x.dtype)

  return pair, jax.tree.map_with_path(fill, shapes)


def normal(*shape, seed=0):
  rng = np.random.default_rng(seed)
  return jnp.array(rng.normal(size=shape), jnp.float32)


def quiet(variables):
  """Without the noise of the layers."""
  return jax.tree.map_with_path(
    lambda path, x: 0 * x if path[-1].key == 'noise' else x, variables
  )


def test_modulation_is_a_kernel_for_each_example():
  x, kernel, style = normal(3, 5, 5, 4), normal(3, 3, 4, 2), normal(3, 4)
  found = equalized.modulated_conv(x, kernel, style, typed(net()))
  wide = np.pad(np.asarray(x), ((0, 0), (1, 1), (1, 1), (0, 0)))
  expected = np.zeros((3, 5, 5, 2))
  for n in range(3):
    own = np.asarray(kernel) * np.asarray(style)[n][:, None]
    own = own / np.sqrt(np.square(own).sum((0, 1, 2)))
    for i in range(5):
      for j in range(5):
        window = wide[n, i : i + 3, j : j + 3]
        expected[n, i, j] = np.tensordot(window, own, 3)
  np.testing.assert_allclose(found, expected, atol=1e-4)


def test_demodulation_gives_unit_variance():
  x, kernel = normal(16, 64, 64, 8), normal(3, 3, 8, 4, seed=1)
  style = jnp.exp(2 * normal(16, 8, seed=2))  # From about .02 to 50.
  inner = lambda y: np.asarray(y)[:, 1:-1, 1:-1]
  y = equalized.modulated_conv(x, kernel, style, typed(net()))
  deviations = inner(y).std((1, 2))
  assert np.abs(deviations - 1).max() < 0.1
  plain = equalized.modulated_conv(
    x, kernel, style, typed(net()), demodulate=False
  )
  assert inner(plain).std((1, 2)).max() > 5


def test_styles_switch_at_the_given_layer():
  w, other, at = normal(4, 5), normal(4, 5, seed=1), jnp.array([0, 1, 2, 3])
  styles = stylegan.mix_styles(w, other, at, 3)
  for n in range(4):
    for layer in range(3):
      expected = w[n] if layer < n else other[n]
      chex.assert_trees_all_equal(styles[n, layer], expected)


def layer_outputs(method, *args, **keys):
  pair, variables = made()
  _, state = pair.gen.apply(
    variables.gen,
    *args,
    **keys,
    method=method,
    capture_intermediates=lambda m, _: isinstance(m, stylegan.Layer),
    mutable='intermediates',
  )
  found = state['intermediates']['synthesis']
  return [found[f'Layer_{i}']['__call__'][0] for i in range(3)]


@pytest.mark.slow
@pytest.mark.parametrize('at', [0, 1, 2, 3])
def test_layers_before_the_switch_do_not_change_and_the_next_does(at):
  z, other = normal(2, 4), normal(2, 4, seed=1)
  plain = layer_outputs('__call__', z, train=False)
  mixed = layer_outputs('mix', z, other, jnp.full(2, at))
  for i in range(at):
    chex.assert_trees_all_close(mixed[i], plain[i], atol=1e-6)
  if at < 3:
    assert float(jnp.abs(mixed[at] - plain[at]).max()) > 1e-3


@pytest.mark.slow
def test_the_ends_of_mixing_are_the_two_images():
  pair, variables = made()
  z, other = normal(2, 4), normal(2, 4, seed=1)
  image = lambda z: pair.gen.apply(variables.gen, z, train=False)
  mix = lambda at: pair.gen.apply(
    variables.gen, z, other, jnp.full(2, at), method='mix'
  )
  chex.assert_trees_all_close(mix(0), image(other), atol=1e-6)
  chex.assert_trees_all_close(mix(3), image(z), atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize('share', [0.0, 1.0])
def test_a_share_of_fakes_has_a_second_style_in_training(share):
  config = net(style_mixing=share)
  pair, variables = made(config)
  gen = quiet(variables.gen)
  z = normal(16, 4)
  fakes, _ = networks_lib.build(config, SHAPE).generate(gen, z, KEY)
  plain = pair.gen.apply(gen, z, train=False)
  changed = np.abs(np.asarray(fakes - plain)).max((1, 2, 3)) > 1e-5
  assert changed.all() if share else not changed.any()


@pytest.mark.slow
def test_noise_is_new_in_training_and_fixed_outside():
  config = net(style_mixing=0.0)
  pair, variables = made(config)
  z = jnp.tile(normal(1, 4), (3, 1))
  networks = networks_lib.build(config, SHAPE)
  one, _ = networks.generate(variables.gen, z, KEY)
  again, _ = networks.generate(variables.gen, z, KEY)
  other, _ = networks.generate(variables.gen, z, jax.random.key(1))
  chex.assert_trees_all_equal(one, again)
  for different in (one[1], other[0]):
    assert float(jnp.abs(one[0] - different).max()) > 1e-3
  fixed = pair.gen.apply(variables.gen, z, train=False)
  chex.assert_trees_all_equal(fixed[0], fixed[1])


@pytest.mark.slow
def test_the_mean_style_follows_training():
  pair, variables = made()
  z = normal(6, 4)
  styles = pair.gen.apply(
    variables.gen, z, method=lambda gen, z: gen.mapping(z, train=False)
  )
  _, after = networks_lib.build(net(), SHAPE).generate(variables.gen, z, KEY)
  before = variables.gen['batch_stats']['mapping']['mean']
  expected = 0.998 * before + 0.002 * styles.mean(0)
  found = after['batch_stats']['mapping']['mean']
  chex.assert_trees_all_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_truncation_moves_styles_to_their_mean():
  pair, variables = made()
  z = normal(3, 4)
  image = lambda psi: pair.gen.clone(psi=psi).apply(
    variables.gen, z, train=False
  )
  none = image(0.0)
  chex.assert_trees_all_close(none[0], none[2], atol=1e-6)
  assert float(jnp.abs(image(1.0)[0] - image(1.0)[2]).max()) > 1e-3

  def styles(gen, z):
    w = gen.mapping(z, train=False)
    return w, gen.mapping.truncate(w, 0.25)

  w, near = pair.gen.apply(variables.gen, z, method=styles)
  mean = variables.gen['batch_stats']['mapping']['mean'][None]
  chex.assert_trees_all_close(near - mean, 0.25 * (w - mean), atol=1e-5)


def test_the_length_of_the_noise_does_not_matter_and_the_label_does():
  config = net(classes=3)
  pair, variables = made(config)
  z = latents.of(config).draw(KEY, 3, jnp.zeros(3, int))
  z = z.at[:, :4].set(z[0, :4])
  z = z.at[1, :4].multiply(3.0).at[2, 4:].set(jnp.array([0, 0, 1]))
  styles = pair.gen.apply(
    variables.gen, z, method=lambda gen, z: gen.mapping(z, train=False)
  )
  chex.assert_trees_all_close(styles[0], styles[1], rtol=1e-4, atol=1e-5)
  assert float(jnp.abs(styles[0] - styles[2]).max()) > 1e-4


@pytest.mark.parametrize(('group', 'taken'), [(2, 2), (4, 2), (6, 6)])
def test_minibatch_deviation_against_numpy(group, taken):
  x = normal(6, 2, 3, 4)
  found = np.asarray(stylegan.append_deviation(x, group))
  np.testing.assert_array_equal(found[..., :4], x)
  members = 6 // taken
  for n in range(6):
    own = np.asarray(x)[n % members :: members]
    assert len(own) == taken
    expected = own.std(0).mean()
    np.testing.assert_allclose(found[n, ..., 4], expected, rtol=1e-5)


def test_equal_examples_do_not_deviate_and_groups_of_one_are_none():
  x = jnp.tile(normal(1, 2, 2, 3), (4, 1, 1, 1))
  assert float(stylegan.append_deviation(x, 4)[..., 3].max()) < 1e-3
  assert stylegan.append_deviation(x, 1) is x


def test_a_score_depends_on_the_deviation():
  _, variables = made()
  x, label = normal(4, *SHAPE), jnp.zeros(4, int)
  networks = networks_lib.build(net(), SHAPE)
  score = networks.score(variables.critic, label, KEY)
  alike = jnp.tile(x[:1], (4, 1, 1, 1))
  assert abs(float(score(alike)[0] - score(x)[0])) > 1e-3


def test_weights_of_deviation_one_are_scaled_in_use():
  x = normal(512, 64)
  for rate in (1.0, 0.01):
    module = equalized.Dense(64, rate=rate)
    variables = module.init(KEY, x)
    kernel = np.asarray(variables['params']['kernel'])
    assert kernel.std() == pytest.approx(1 / rate, rel=0.05)
    assert np.asarray(module.apply(variables, x)).std() == pytest.approx(
      1, rel=0.05
    )
