import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan import config
from jaxgan.gan import penalty
from jaxgan.nets import catalog
from jaxgan.nets.kernels import windows, winograd, xla


@pytest.fixture
def everywhere(monkeypatch):
  """As if Winograd were always faster."""
  for name in ('MIN_CHANNELS', 'MIN_WORK', 'KERNEL_COST'):
    monkeypatch.setattr(winograd, name, -(10**6))


def normal(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape)


def used(conv, *shapes, dtype=jnp.float32):
  """Whether a convolution is by Winograd: 36 products at once."""
  arguments = [jax.ShapeDtypeStruct(shape, dtype) for shape in shapes]
  return f'[{winograd.SIZE**2},' in str(jax.make_jaxpr(conv)(*arguments))


def loss(y):
  return jnp.sum(jnp.tanh(y))


def strided(stride, pads='SAME', conv=winograd.conv):
  return lambda x, kernel: conv(x, kernel, stride, pads)


@pytest.mark.parametrize('taps', [2, 3, 4, 5])
def test_the_constants_make_a_correlation(taps):
  a, g, b = winograd.matrices(taps)
  kernel, x = normal(taps), normal(winograd.SIZE, seed=1)
  np.testing.assert_allclose(
    a @ ((g @ kernel) * (b @ x)), np.correlate(x, kernel), rtol=1e-12
  )


def second_order(conv, x, kernel):
  """A convolution, its gradients, and gradients of their squares."""

  def value(x, kernel):
    y = conv(x, kernel)
    return loss(y), y

  def slope(x, kernel):
    grads, y = jax.grad(value, (0, 1), has_aux=True)(x, kernel)
    return sum(jnp.sum(g**2) for g in grads), (grads, y)

  return jax.jit(jax.grad(slope, (0, 1), has_aux=True))(x, kernel)


def agree(convs, *arguments, **close):
  one, other = (second_order(conv, *arguments) for conv in convs)
  for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
    largest = np.abs(np.asarray(a)).max()
    np.testing.assert_allclose(b / largest, a / largest, rtol=0, **close)


@pytest.mark.usefixtures('float64', 'everywhere')
@pytest.mark.parametrize(
  ('k', 'stride', 'size', 'pads'),
  [
    (3, 1, (8, 5), 'SAME'),  # Tiles that reach past the end.
    small.slow(3, 1, (7, 6), 'VALID'),
    small.slow(3, 1, (1, 2), 'SAME'),
    small.slow(5, 1, (6, 5), 'SAME'),  # Tiles that overlap three others.
    small.slow(4, 1, (9, 4), ((1, 2), (0, 3))),
    small.slow(2, 1, (11, 3), 'VALID'),
    small.slow(5, 2, (7, 8), 'SAME'),
    small.slow(4, 2, (8, 8), 'SAME'),
    small.slow(3, 2, (9, 8), 'SAME'),
    small.slow(9, 2, (10, 9), 'SAME'),
  ],
)
def test_it_is_the_same_convolution_to_second_order(k, stride, size, pads):
  x, kernel = (
    jnp.asarray(normal(2, *size, 3)),
    jnp.asarray(normal(k, k, 3, 2)),
  )
  plain = strided(stride, pads, xla.conv)
  assert used(strided(stride, pads), x.shape, kernel.shape)
  agree((plain, strided(stride, pads)), x, kernel, atol=1e-10)


@pytest.mark.slow
@pytest.mark.usefixtures('float64', 'everywhere')
@pytest.mark.parametrize('k', [3, 5, 7])
def test_it_is_the_same_doubling_to_second_order(k):
  x, kernel = jnp.asarray(normal(2, 5, 4, 3)), jnp.asarray(normal(k, k, 3, 2))
  assert used(winograd.up, x.shape, kernel.shape)
  agree((xla.up, winograd.up), x, kernel, atol=1e-10)


