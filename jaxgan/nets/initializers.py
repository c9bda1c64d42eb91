"""Initializers of convolutions and linear layers.

The default initializer is that of the WGAN-GP authors (Gulrajani et al., 2017;
their tflib): uniform, with variance gain / mean(fan_in, fan_out). The fans of a
strided kernel count only the taps that one value meets. The gain is 2 next to a
ReLU (He et al., 2015) and 1 elsewhere (Glorot & Bengio, 2010). Biases start at
zero.
"""

import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from jaxgan.types import Array

glorot = jax.nn.initializers.glorot_uniform()
fan_out = jax.nn.initializers.variance_scaling(1, 'fan_out', 'truncated_normal')
he_dense = jax.nn.initializers.he_uniform()

# `normal` is from DCGAN (Radford et al., 2016), `orthogonal` from SAGAN.
INITS: Mapping[str, Any] = {
  'glorot': glorot,
  'he': he_dense,
  'normal': jax.nn.initializers.normal(0.02),
  'orthogonal': jax.nn.initializers.orthogonal(),
}


def strided_init(gain: float, down: int = 1, up: int = 1) -> Any:
  """Initializer of convolution kernels [k, k, Cin, Cout].

  Args:
    gain: 2 next to a ReLU, else 1.
    down: stride; an input value meets only k^2 / down^2 taps.
    up: stride of a transposed convolution; an output value sums only
      k^2 / up^2 taps.
  """

  def draw(key: Array, shape: Any, dtype: Any = jnp.float32) -> Array:
    kh, kw, cin, cout = shape
    fan_in = kh * kw * cin / up**2
    fan_out = kh * kw * cout / down**2
    limit = math.sqrt(6 * gain / (fan_in + fan_out))
    return jax.random.uniform(key, shape, dtype, -limit, limit)

  return draw
