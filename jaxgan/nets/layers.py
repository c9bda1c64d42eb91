"""Layers that the nets share: convolutions, norms, resampling.

Functions that create modules must be called in a compact method.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.nets import initializers, kernels
from jaxgan.nets.kernels import xla
from jaxgan.nets.precision import Net
from jaxgan.types import Array

LEAK = 0.2  # Slope of LeakyReLU below zero (Radford et al., 2016).

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

# Values of net.gen_norm and net.critic_norm that have spectral or batch norm.
SPECTRAL = ('spectral', 'batch_spectral')
BATCH = ('batch', 'batch_spectral')


def _promote(
  x: Array, kernel: Array, bias: Array | None, **options: Any
) -> tuple[Array, Array, Array | None]:
  """Converts x and the kernel of a layer to its type, not the bias."""
  x, kernel = nn.dtypes.promote_dtype(x, kernel, **options)
  return x, kernel, bias


class Conv(nn.Conv):
  """Convolution whose bias is added, and its gradient summed, in float32.

  A sum of many bfloat16 numbers in bfloat16 stops growing.
  """

  promote_dtype: Any = _promote

  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, H', W', Cout] in the type of the layer."""
    y = super().__call__(x)
    return y.astype(self.dtype or y.dtype)


class Dense(nn.Dense):
  """Linear layer whose bias is treated as that of `Conv`."""

  promote_dtype: Any = _promote

  def __call__(self, x: Array) -> Array:
    """[B, Cin] -> [B, Cout] in the type of the layer."""
    y = super().__call__(x)
    return y.astype(self.dtype or y.dtype)


def spread(value: Array, x: Array) -> Array:
  """Broadcasts float32 parameters to the shape and the type of x.

  The type changes last, so that their gradient is summed in float32.
  """
  return jnp.broadcast_to(value, x.shape).astype(x.dtype)


def conv(
  config: Net,
  features: int,
  size: int = 3,
  stride: int = 1,
  gain: float = 2.0,
  name: str | None = None,
) -> Conv:
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
  options = conv_options(
    config, initializers.strided_init(gain, down=stride), kernels.conv
  )
  return Conv(features, (size, size), stride, name=name, **options)


class UpConv(Conv):
  """The parameters of a transposed convolution; `up_conv` makes it."""


def up_conv(config: Net, features: int, size: int = 5) -> UpConv:
  """Transposed convolution of stride 2 with a bias; arguments as for `conv`.

  Returns:
    A module: [B, H, W, Cin] -> [B, 2H, 2W, Cout].
  """
  default = initializers.strided_init(2.0, up=2)
  options = conv_options(config, default, lambda *args: kernels.up(*args[:3]))
  return UpConv(features, (size, size), **options)


def conv_options(
  config: Net, default: Any, function: Callable[..., Array]
) -> dict[str, Any]:
  """Options of `nn.Conv`, with `function` in place of XLA's convolution."""

  def convolve(
    x: Array, kernel: Array, strides: Sequence[int], *_: Any, **__: Any
  ) -> Array:
    return function(x, kernel, config.conv, strides[0])

  return {
    'dtype': config.dtype,
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
    options = conv_options(
      self.config,
      initializers.strided_init(2.0),
      lambda *args: kernels.nearest_conv(*args[:3]),
    )
    return Conv(self.features, (self.size, self.size), **options)(x)


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


UPS: Mapping[str, Callable[..., nn.Module]] = {
  'transposed': up_conv,
  'nearest': NearestConv,
  'subpixel': SubpixelConv,
}


def activation(name: str, default: Activation) -> Activation:
  """The function that `net.gen_activation` or `net.critic_activation` names."""
  return default if name == 'default' else ACTIVATIONS[name]


def init(config: Net, default: Any) -> Any:
  """The initializer that `net.init` names: of (key, shape, dtype)."""
  return (
    default if config.init == 'default' else initializers.INITS[config.init]
  )


def dense(
  config: Net, features: int, default: Any = initializers.glorot, **options: Any
) -> Dense:
  """Linear layer with the initializer that `net.init` names."""
  return Dense(features, kernel_init=init(config, default), **options)


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
      dtype=config.dtype,
      use_fast_variance=False,
      use_scale=label is None,
      use_bias=label is None,
    )(x)
    return x if label is None else _conditional_affine(x, label)
  if kind == 'layer':
    return nn.LayerNorm(
      epsilon=1e-5,
      dtype=config.dtype,
      reduction_axes=tuple(range(1, x.ndim)),
      use_fast_variance=False,
    )(x)
  return x


def _conditional_affine(x: Array, label: Array) -> Array:
  """x (1 + g) + b, with g and b linear in the label and initially 0."""
  zeros = nn.initializers.zeros_init()
  dense = nn.Dense(2 * x.shape[-1], use_bias=False, kernel_init=zeros)
  maps = dense(label).reshape(x.shape[0], *(1,) * (x.ndim - 2), -1)
  gain, shift = jnp.split(maps, 2, axis=-1)
  return x * (1 + spread(gain, x)) + spread(shift, x)


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
