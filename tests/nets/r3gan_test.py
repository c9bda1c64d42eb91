"""R3GAN: both nets against plain numpy, their start, sizes and labels."""

import functools
import math
import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import from_config_dict
from jaxgan.gan import penalty
from jaxgan.nets import catalog, latents, layers, r3gan, resample
from jaxgan.nets.precision import typed

KEY = jax.random.key(0)
SHAPE = (7, 6, 2)  # Both nets round up: 7x6, 4x3, 2x2.


def net(**keys):
  given = {
    'name': 'r3gan', 'latent_size': 4, 'conv': 'matmul', 'group_width': 4,
    'gen_widths': (8, 6, 6), 'critic_widths': (6, 6, 8), 'depth': 1, **keys,
  }  # fmt: skip
  return from_config_dict({'net': given}).net


@functools.lru_cache
def made(config, shape=SHAPE, precision='float32'):
  """The nets, and random variables of their shapes."""
  pair = catalog.build(config, shape, precision)
  width = latents.of(config).width
  shapes = jax.eval_shape(lambda: catalog.init(pair, KEY, width, shape))
  rng = np.random.default_rng(0)

  def fill(leaf):
    fan_in = math.prod(leaf.shape[:-1])
    return jnp.array(rng.normal(size=leaf.shape) / fan_in**0.5, leaf.dtype)

  return pair, jax.tree.map(fill, shapes)


def applied(config, z, images, precision='float32', label=None):
  """Images and scores, for random variables."""
  pair, variables = made(config, SHAPE, precision)

  def run(variables):
    return (
      pair.gen.apply(variables.gen, z, train=False),
      pair.critic.apply(variables.critic, images, label, train=False),
    )

  return jax.jit(run)(variables)


def started(config, shape=SHAPE):
  pair = catalog.build(config, shape)
  width = latents.of(config).width
  return pair, catalog.init(pair, KEY, width, shape)


def normal(*shape):
  rng = np.random.default_rng(len(shape))
  return jnp.array(rng.normal(size=shape), jnp.float32)


class Plain:
  """The equations in numpy, one pixel and one channel at a time."""

  def __init__(self, params):
    self.params = jax.tree.map(np.asarray, params)
    self.used = {}

  def next(self, kind):
    """The parameters of the next module of a class, in the order of calls."""
    i = self.used[kind] = self.used.get(kind, -1) + 1
    return self.params[f'{kind}_{i}']

  def linear(self, x, outputs):
    kernel = self.next('Dense')['kernel']
    assert kernel.shape == (x.shape[-1], outputs)
    return x @ kernel

  def block(self, x, width):
    params = self.next('Block')
    first, middle, last = (params[k] for k in ('Dense_0', 'Conv_0', 'Dense_1'))
    assert first['kernel'].shape == (x.shape[-1], 2 * x.shape[-1])
    assert set(last) == {'kernel'}
    h = leaky(x @ first['kernel'] + first['bias'])
    h = leaky(convolve(h, middle['kernel'], width) + middle['bias'])
    return x + h @ last['kernel']


def leaky(x):
  return np.where(x > 0, x, 0.2 * x)


def convolve(x, kernel, width):
  """3x3, `SAME`; output o reads the channels of its group of `width`."""
  _, h, w, c = x.shape
  assert kernel.shape == (3, 3, width, c)
  wide = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
  y = np.zeros(x.shape)
  for i, j, o in np.ndindex(h, w, c):
    start = o // width * width
    window = wide[:, i : i + 3, j : j + 3, start : start + width]
    y[:, i, j, o] = np.sum(window * kernel[None, ..., o], axis=(1, 2, 3))
  return y


def blurred(x, axis):
  x = np.moveaxis(x, axis, 0)
  wide = np.concatenate([x[:1], x, x[-1:]])
  return np.moveaxis((wide[:-2] + 2 * x + wide[2:]) / 4, 0, axis)


def double(x, h, w):
  x = x.repeat(2, axis=1).repeat(2, axis=2)
  return blurred(blurred(x, 1), 2)[:, :h, :w]


