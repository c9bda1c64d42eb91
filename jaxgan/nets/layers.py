"""Layers that the nets share: convolutions, norms, resampling, initializers.

The default initializer is that of the WGAN-GP authors (Gulrajani et al., 2017;
their tflib): uniform, with variance gain / mean(fan_in, fan_out). The fans of a
strided kernel count only the taps that one value meets. The gain is 2 next to a
ReLU (He et al., 2015) and 1 elsewhere (Glorot & Bengio, 2010). Biases start at
zero. Functions that create modules must be called in a compact method.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import kernels
from jaxgan.nets.kernels import xla
from jaxgan.types import Array

LEAK = 0.2  # Slope of LeakyReLU below zero (Radford et al., 2016).

glorot = jax.nn.initializers.glorot_uniform()
he_dense = jax.nn.initializers.he_uniform()

Activation = Callable[[Array], Array]
leaky_relu = functools.partial(nn.leaky_relu, negative_slope=LEAK)

ACTIVATIONS: Mapping[str, Activation] = {
  'relu': nn.relu,
  'leaky_relu': leaky_relu,
  'elu': nn.elu,
  'gelu': nn.gelu,
  'silu': nn.silu,
  'tanh': nn.tanh,
}

# `normal` is from DCGAN (Radford et al., 2016), `orthogonal` from SAGAN.
INITS: Mapping[str, Any] = {
  'glorot': glorot,
  'he': he_dense,
  'normal': jax.nn.initializers.normal(0.02),
  'orthogonal': jax.nn.initializers.orthogonal(),
}

# Values of net.gen_norm and net.critic_norm that have spectral or batch norm.
SPECTRAL = ('spectral', 'batch_spectral')
BATCH = ('batch', 'batch_spectral')


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


def conv(
  config: Net,
  features: int,
  size: int = 3,
  stride: int = 1,
  gain: float = 2.0,
  name: str | None = None,
) -> nn.Conv:
  """Convolution with `SAME` padding and a bias.

  Args:
    config: for the compute dtype, the initializer and `conv`, the algorithm.
    features: Cout.
    size: k, the side of the kernel.
    stride: of both axes.
    gain: of the default initializer.
    name: of the module; None for Conv_0, Conv_1, ...

  Returns:
    A module: [B, H, W, Cin] -> [B, ceil(H / stride), ceil(W / stride), Cout].
  """
  options = _options(config, strided_init(gain, down=stride), kernels.conv)
  return nn.Conv(features, (size, size), stride, name=name, **options)


class UpConv(nn.Conv):
  """The parameters of a transposed convolution; `up_conv` makes it."""


def up_conv(config: Net, features: int, size: int = 5) -> UpConv:
  """Transposed convolution of stride 2 with a bias; arguments as for `conv`.

  Returns:
    A module: [B, H, W, Cin] -> [B, 2H, 2W, Cout].
  """
  default = strided_init(2.0, up=2)
  options = _options(config, default, lambda *args: kernels.up(*args[:3]))
  return UpConv(features, (size, size), **options)


def _options(
  config: Net, default: Any, function: Callable[..., Array]
) -> dict[str, Any]:
  """Options of `nn.Conv`, with `function` in place of XLA's convolution."""

  def convolve(
    x: Array, kernel: Array, strides: Sequence[int], *_: Any, **__: Any
  ) -> Array:
    return function(x, kernel, config.conv, strides[0])

  return {
    'dtype': config.compute_dtype,
    'kernel_init': init(config, default),
    'conv_general_dilated_cls': lambda: convolve,
  }


class NearestConv(nn.Module):
  """Nearest-neighbor upsampling and a convolution (Odena et al., 2016).

  It avoids checkerboard artifacts. Attributes as for `conv`.
  """

  config: Net
  features: int
  size: int = 5

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, 2H, 2W, Cout]."""
    return conv(self.config, self.features, self.size)(upsample(x))


class SubpixelConv(nn.Module):
  """Sub-pixel convolution: 4 Cout channels become 2 x 2 pixels (Shi, 2016).

  It works on a quarter of the pixels, so its kernel has half the side `size`,
  rounded up to an odd number. Attributes as for `conv`.
  """

  config: Net
  features: int
  size: int = 5

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, 2H, 2W, Cout]."""
    size = (self.size + 1) // 2 | 1
    x = conv(self.config, 4 * self.features, size)(x)
    return xla.depth_to_space(x)


