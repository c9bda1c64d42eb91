"""Grouped convolutions are those of XLA, to second order."""

import jax
import numpy as np
import pytest
import small

from jaxgan.nets import kernels
from jaxgan.nets.kernels import grouped


def normal(*shape, seed=0):
  values = np.random.default_rng(seed).normal(size=shape)
  return values.astype(np.float32)


# Size, channels and outputs per group, groups, side of the kernel.
SHAPES = {
  'several groups': ((5, 4), 3, 3, 2, 3),
  'one group': ((3, 3), 4, 4, 1, 3),
  'one channel each': ((4, 3), 1, 1, 3, 3),
  'other outputs': ((2, 3), 2, 4, 2, 3),
  'larger kernel': ((4, 5), 2, 2, 2, 5),
  'one pixel': ((1, 1), 2, 2, 2, 3),
}


@pytest.mark.usefixtures('float64')
@pytest.mark.parametrize('name', small.quick(SHAPES, 'several groups'))
def test_products_are_the_convolution_of_xla_to_second_order(name):
  size, channels, outputs, groups, k = SHAPES[name]
  x = normal(2, *size, channels * groups).astype(float)
  kernel = normal(k, k, channels, outputs * groups, seed=1).astype(float) / k
  small.agree_to_second_order(grouped.products, grouped.xla, x, kernel)


@pytest.mark.parametrize('form', [grouped.products, grouped.xla])
def test_a_group_reads_its_own_channels_alone(form):
  x, kernel = normal(1, 3, 3, 6), normal(3, 3, 2, 6, seed=1)
  moved = x.copy()
  moved[..., 2:4] += 1
  change = np.abs(np.asarray(form(moved, kernel)) - np.asarray(form(x, kernel)))
  assert change[..., 2:4].min() > 1e-3
  np.testing.assert_allclose(np.delete(change, [2, 3], axis=-1), 0, atol=1e-6)


def test_each_algorithm_has_a_form(monkeypatch):
  x, kernel = normal(1, 3, 3, 4), normal(3, 3, 2, 4, seed=1)

  def primitives(algorithm):
    program = jax.make_jaxpr(kernels.grouped_conv, static_argnums=2)
    return str(program(x, kernel, algorithm))

  for name in ('matmul', 'winograd'):
    assert 'dot_general' in primitives(name)
    assert 'conv_general_dilated' not in primitives(name)
  for name in ('lax', 'cudnn'):
    assert 'conv_general_dilated' in primitives(name)
  monkeypatch.setattr(jax, 'default_backend', lambda: 'tpu')
  assert 'conv_general_dilated' in primitives('auto')