def halve(x):
  x = np.pad(x, [(0, 0), *((0, n % 2) for n in x.shape[1:3]), (0, 0)], 'edge')
  x = blurred(blurred(x, 1), 2)
  return sum(x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)) / 4


def test_the_generator_is_that_of_numpy():
  config, z = net(), normal(3, 4)
  _, variables = made(config)
  plain = Plain(variables.gen['params'])
  x = plain.linear(np.asarray(z), 8)[:, None, None]
  x = plain.block(x * plain.next('GenBasis')['basis'], 4)
  assert x.shape[1:] == (2, 2, 8)
  x = plain.block(double(plain.linear(x, 6), 4, 3), 4)
  x = plain.block(double(x, 7, 6), 4)  # Equal widths: no 1x1 convolution.
  expected = np.tanh(plain.linear(x, 2))
  assert np.abs(expected).std() > 0.1
  found, _ = applied(config, z, normal(3, *SHAPE))
  np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_critic_is_that_of_numpy():
  config, images = net(), normal(3, *SHAPE)
  _, variables = made(config)
  plain = Plain(variables.critic['params'])
  x = plain.block(plain.linear(np.asarray(images), 6), 4)
  x = plain.block(halve(x), 4)
  x = plain.block(plain.linear(halve(x), 8), 4)
  assert x.shape[1:] == (2, 2, 8)
  x = np.sum(x * plain.next('CriticBasis')['basis'], axis=(1, 2))
  head = plain.next('Dense')
  expected = x @ head['kernel'][:, 0] + head['bias']
  _, found = applied(config, normal(3, 4), images)
  np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_resampling_is_the_filter_that_stylegan_has():
  x = normal(2, 4, 6, 3)
  up = layers.blur(layers.upsample(x))
  np.testing.assert_allclose(resample.double(x, (8, 12)), up, atol=1e-6)
  down = layers.mean_pool(layers.blur(x))
  np.testing.assert_allclose(resample.halve(x), down, atol=1e-6)


@pytest.mark.slow
def test_blocks_return_their_input_at_first():
  block = r3gan.Block(typed(net()), 4, layers.leaky_relu)
  x = normal(2, 3, 3, 6)
  variables = block.init(KEY, x)
  np.testing.assert_array_equal(block.apply(variables, x), x)
  grads = jax.grad(lambda v: jnp.sum(block.apply(v, x) ** 2))(variables)
  assert np.abs(grads['params']['Dense_1']['kernel']).max() > 0.1


@pytest.mark.slow
def test_initial_kernels_follow_the_depth_of_the_net():
  """Variances 2 / 1.04 / fan-in / sqrt(L), and the first maps are of 1."""
  keys = {'gen_widths': (64, 64), 'depth': 2, 'group_width': 16}
  _, variables = started(net(**keys), (8, 8, 1))
  params = jax.tree.map(np.asarray, variables.gen['params'])
  assert sorted(k for k in params if 'Block' in k) == [
    f'Block_{i}' for i in range(4)
  ]
  std = np.sqrt(2 / 1.04 / 2)
  first, middle = (
    params['Block_3'][k]['kernel'] for k in ('Dense_0', 'Conv_0')
  )
  assert first.std() == pytest.approx(std / 64**0.5, rel=0.05)
  assert middle.shape == (3, 3, 16, 128)
  assert middle.std() == pytest.approx(std / 144**0.5, rel=0.05)
  assert params['GenBasis_0']['basis'].std() == pytest.approx(1, rel=0.05)
  for block in ('Block_0', 'Block_3'):
    assert not params[block]['Dense_1']['kernel'].any()


# (H, W) and number of widths.
SIZES = {
  '8': ((8, 8), 2), '28': ((28, 28), 4), '32': ((32, 32), 4),
  '64': ((64, 64), 5), 'wide': ((24, 41), 3), 'deepest': ((5, 3), 4),
  'one width': ((6, 9), 1),
}  # fmt: skip