UPS: Mapping[str, Callable[[Net, int], nn.Module]] = {
  'transposed': up_conv,
  'nearest': NearestConv,
  'subpixel': SubpixelConv,
}


def activation(name: str, default: Activation) -> Activation:
  """The function that `net.gen_activation` or `net.critic_activation` names."""
  return default if name == 'default' else ACTIVATIONS[name]


def init(config: Net, default: Any) -> Any:
  """The initializer that `net.init` names: of (key, shape, dtype)."""
  return default if config.init == 'default' else INITS[config.init]


def dense(
  config: Net, features: int, default: Any = glorot, **options: Any
) -> nn.Dense:
  """Linear layer with the initializer that `net.init` names."""
  return nn.Dense(features, kernel_init=init(config, default), **options)


def apply_layer(layer: nn.Module, x: Array, norm: str, train: bool) -> Array:
  """Applies a layer to x, with spectral norm if `norm` includes it.

  Spectral norm divides each kernel, as a matrix with one column per output, by
  its largest singular value (Miyato et al., 2018). Each training pass takes one
  step of power iteration, from a vector in `batch_stats`.
  """
  if norm in SPECTRAL:
    return nn.SpectralNorm(layer)(x, update_stats=train)
  return layer(x)


def dropout(x: Array, config: Net, train: bool) -> Array:
  """Dropout of the critic, with rate `net.critic_dropout`, in training."""
  if not config.critic_dropout:
    return x
  return nn.Dropout(config.critic_dropout, deterministic=not train)(x)


def normalize(
  x: Array, kind: str, config: Net, train: bool, label: Array | None = None
) -> Array:
  """Batch norm or layer norm, with an affine map per channel.

  Args:
    x: [B, ..., C].
    kind: one of `BATCH`, over all axes but the last; `layer`, over all axes of
      one example (GroupNorm with one group); others return x unchanged.
    config: for the compute dtype; statistics are float32.
    train: whether batch norm uses and records the statistics of the batch, or
      reads `batch_stats`.
    label: [B, N] condition of batch norm, or None. Scale and shift are linear
      functions of it; with one-hot labels each class has its own (Dumoulin et
      al., 2017).
  """
  # E[x^2] - E[x]^2 (the fast variance) loses digits, its derivatives even more.
  if kind in BATCH:
    x = nn.BatchNorm(
      use_running_average=not train,
      momentum=0.9,
      dtype=config.compute_dtype,
      use_fast_variance=False,
      use_scale=label is None,
      use_bias=label is None,
    )(x)
    return x if label is None else _conditional_affine(x, label)
  if kind == 'layer':
    return nn.LayerNorm(
      epsilon=1e-5,
      dtype=config.compute_dtype,
      reduction_axes=tuple(range(1, x.ndim)),
      use_fast_variance=False,
    )(x)
  return x


def _conditional_affine(x: Array, label: Array) -> Array:
  """x (1 + g) + b, with g and b linear in the label and initially 0."""
  zeros = nn.initializers.zeros_init()
  dense = nn.Dense(2 * x.shape[-1], use_bias=False, kernel_init=zeros)
  maps = dense(label).reshape(len(x), *(1,) * (x.ndim - 2), -1)
  gain, shift = jnp.split(maps.astype(x.dtype), 2, axis=-1)
  return x * (1 + gain) + shift


def upsample(x: Array) -> Array:
  """Nearest-neighbor upsampling: [B, H, W, C] -> [B, 2H, 2W, C]."""
  return x.repeat(2, axis=1).repeat(2, axis=2)


def mean_pool(x: Array) -> Array:
  """Means of 2 x 2 pixels: [B, H, W, C] -> [B, H/2, W/2, C], H, W even."""
  b, h, w, c = x.shape
  return x.reshape(b, h // 2, 2, w // 2, 2, c).mean((2, 4))


def blur(x: Array) -> Array:
  """Blurs along H and W by [1, 2, 1] / 4, edges repeated: [B, H, W, C].

  Together with `upsample` or `mean_pool` this is the filter [1, 3, 3, 1], which
  reduces aliasing (Zhang, 2019; Karras et al., 2019).
  """
  for axis in (1, 2):
    pads = [(1, 1) if i == axis else (0, 0) for i in range(4)]
    wide, n = jnp.pad(x, pads, mode='edge'), x.shape[axis]
    before, center, after = (
      jax.lax.slice_in_dim(wide, i, i + n, axis=axis) for i in range(3)
    )
    x = (before + 2 * center + after) / 4
  return x
