import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.nets import initializers, kernels, layers, precision
from jaxgan.nets.kernels import windows, xla

KEY = jax.random.key(0)
CONVS = (xla.conv, windows.conv)
UPS = (xla.up, windows.up)


def normal(*shape, seed=0):
  return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def scaled_kernel(k, cin, cout):
  return normal(k, k, cin, cout, seed=1) / np.float32(k * cin**0.5)


def orders(convolve, x, kernel):
  """Values, gradients, and gradients of a function of the gradients."""

  def value(x, kernel):
    out = convolve(x, kernel)
    return jnp.sum(jnp.tanh(out)), out

  def slope(x, kernel):
    grads, out = jax.grad(value, (0, 1), has_aux=True)(x, kernel)
    return sum(jnp.sum(g**2) for g in grads), (grads, out)

  return jax.grad(slope, (0, 1), has_aux=True)(x, kernel)


def agree(convs, x, kernel):
  one, other = (jax.jit(lambda x, k, c=c: orders(c, x, k)) for c in convs)
  for a, b in zip(
    jax.tree.leaves(one(x, kernel)),
    jax.tree.leaves(other(x, kernel)),
    strict=True,
  ):
    scale = max(1.0, np.abs(np.asarray(a)).max())
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize(
  ('k', 'stride', 'size', 'cin', 'cout'),
  [
    (1, 1, (4, 5), 3, 4),
    (3, 1, (6, 5), 8, 2),  # Few outputs: products come before slices.
    (3, 2, (7, 4), 2, 3),
    small.slow(5, 1, (4, 7), 8, 1),
    small.slow(5, 2, (8, 8), 1, 3),
    small.slow(5, 2, (7, 9), 3, 2),
    (5, 2, (2, 1), 2, 2),
  ],
)
def test_both_algorithms_agree_to_second_order(k, stride, size, cin, cout):
  convs = [lambda x, w, c=c: c(x, w, stride, 'SAME') for c in CONVS]
  agree(convs, normal(2, *size, cin), scaled_kernel(k, cin, cout))


@pytest.mark.slow
@pytest.mark.parametrize('pads', ['VALID', ((2, 0), (1, 3))])
@pytest.mark.parametrize('stride', [1, 2])
def test_both_algorithms_agree_on_other_paddings(pads, stride):
  x, kernel = normal(2, 6, 7, 3), scaled_kernel(3, 3, 2)
  one, other = (conv(x, kernel, stride, pads) for conv in CONVS)
  np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
  ('k', 'size', 'cin', 'cout'),
  [
    small.slow(5, (4, 4), 3, 2),
    small.slow(5, (3, 1), 8, 1),
    (3, (2, 5), 1, 3),
  ],
)
def test_both_algorithms_double_a_side_to_second_order(k, size, cin, cout):
  agree(UPS, normal(2, *size, cin), scaled_kernel(k, cin, cout))


def test_doubling_is_the_transpose_of_halving():
  x, y = normal(2, 3, 4, 2), normal(2, 6, 8, 3, seed=2)
  kernel = scaled_kernel(5, 2, 3)
  mirrored = kernel[::-1, ::-1].swapaxes(2, 3)
  up = jax.jit(windows.up)(x, kernel)
  down = xla.conv(y, mirrored, 2, 'SAME')
  np.testing.assert_allclose(np.vdot(up, y), np.vdot(x, down), rtol=1e-4)


@pytest.mark.usefixtures('float64')
@pytest.mark.slow
@pytest.mark.parametrize(
  'convolve',
  [
    lambda x, k: windows.conv(x, k, 2, 'SAME'),
    lambda x, k: windows.up(x, k),
  ],
)
def test_second_derivative_is_that_of_finite_differences(convolve):
  x, kernel, step = (
    jnp.asarray(np.random.default_rng(i).normal(size=s))
    for i, s in enumerate([(1, 3, 4, 2), (3, 3, 2, 2), (3, 3, 2, 2)])
  )

  @jax.jit
  def penalty(kernel):
    slope = jax.grad(lambda x: jnp.sum(jnp.tanh(convolve(x, kernel))))(x)
    return (jnp.sqrt(jnp.sum(slope**2)) - 1) ** 2

  found = jnp.vdot(jax.grad(penalty)(kernel), step)
  eps = 1e-5
  above, below = penalty(kernel + eps * step), penalty(kernel - eps * step)
  np.testing.assert_allclose(found, (above - below) / (2 * eps), rtol=1e-7)


def test_auto_follows_the_backend(monkeypatch):
  for backend, name in (('cpu', 'winograd'), ('gpu', 'cudnn'), ('tpu', 'lax')):
    monkeypatch.setattr(jax, 'default_backend', lambda backend=backend: backend)
    assert kernels.resolve('auto') == name
    assert kernels.resolve('auto', backend) == name
    assert kernels.resolve('lax') == 'lax'
    assert kernels.resolve('matmul') == 'matmul'
    assert kernels.resolve('winograd') == 'winograd'


@pytest.mark.slow
@pytest.mark.parametrize('make', [layers.conv, layers.up_conv])
def test_parameters_do_not_depend_on_the_algorithm(make):
  x = normal(1, 4, 4, 3)
  one, *others = (
    make(precision.Net(conv=name), 2, size=5).init(KEY, x)
    for name in ('lax', 'cudnn', 'matmul', 'winograd')
  )
  for other in others:
    chex.assert_trees_all_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize('name', layers.UPS)
