"""Layers with equalized learning rate: unit-variance weights, scaled in use.

So Adam changes all weights at the same relative speed, whatever their fan-in
(Karras et al., 2018, section 4.1). `stylegan` consists of these layers.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.nets import kernels, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array

GAIN = math.sqrt(2)  # Restores the variance after a leaky ReLU.


class Dense(nn.Module):
  """Linear layer: `bias` is the initial bias, `rate` scales the updates."""

  features: int
  bias: float = 0.0
  rate: float = 1.0

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, Cin] -> [B, Cout] float32."""
    normal = nn.initializers.normal(1 / self.rate)
    kernel = self.param('kernel', normal, (x.shape[-1], self.features))
    start = nn.initializers.constant(self.bias / self.rate)
    bias = self.param('bias', start, (1, self.features))
    scale = self.rate / math.sqrt(x.shape[-1])
    return x @ (kernel * scale) + bias * self.rate


class Conv(nn.Module):
  """Convolution with a kernel of side `size`, a bias and the critic activation.

  `linear` omits the bias and the activation.
  """

  config: Net
  features: int
  size: int = 3
  linear: bool = False

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, H, W, Cout]."""
    net = self.config
    weight = kernel(self, self.size, x.shape[-1], self.features)
    x = x.astype(net.dtype)
    x = kernels.conv(x, weight.astype(x.dtype), net.conv)
    return x if self.linear else activate(self, x, net.critic_activation)


def modulated_conv(
  x: Array, weight: Array, style: Array, config: Net, demodulate: bool = True
) -> Array:
  """Convolution with a kernel that each example scales by its style.

  Kernel w becomes s_c w_hwco / sqrt(sum_hwc (s_c w_hwco)^2), so that every
  style keeps unit variance (Karras et al., 2020, equations 1 and 3).
  Equivalently, the inputs and the outputs of one shared convolution are scaled.

  Args:
    x: [B, H, W, Cin].
    weight: [k, k, Cin, Cout] float32.
    style: [B, Cin] float32.
    config: for the compute dtype and the convolution algorithm.
    demodulate: whether to divide by the root.

  Returns:
    [B, H, W, Cout] in the compute dtype.
  """
  dtype = config.dtype
  x = x.astype(dtype)
  x = x * layers.spread(style[:, None, None], x)
  y = kernels.conv(x, weight.astype(dtype), config.conv)
  if not demodulate:
    return y
  squares = jnp.square(style) @ jnp.square(weight).sum((0, 1))
  scale = jax.lax.rsqrt(squares + 1e-8)
  return y * layers.spread(scale[:, None, None], y)


def kernel(module: nn.Module, size: int, cin: int, cout: int) -> Array:
  """Creates and scales the parameter `kernel`: [k, k, Cin, Cout] float32."""
  shape = size, size, cin, cout
  weight = module.param('kernel', nn.initializers.normal(1.0), shape)
  return weight / math.sqrt(size * size * cin)


def bias(module: nn.Module, features: int) -> Array:
  """Creates the parameter `bias`, initially 0: [1, 1, 1, C] float32."""
  zeros = nn.initializers.zeros_init()
  return module.param('bias', zeros, (features,)).reshape(1, 1, 1, -1)


def activate(module: nn.Module, x: Array, name: str) -> Array:
  """Adds the bias to x [B, H, W, C] and applies the activation `name`."""
  function = layers.activation(name, layers.leaky_relu)
  x += layers.spread(bias(module, x.shape[-1]), x)
  return function(x) * GAIN


def leaky_relu(x: Array) -> Array:
  """Leaky ReLU that preserves the variance."""
  return layers.leaky_relu(x) * GAIN
