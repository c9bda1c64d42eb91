import dataclasses
import functools
import math
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan import config as schema
from jaxgan.nets import catalog as nets

KEY = jax.random.key(0)


def normal(shape):
  return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def config(name, gen, critic, **changes):
  return schema.Net(name=name, gen_widths=gen, critic_widths=critic, **changes)


@functools.lru_cache
def concrete(net, shape, precision='float32', latent_size=4):
  """Functions of z and x, for some variables (cheaper than `init`)."""
  pair = nets.build(net, shape, precision)
  shapes = jax.eval_shape(lambda: nets.init(pair, KEY, latent_size, shape))
  rng = np.random.default_rng(0)

  def fill(leaf):
    fan_in = math.prod(leaf.shape[:-1])
    values = rng.normal(size=leaf.shape) if leaf.ndim > 1 else 1.0
    return np.full(leaf.shape, values / fan_in**0.5, leaf.dtype)

  variables = jax.tree.map(fill, shapes)

  def run(module, variables):
    def apply(x):
      out, _ = module.apply(variables, x, train=True, mutable=['batch_stats'])
      return out

    return jax.jit(apply)

  return run(pair.gen, variables.gen), run(pair.critic, variables.critic)


# XLA's convolutions compile the fastest, and these nets take no time to run.
SMALL = {
  name: (
    config(
      name, (8, 8), (4, 8), gen_norm='batch', critic_norm='layer', conv='lax'
    ),
    shape,
  )
  for name, shape in (
    ('mlp', (4, 4, 1)),
    ('dcgan', (7, 8, 3)),
    ('resnet', (4, 6, 3)),
  )
}


@pytest.mark.parametrize('name', SMALL)
@pytest.mark.parametrize('norm', ['none', 'batch', 'layer'])
def test_parameters_and_outputs_are_float32(name, norm):
  net, shape = SMALL[name]
  net = dataclasses.replace(net, gen_norm=norm, critic_norm=norm)
  pair = nets.build(net, shape, 'bf16')

  def run():
    variables = nets.init(pair, KEY, 4, shape)
    images = pair.gen.apply(variables.gen, jnp.ones((2, 4)), train=False)
    return (
      variables,
      images,
      pair.critic.apply(variables.critic, images, train=False),
    )

  variables, *outputs = jax.eval_shape(run)
  assert {x.dtype for x in jax.tree.leaves(variables)} == {jnp.dtype('float32')}
  assert [x.dtype for x in outputs] == [jnp.float32] * 2


@pytest.mark.parametrize('name', SMALL)
def test_images_fill_their_range_and_no_more(name):
  gen, critic = concrete(*SMALL[name])
  images = gen(normal((5, 4)))
  assert 0.9 < np.abs(images).max() <= 1
  assert np.isfinite(critic(images)).all()


def test_vectors_are_not_bounded():
  gen, _ = concrete(config('mlp', (8,), (8,)), (2,))
  z = normal((5, 4))
  assert np.abs(gen(1e4 * z)).max() > 1e3


@pytest.mark.parametrize('name', SMALL)
def test_bfloat16_is_near_float32_and_not_it(name):
  net, shape = SMALL[name]
  z = normal((5, 4))
  fine, _ = concrete(net, shape)
  coarse, _ = concrete(net, shape, 'bf16')
  error = np.abs(np.asarray(fine(z)) - np.asarray(coarse(z))).max()
  assert 1e-5 < error < 0.1


@pytest.mark.parametrize('name', SMALL)
def test_permuted_examples_permute_outputs(name):
  net, shape = SMALL[name]
  order = np.array([3, 1, 4, 0, 2])
  inputs = (
    normal((5, 4)),
    normal((5, *shape)),
  )
  for apply, x in zip(concrete(net, shape), inputs, strict=True):
    np.testing.assert_allclose(
      apply(x[order]), np.asarray(apply(x))[order], atol=1e-5
    )


@pytest.mark.parametrize('name', SMALL)
@pytest.mark.parametrize('norm', ['none', 'layer', 'batch'])
def test_only_batch_norm_mixes_examples(name, norm):
  net, shape = SMALL[name]
  _, critic = concrete(dataclasses.replace(net, critic_norm=norm), shape)
  slopes = jax.jit(jax.grad(lambda x: critic(x).sum()))
  x = normal((5, *shape))
  moved = np.concatenate([3 * x[:1], x[1:]])
  change = np.abs(np.asarray(slopes(x)) - np.asarray(slopes(moved)))[1:].max()
  if norm == 'batch':
    assert change > 1e-3
  else:
    assert change < 1e-6


@pytest.mark.parametrize('name', ['dcgan', small.slow('resnet')])
def test_nets_do_not_depend_on_the_convolution(name):
  net, shape = SMALL[name]
  both = [
    concrete(dataclasses.replace(net, conv=algorithm), shape)
    for algorithm in ('lax', 'matmul')
  ]
  z = normal((5, 4))
  (gen, critic), (other_gen, other_critic) = both
  np.testing.assert_allclose(gen(z), other_gen(z), atol=1e-5)
  np.testing.assert_allclose(critic(gen(z)), other_critic(gen(z)), atol=1e-5)