@pytest.mark.parametrize('channels', [1, small.slow(3)])
@pytest.mark.parametrize('name', small.quick(SIZES, '28', 'wide'))
def test_any_size(name, channels):
  (h, w), depth = SIZES[name]
  shape = h, w, channels
  config = net(gen_widths=(8,) * depth, critic_widths=(8,) * depth)
  pair = catalog.build(config, shape)

  def run():
    variables = catalog.init(pair, KEY, 4, shape)
    images = pair.gen.apply(variables.gen, jnp.zeros((3, 4)), train=False)
    return images, pair.critic.apply(variables.critic, images, train=False)

  images, scores = jax.eval_shape(run)
  assert images.shape == (3, *shape)
  assert scores.shape == (3,)


def test_groups_divide_the_channels():
  """Of width 5 are blocks of 10 channels: 2 is their divisor with 4."""
  for width, channels in ((5, 2), (6, 4), (8, 4)):
    pair = catalog.build(net(critic_widths=(width,)), (4, 4, 1))
    shapes = jax.eval_shape(lambda n=pair: catalog.init(n, KEY, 4, (4, 4, 1)))
    kernel = shapes.critic['params']['Block_0']['Conv_0']['kernel']
    assert kernel.shape == (3, 3, channels, 2 * width)


def test_labels_are_embedded_and_projected():
  config = net(classes=3, critic_label='projection', embed_size=5)
  _, variables = made(config)
  params = variables.gen['params']
  assert params['embed']['kernel'].shape == (3, 5)
  assert params['Dense_0']['kernel'].shape == (4 + 5, 8)
  critic = variables.critic['params']
  assert critic['Dense_0']['kernel'].shape == (8, 1)
  assert critic['Dense_1']['kernel'].shape == (3, 8)  # The class embedding.
  z = jnp.concatenate([jnp.ones((3, 4)), jnp.eye(3)], axis=1)
  images = jnp.tile(normal(1, *SHAPE), (3, 1, 1, 1))
  fakes, scores = applied(config, z, images, label=jnp.arange(3))
  assert len(set(np.asarray(scores).round(4).tolist())) == 3
  assert np.abs(np.asarray(fakes[0] - fakes[1])).max() > 1e-3


def test_bfloat16_is_near_float32_and_not_it():
  z, images = normal(3, 4), normal(3, *SHAPE)
  outputs = [applied(net(), z, images, p) for p in ('float32', 'bf16')]
  assert {x.dtype for each in outputs for x in each} == {jnp.dtype('float32')}
  for fine, coarse in zip(*outputs, strict=True):
    assert 1e-5 < float(np.abs(fine - coarse).max() / np.abs(fine).max()) < 0.1


@pytest.mark.parametrize('begin', [made, small.slow(started)])
def test_the_gradient_of_the_penalty_is_finite(begin):
  """Also at the start, and for images without contrast."""
  pair, variables = begin(net())
  images = jnp.concatenate([jnp.zeros((1, *SHAPE)), normal(2, *SHAPE)])

  def r1(critic):
    score = lambda x: pair.critic.apply(critic, x, train=True)
    return jnp.mean(jnp.square(penalty.slopes(score, images)))

  value, grads = jax.jit(jax.value_and_grad(r1))(variables.critic)
  assert float(value) > 0
  chex.assert_tree_all_finite(grads)
  assert np.abs(grads['params']['CriticBasis_0']['basis']).max() > 0


@pytest.mark.slow
def test_both_nets_do_not_depend_on_the_convolution():
  z, images = normal(3, 4), normal(3, *SHAPE)
  outputs = [applied(net(conv=c), z, images) for c in ('lax', 'matmul')]
  chex.assert_trees_all_close(*outputs, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_a_run_takes_steps():
  keys = {f'{player}_widths': (8, 8) for player in ('gen', 'critic')}
  config = small.config(
    net={'name': 'r3gan', 'conv': 'matmul', **keys},
    penalty={'preset': 'r1', 'weight': 0.5},
  )
  _, history = small.run(config, 3)
  assert all(np.isfinite(list(metrics.values())).all() for metrics in history)


def test_too_many_widths_are_one_sentence():
  sentence = (
    'net.critic_widths halves the image 4 times; 8x5 pixels allow at most 3.'
  )
  with pytest.raises(ValueError, match=f'^{re.escape(sentence)}$'):
    catalog.build(net(critic_widths=(8,) * 5), (8, 5, 1))
