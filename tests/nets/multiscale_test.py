"""Images of several sizes in one array: lengths, gradients, both nets."""

import functools

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import from_config_dict
from jaxgan.gan import networks as networks_lib
from jaxgan.gan import penalty
from jaxgan.nets import catalog, latents, multiscale

KEY = jax.random.key(0)
SHAPE = (8, 8, 2)


def net(**keys):
  given = {
    'name': 'multiscale', 'latent_size': 4, 'conv': 'lax', 'scales': 3,
    'gen_widths': (8, 6, 4), 'critic_widths': (4, 6, 8), **keys,
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
  fill = lambda x: jnp.array(rng.normal(size=x.shape), x.dtype) / 4
  return pair, jax.tree.map(fill, shapes)


def score_of(variables, num):
  networks = networks_lib.build(net(), SHAPE)
  return networks.score(variables.critic, jnp.zeros(num, int), KEY)


def normal(*shape, seed=0):
  rng = np.random.default_rng(seed)
  return jnp.array(rng.normal(size=shape), jnp.float32)


def images(num=2, seed=0):
  """Images of three sizes that are not halvings of each other."""
  return [normal(num, 8 >> i, 8 >> i, 2, seed=seed + i) for i in range(3)]


def test_unpack_inverts_pack():
  sizes = images()
  packed = multiscale.pack(sizes)
  assert packed.shape == (2, 8, 8, 6)
  chex.assert_trees_all_close(multiscale.unpack(packed, 3), sizes, atol=1e-6)


def test_packing_keeps_lengths_and_inner_products():
  one, other = images(), images(seed=5)
  inner = sum(float(jnp.sum(x * y)) for x, y in zip(one, other, strict=True))
  packed = float(jnp.sum(multiscale.pack(one) * multiscale.pack(other)))
  assert packed == pytest.approx(inner, rel=1e-4)


def test_packing_keeps_gradient_norms():
  along, sizes = images(1), images(4, seed=7)

  def score(x):
    parts = multiscale.unpack(x, 3)
    products = [
      jnp.sum(a * x, axis=(1, 2, 3)) for a, x in zip(along, parts, strict=True)
    ]
    return sum(products)

  slope = np.sqrt(sum(float(jnp.sum(a**2)) for a in along))
  found = penalty.slopes(score, multiscale.pack(sizes))
  np.testing.assert_allclose(found, slope, rtol=1e-5)


def test_a_pyramid_is_made_of_means():
  x = normal(1, 8, 8, 2)
  sizes = multiscale.pyramid(x, 3)
  assert [s.shape[1] for s in sizes] == [8, 4, 2]
  np.testing.assert_allclose(sizes[2][0, 0, 0], x[0, :4, :4].mean((0, 1)),
                             atol=1e-6)  # fmt: skip


@pytest.mark.slow
def test_critic_inputs_have_all_sizes():
  _, variables = made()
  networks = networks_lib.build(net(), SHAPE)
  raw = np.random.default_rng(0).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
  real = networks.real(raw)
  fake, _ = networks.generate(variables.gen, normal(3, 4), KEY)
  assert real.shape == fake.shape == (3, 8, 8, 6)
  whole = jnp.float32(raw) / 127.5 - 1
  chex.assert_trees_all_close(
    multiscale.unpack(real, 3), multiscale.pyramid(whole, 3), atol=1e-5
  )


@pytest.mark.slow
def test_the_generator_ends_in_an_image_at_each_size():
  pair, variables = made()
  z = normal(3, 4)
  whole = pair.gen.apply(variables.gen, z, train=False)
  packed = pair.gen.apply(variables.gen, z, train=False, method='scales')
  sizes = multiscale.unpack(packed, 3)
  chex.assert_trees_all_close(sizes[0], whole, atol=1e-6)
  for other in sizes[1:]:
    assert 0.1 < float(jnp.abs(other).max()) <= 1
  halved = multiscale.pyramid(whole, 3)
  assert float(jnp.abs(halved[1] - sizes[1]).max()) > 1e-3


@pytest.mark.slow
def test_a_critic_halves_images_that_are_not_packed():
  _, variables = made()
  x = normal(3, *SHAPE)
  score = score_of(variables, 3)
  packed = multiscale.pack(multiscale.pyramid(x, 3))
  chex.assert_trees_all_close(score(x), score(packed), rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize('size', small.quick([0, 1, 2], 2))
def test_a_score_depends_on_every_size(size):
  _, variables = made()
  score = score_of(variables, 2)
  sizes = images()
  before = score(multiscale.pack(sizes))
  sizes[size] += 1
  assert float(jnp.abs(score(multiscale.pack(sizes)) - before).min()) > 1e-3


@pytest.mark.slow
def test_with_two_scales_the_smallest_features_have_no_image():
  pair, _ = made(net(scales=2))
  z = jnp.zeros((1, 4))
  packed = jax.eval_shape(
    lambda: pair.gen.init_with_output(KEY, z, train=False, method='scales')
  )[0]
  assert packed.shape == (1, 8, 8, 4)