@pytest.mark.slow
@pytest.mark.usefixtures('optimized')
@pytest.mark.parametrize(
  ('x', 'kernel', 'stride'),
  [
    ((64, 7, 7, 128), (5, 5, 128, 256), 2),
    small.slow((16, 16, 16, 128), (3, 3, 128, 128), 1),
  ],
)
def test_a_reference_layer_rounds_to_1e_5_of_its_largest_number(
  x, kernel, stride
):
  assert used(strided(stride), x, kernel)
  x, kernel = (normal(*s).astype(np.float32) for s in (x, kernel))
  kernel /= np.float32(kernel.shape[0] * kernel.shape[2] ** 0.5)
  plain = strided(stride, conv=windows.conv)
  one, other = (
    jax.jit(jax.grad(lambda *a, conv=conv: loss(conv(*a)), (0, 1)))
    for conv in (plain, strided(stride))
  )
  for a, b in zip(one(x, kernel), other(x, kernel), strict=True):
    np.testing.assert_allclose(b, a, rtol=0, atol=1e-5 * np.abs(a).max())


def test_it_is_used_where_it_is_faster():
  assert used(strided(2), (64, 14, 14, 64), (5, 5, 64, 128))
  assert used(strided(1), (16, 32, 32, 32), (3, 3, 32, 32))
  assert used(winograd.up, (64, 4, 4, 256), (5, 5, 256, 128))


@pytest.mark.parametrize(
  ('x', 'kernel', 'stride', 'dtype'),
  [
    ((64, 32, 32, 31), (3, 3, 31, 64), 1, jnp.float32),  # Few channels.
    ((64, 28, 28, 64), (5, 5, 64, 1), 2, jnp.float32),
    ((64, 8, 8, 32), (3, 3, 32, 32), 1, jnp.float32),  # Little to do.
    ((16, 8, 8, 256), (5, 5, 256, 512), 2, jnp.float32),  # Few products.
    ((64, 9, 9, 256), (3, 3, 256, 256), 2, jnp.float32),  # As many products.
    ((64, 8, 8, 512), (1, 1, 512, 512), 1, jnp.float32),  # One tap.
    ((64, 16, 16, 64), (7, 7, 64, 64), 1, jnp.float32),  # Too many.
    ((16, 32, 32, 32), (3, 3, 32, 32), 1, jnp.bfloat16),  # It would round.
  ],
)
def test_it_is_not_used_elsewhere(x, kernel, stride, dtype):
  assert not used(strided(stride), x, kernel, dtype=dtype)


@pytest.mark.slow
def test_many_runs_at_once_are_as_alone():
  x, kernels = normal(2, 3, 8, 8, 64), normal(2, 3, 3, 64, 64, seed=1)
  x, kernels = (a.astype(np.float32) for a in (x, kernels))

  def squares(x, kernel):
    return jax.grad(lambda k: jnp.sum(winograd.conv(x, k, 1, 'SAME') ** 2))(
      kernel
    )

  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(winograd, 'MIN_WORK', 0)
    patch.setattr(winograd, 'KERNEL_COST', 0)
    together = jax.jit(jax.vmap(squares))(x, kernels)
    alone = [jax.jit(squares)(*one) for one in zip(x, kernels, strict=True)]
  np.testing.assert_allclose(together, np.stack(alone), rtol=1e-4, atol=1e-1)


@pytest.mark.slow
@pytest.mark.usefixtures('everywhere')
@pytest.mark.parametrize('name', ['dcgan', 'resnet'])
def test_a_penalty_does_not_depend_on_the_algorithm(name):
  net = config.Net(
    name=name,
    latent_size=4,
    gen_widths=(8, 8),
    critic_widths=(8, 8),
    # Rounding may put a ReLU's input on the other side of its kink.
    critic_activation='silu',
  )
  pair = [
    catalog.build(dataclasses.replace(net, conv=conv), (12, 12, 3))
    for conv in ('lax', 'winograd')
  ]
  variables = catalog.init(pair[0], jax.random.key(0), 4, (12, 12, 3))
  z = jnp.asarray(normal(4, 4), jnp.float32)

  def priced(params, nets):
    def score(x):
      return nets.critic.apply({'params': params}, x, train=True)

    images = nets.gen.apply(variables.gen, z, train=False)
    return penalty.two_sided(penalty.slopes(score, images), 1.0)

  one, other = (
    jax.jit(jax.value_and_grad(lambda p, nets=nets: priced(p, nets)))(
      variables.critic['params']
    )
    for nets in pair
  )
  for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
    np.testing.assert_allclose(
      b, a, rtol=0, atol=1e-5 * max(np.abs(np.asarray(a)).max(), 1e-3)
    )