def test_auto_is_decided_at_build_time(monkeypatch):
  monkeypatch.setattr(jax, 'default_backend', lambda: 'tpu')
  net, shape = SMALL['dcgan']
  pair = nets.build(dataclasses.replace(net, conv='auto'), shape)
  assert pair.gen.config.conv == pair.critic.config.conv == 'lax'


@pytest.mark.parametrize('name', SMALL)
def test_a_critic_accepts_labels(name):
  net, shape = SMALL[name]
  pair = nets.build(net, shape)

  def run(label):
    variables = nets.init(pair, KEY, 4, shape)
    z = jnp.ones((2, 4))
    images = pair.gen.apply(variables.gen, z, train=False)
    return pair.critic.apply(variables.critic, images, label, train=False)

  assert jax.eval_shape(run, jnp.zeros(2, jnp.int32)).shape == (2,)


def test_both_nets_are_initialized_differently():
  net = config('mlp', (4,), (4,))
  variables = nets.init(nets.build(net, (4,)), KEY, 4, (4,))
  one, other = (v['params']['Dense_0']['kernel'] for v in variables)
  assert np.abs(np.asarray(one) - np.asarray(other)).min() > 0


@pytest.mark.slow
def test_a_penalized_critic_trains_inside_scan():
  net, shape = config('dcgan', (4,), (4,), conv='matmul'), (4, 4, 1)
  pair = nets.build(net, shape)
  start = nets.init(pair, KEY, 4, shape).critic['params']
  x = normal((3, 5, *shape))

  def loss(params, x):
    def score(x):
      return pair.critic.apply({'params': params}, x, train=True).sum()

    norm = jnp.sqrt((jax.grad(score)(x) ** 2).sum((1, 2, 3)) + 1e-12)
    return ((norm - 1) ** 2).mean()

  def update(params, x):
    value, grads = jax.value_and_grad(loss)(params, x)
    return jax.tree.map(lambda p, g: p - 0.01 * g, params, grads), value

  end, losses = jax.jit(lambda p, x: jax.lax.scan(update, p, x))(start, x)
  expected = start
  for i in range(3):
    expected, value = jax.jit(update)(expected, x[i])
    assert float(losses[i]) == pytest.approx(float(value), rel=1e-4)
  jax.tree.map(
    lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), end, expected
  )


@pytest.mark.parametrize(
  ('net', 'shape', 'words'),
  [
    (
      config('dcgan', (8,), (8,)),
      (2,),
      "net.name is 'dcgan' and the data are vectors of 2 values; vectors "
      'need mlp or table_mlp.',
    ),
    (
      config('dcgan', (8,) * 5, (8,)),
      (9, 13, 1),
      'net.gen_widths has 5 entries, each of which halves the image; 9x13 '
      'pixels allow at most 4.',
    ),
    (
      config('dcgan', (8,) * 3, (8,) * 4),
      (8, 8, 1),
      'net.critic_widths has 4 entries, each of which halves the image; 8x8 '
      'pixels allow at most 3.',
    ),
    (
      config('resnet', (8,) * 4, (8,)),
      (28, 28, 1),
      'net.gen_widths halves the image 3 times, but it has 28x28 '
      'pixels; both sides must be multiples of 8.',
    ),
    (
      config('resnet', (8,), (8,) * 3, critic_stem='optimised'),
      (8, 12, 1),
      'net.critic_widths halves the image 3 times, but it has '
      '8x12 pixels; both sides must be multiples of 8.',
    ),
  ],
)
def test_errors_are_one_sentence(net, shape, words):
  with pytest.raises(ValueError, match=f'^{re.escape(words)}$'):
    nets.build(net, shape)


@pytest.mark.parametrize(
  ('scale', 'gen', 'critic'),
  [(2.0, (16, 8), (8, 16)), (0.3, (2, 1), (1, 2)), (0.01, (1, 1), (1, 1))],
)
@pytest.mark.parametrize('head', ['score', 'autoencoder'])
def test_one_key_scales_all_widths(scale, gen, critic, head):
  shapes = [
    jax.eval_shape(lambda net=net: nets.init(nets.build(net, (8, 8, 3)), KEY, 4,
                                             (8, 8, 3)))
    for net in (
      config('dcgan', (8, 4), (4, 8), scale=scale, critic_head=head),
      config('dcgan', gen, critic, critic_head=head),
    )
  ]  # fmt: skip
  assert jax.tree.structure(shapes[0]) == jax.tree.structure(shapes[1])
  for one, other in zip(*map(jax.tree.leaves, shapes), strict=True):
    assert one.shape == other.shape