@pytest.mark.parametrize('algorithm', ['lax', 'matmul'])
def test_each_upsampling_doubles_the_sides(name, algorithm):
  up = layers.UPS[name](precision.Net(conv=algorithm), 3)
  out, _ = up.init_with_output(KEY, normal(2, 4, 5, 6))
  assert out.shape == (2, 8, 10, 3)
  assert float(out.std()) > 0.1


def test_a_subpixel_convolution_is_four_phases():
  up = layers.SubpixelConv(precision.Net(conv='lax'), 1, size=1)
  x = normal(1, 2, 2, 1)
  kernel = jnp.arange(1.0, 5.0).reshape(1, 1, 1, 4)
  params = {'Conv_0': {'kernel': kernel, 'bias': jnp.zeros(4)}}
  out = up.apply({'params': params}, x)[0, :, :, 0]
  phases = np.array([[1.0, 2.0], [3.0, 4.0]])
  np.testing.assert_allclose(out, np.kron(x[0, :, :, 0], phases), rtol=1e-6)


def test_nearest_neighbors_before_a_convolution():
  up = layers.NearestConv(precision.Net(conv='lax'), 1, size=1)
  x = normal(1, 2, 3, 1)
  params = {'Conv_0': {'kernel': jnp.full((1, 1, 1, 1), 2.0),
                       'bias': jnp.ones(1)}}  # fmt: skip
  out = up.apply({'params': params}, x)[0, :, :, 0]
  expected = np.kron(x[0, :, :, 0], np.full((2, 2), 2.0)) + 1
  np.testing.assert_allclose(out, expected, rtol=1e-6)


@pytest.mark.parametrize(
  ('gain', 'down', 'up', 'variance'),
  [
    (2.0, 1, 1, 4 / (25 * 40 + 25 * 60)),
    (1.0, 1, 1, 2 / (25 * 40 + 25 * 60)),
    (2.0, 2, 1, 4 / (25 * 40 + 25 * 60 / 4)),
    (2.0, 1, 2, 4 / (25 * 40 / 4 + 25 * 60)),
  ],
)
def test_initial_variance(gain, down, up, variance):
  kernel = initializers.strided_init(gain, down, up)(KEY, (5, 5, 40, 60))
  assert float(kernel.var()) == pytest.approx(variance, rel=0.02)
  assert float(jnp.abs(kernel).max()) <= (3 * variance) ** 0.5


class Normalized(nn.Module):
  kind: str

  @nn.compact
  def __call__(self, x, train):
    return layers.normalize(x, self.kind, precision.Net(), train)


@pytest.mark.parametrize('shape', [(4, 3, 5, 2), (4, 7)])
def test_layer_norm_is_over_one_example_with_an_affine_map_per_channel(shape):
  x, (scale, bias) = 3 * normal(*shape) + 1, normal(2, shape[-1], seed=1)
  params = {'LayerNorm_0': {'scale': scale, 'bias': bias}}
  found = Normalized('layer').apply({'params': params}, x, True)
  flat = np.asarray(x, np.float64).reshape(len(x), -1)
  unit = (flat - flat.mean(1, keepdims=True)) / np.sqrt(
    flat.var(1, keepdims=True) + 1e-5
  )
  expected = unit.reshape(shape) * np.asarray(scale) + np.asarray(bias)
  np.testing.assert_allclose(found, expected, atol=1e-5)


def test_batch_norm_uses_the_batch_in_training_and_its_averages_after():
  x = 3 * normal(64, 4, 4, 2) + 1
  module = Normalized('batch')
  variables = module.init(KEY, x, False)
  out, changed = module.apply(variables, x, True, mutable=['batch_stats'])
  np.testing.assert_allclose(out.mean((0, 1, 2)), 0, atol=1e-5)
  np.testing.assert_allclose(out.std((0, 1, 2)), 1, atol=1e-3)
  stats = changed['batch_stats']['BatchNorm_0']
  np.testing.assert_allclose(stats['mean'], 0.1 * x.mean((0, 1, 2)), rtol=1e-4)
  np.testing.assert_allclose(
    module.apply(variables, x, False), x / (1 + 1e-5) ** 0.5, rtol=1e-5
  )


def test_no_norm_has_no_variables():
  assert not Normalized('none').init(KEY, normal(2, 3), False)


def test_resampling_by_hand():
  x = jnp.arange(4.0).reshape(1, 2, 2, 1)
  rows = [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
  up = layers.upsample(x)
  np.testing.assert_array_equal(up[0, :, :, 0], rows)
  np.testing.assert_array_equal(layers.mean_pool(up), x)
  np.testing.assert_array_equal(layers.mean_pool(x), [[[[1.5]]]])


def test_blurred_repetition_is_linear_interpolation():
  x = normal(2, 4, 3, 2)
  found = np.asarray(layers.blur(layers.upsample(jnp.array(x))))
  wide = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode='edge')
  for i in range(8):
    for j in range(6):
      # Three quarters of the nearer pixel and one of the next, both ways.
      rows = (i // 2 + 1, 0.75), (i // 2 + (2 if i % 2 else 0), 0.25)
      cols = (j // 2 + 1, 0.75), (j // 2 + (2 if j % 2 else 0), 0.25)
      expected = sum(a * b * wide[:, r, c] for r, a in rows for c, b in cols)
      np.testing.assert_allclose(found[:, i, j], expected, atol=1e-5)
