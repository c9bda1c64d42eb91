"""Upsampling folded into the kernel: as if the image were upsampled first."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.nets import kernels, layers
from jaxgan.nets.kernels import nearest, xla
from jaxgan.nets.precision import Net


@pytest.mark.parametrize(
  'algorithm', small.quick(['lax', 'cudnn', 'matmul', 'winograd'], 'lax')
)
@pytest.mark.parametrize('k', small.quick([1, 3, 5, 7], 3, 5))
@pytest.mark.usefixtures('float64')
def test_it_equals_the_convolution_of_the_upsampled_image(algorithm, k):
  rng = np.random.default_rng(k)
  x = jnp.asarray(rng.normal(size=(2, 3, 4, 2)))
  kernel = jnp.asarray(rng.normal(size=(k, k, 2, 3)))
  folded = lambda x, kernel: kernels.nearest_conv(x, kernel, algorithm)
  plain = lambda x, kernel: xla.conv(layers.upsample(x), kernel, 1, 'SAME')
  small.agree_to_second_order(folded, plain, x, kernel)


def test_a_kernel_of_ones_counts_its_taps():
  folded = nearest.fold(jnp.ones((5, 5, 1, 1)))
  assert folded.shape == (3, 3, 1, 4)
  # The even pixel of a row has 2, 2 and 1 taps on its neighbors, the odd one
  # 1, 2 and 2.
  np.testing.assert_array_equal(
    folded[:, :, 0, 0], np.outer([2, 2, 1], [2, 2, 1])
  )
  np.testing.assert_array_equal(
    folded[:, :, 0, 1], np.outer([2, 2, 1], [1, 2, 2])
  )


def test_the_parameters_are_those_of_a_convolution():
  class Plain(nn.Module):
    @nn.compact
    def __call__(self, x):
      return layers.conv(Net(conv='lax'), 3, 5)(layers.upsample(x))

  x = jax.random.normal(jax.random.key(0), (2, 4, 4, 2))
  module = layers.NearestConv(Net(conv='lax'), 3)
  variables = module.init(jax.random.key(1), x)
  np.testing.assert_allclose(
    module.apply(variables, x), Plain().apply(variables, x), atol=1e-5
  )
