"""Weights of deviation 1, scaled where they are used, and styles for them.

So that Adam moves all weights alike, however many meet in one place (Karras et
al., 2018, section 4.1). What the nets of `stylegan` are made of.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import layers
from jaxgan.types import Array

GAIN = math.sqrt(2)  # Keeps the variance behind a leaky ReLU.


class Dense(nn.Module):
  """Linear, with weights of deviation 1 that are scaled where they are used.

  Attributes:
    features: Cout.
    bias: at the start.
    rate: share of the learning rate.
  """

  features: int
  bias: float = 0.0
  rate: float = 1.0

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, Cin] -> [B, Cout] float32."""
    kernel = self.param(
      'kernel',
      nn.initializers.normal(1 / self.rate),
      (x.shape[-1], self.features),
    )
    start = nn.initializers.constant(self.bias / self.rate)
    bias = self.param('bias', start, (1, self.features))
    scale = self.rate / math.sqrt(x.shape[-1])
    return x @ (kernel * scale) + bias * self.rate


class Conv(nn.Module):
  """Convolution, with weights as of `Dense`, a bias and a leaky ReLU.

  Attributes:
    config: compute dtype and formulation.
    features: Cout.
    size: side of the kernel.
    linear: without bias and leaky ReLU.
  """

  config: Net
  features: int
  size: int = 3
  linear: bool = False

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, H, W, Cout]."""
    net = self.config
    kernel = weights(self, self.size, x.shape[-1], self.features)
    x = x.astype(net.compute_dtype)
    x = layers.convolve(x, kernel.astype(x.dtype), net)
    return x if self.linear else activated(self, x, net.critic_activation)


def modulated(
  x: Array, kernel: Array, style: Array, config: Net, demodulate: bool = True
) -> Array:
  """Convolution by a kernel of each example's own.

  Kernel w becomes s_c w_hwco / sqrt(sum_hwc (s_c w_hwco)^2), so that unit
  variance stays unit variance whatever the style (Karras et al., 2020,
  equations 1 and 3). It is done to the inputs and the outputs of one common
  convolution, which is the same.

  Args:
    x: [B, H, W, Cin].
    kernel: [k, k, Cin, Cout] float32.
    style: [B, Cin] float32.
    config: compute dtype and formulation.
    demodulate: without it only s stays.

  Returns:
    [B, H, W, Cout] in the compute dtype.
  """
  dtype = config.compute_dtype
  x = x.astype(dtype) * style.astype(dtype)[:, None, None]
  y = layers.convolve(x, kernel.astype(dtype), config)
  if not demodulate:
    return y
  squares = jnp.square(style) @ jnp.square(kernel).sum((0, 1))
  return y * jax.lax.rsqrt(squares + 1e-8).astype(dtype)[:, None, None]


def weights(module: nn.Module, size: int, cin: int, cout: int) -> Array:
  """[k, k, Cin, Cout] float32, of deviation 1 before it is scaled."""
  shape = size, size, cin, cout
  kernel = module.param('kernel', nn.initializers.normal(1.0), shape)
  return kernel / math.sqrt(size * size * cin)


def offset(module: nn.Module, features: int) -> Array:
  """A bias [1, 1, 1, C] float32, 0 at the start."""
  zeros = nn.initializers.zeros_init()
  return module.param('bias', zeros, (features,)).reshape(1, 1, 1, -1)


def activated(module: nn.Module, x: Array, name: str) -> Array:
  """x [B, H, W, C] + bias, behind the activation of that name."""
  activate = layers.activation(name, layers.leaky_relu)
  x += offset(module, x.shape[-1]).astype(x.dtype)
  return activate(x) * GAIN


def leaky(x: Array) -> Array:
  """A leaky ReLU that keeps the variance."""
  return layers.leaky_relu(x) * GAIN
