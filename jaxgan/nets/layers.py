"""What the nets share: convolutions, normalisation, resampling, initialisers.

Weights are drawn as by the WGAN-GP authors (Gulrajani et al., 2017; their
tflib): uniform, with variance gain / mean(fan_in, fan_out), where a fan counts
what one value sees of a strided kernel. The gain is 2 where a ReLU follows or
precedes (He et al., 2015) and 1 elsewhere (Glorot & Bengio, 2010). Biases are
zero.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Net, pick
from jaxgan.nets.kernels import windows, winograd, xla
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

# `normal` is DCGAN's (Radford et al., 2016); `orthogonal` SAGAN's.
INITS: Mapping[str, Any] = {
  'glorot': glorot,
  'he': he_dense,
  'normal': jax.nn.initializers.normal(0.02),
  'orthogonal': jax.nn.initializers.orthogonal(),
}

# Which values of net.gen_norm and net.critic_norm are, or hold, which.
SPECTRAL = ('spectral', 'batch_spectral')
BATCH = ('batch', 'batch_spectral')

_CONV = {
  'lax': xla.conv_lax,
  'matmul': windows.conv_matmul,
  'winograd': winograd.conv_winograd,
}
_UP = {
  'lax': xla.up_lax,
  'matmul': windows.up_matmul,
  'winograd': winograd.up_winograd,
}


def strided_init(gain: float, down: int = 1, up: int = 1) -> Any:
  """Initialiser of convolution kernels [k, k, Cin, Cout].

  Args:
    gain: 2 beside a ReLU, else 1.
    down: stride; an input value reaches only k^2 / down^2 places.
    up: stride of a transposed convolution; an output value sees only
      k^2 / up^2 places.

  Returns:
    A function of (key, shape, dtype).
  """

  def draw(key: Array, shape: Any, dtype: Any = jnp.float32) -> Array:
    kh, kw, cin, cout = shape
    fan_in = kh * kw * cin / up**2
    fan_out = kh * kw * cout / down**2
    limit = math.sqrt(6 * gain / (fan_in + fan_out))
    return jax.random.uniform(key, shape, dtype, -limit, limit)

  return draw


class Conv(nn.Module):
  """Convolution with `SAME` padding and a bias.

  Attributes:
    config: gives the compute dtype and the formulation.
    features: Cout.
    size: k, the side of the kernel.
    stride: of both axes.
    gain: of the initialiser.
  """

  config: Net
  features: int
  size: int = 3
  stride: int = 1
  gain: float = 2.0

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, ceil(H / stride), ceil(W / stride), Cout]."""
    default = strided_init(self.gain, down=self.stride)
    x, kernel, bias = _operands(self, x, default)
    return convolve(x, kernel, self.config, self.stride) + bias


class UpConv(nn.Module):
  """Transposed convolution of stride 2 with a bias; attributes as `Conv`."""

  config: Net
  features: int
  size: int = 5
  gain: float = 2.0

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, 2H, 2W, Cout]."""
    x, kernel, bias = _operands(self, x, strided_init(self.gain, up=2))
    return _UP[xla.resolve(self.config.conv)](x, kernel) + bias


class NearestConv(nn.Module):
  """Nearest neighbours, then a convolution: no checkerboards (Odena, 2016)."""

  config: Net
  features: int
  size: int = 5
  gain: float = 2.0

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, 2H, 2W, Cout]."""
    return Conv(self.config, self.features, self.size, gain=self.gain)(
      upsample(x)
    )


class SubpixelConv(nn.Module):
  """A convolution whose channels become 2 x 2 pixels (Shi et al., 2016).

  Its kernel covers half the side of the others', rounded up to an odd number,
  since it works on half as many pixels.
  """

  config: Net
  features: int
  size: int = 5
  gain: float = 2.0

  @nn.compact
  def __call__(self, x: Array) -> Array:
    """[B, H, W, Cin] -> [B, 2H, 2W, Cout]."""
    size = (self.size + 1) // 2 | 1
    x = Conv(self.config, 4 * self.features, size, gain=self.gain)(x)
    return xla.shuffled(x)


UPS = {
  'transposed': UpConv,
  'nearest': NearestConv,
  'subpixel': SubpixelConv,
}


def convolve(x: Array, kernel: Array, config: Net, stride: int = 1) -> Array:
  """[B, H, W, Cin], [k, k, Cin, Cout] -> [B, H', W', Cout], padded `SAME`."""
  return _CONV[xla.resolve(config.conv)](x, kernel, stride, 'SAME')


def activation(name: str, default: Activation) -> Activation:
  """What `net.gen_activation` or `net.critic_activation` names."""
  table = {'default': default, **ACTIVATIONS}
  return pick('An activation of net', name, table)


def init(config: Net, default: Any) -> Any:
  """The initialiser that `net.init` names: of (key, shape, dtype)."""
  return pick('net.init', config.init, {'default': default, **INITS})


def run(layer: nn.Module, x: Array, norm: str, train: bool) -> Array:
  """A layer inside a compact module, its kernels divided by their norm.

  The largest singular value is that of the kernel as a matrix of as many
  columns as there are outputs, by one step of power iteration per training
  pass, from a vector that lives in `batch_stats` (Miyato et al., 2018).

  Args:
    layer: with parameters of its own.
    x: its input.
    norm: one of `SPECTRAL`; with any other the layer is left as it is.
    train: whether the vector moves.

  Returns:
    The layer's output.
  """
  if norm in SPECTRAL:
    return nn.SpectralNorm(layer)(x, update_stats=train)
  return layer(x)


def projection(features: int, config: Net) -> nn.Dense:
  """A generator's first layer, from latents [B, Z] to [B, features]."""
  return nn.Dense(
    features, dtype=config.compute_dtype, kernel_init=init(config, glorot)
  )


def dropout(x: Array, config: Net, train: bool) -> Array:
  """Drops `critic_dropout` of the values in training, scaling the others."""
  if not config.critic_dropout:
    return x
  return nn.Dropout(config.critic_dropout, deterministic=not train)(x)


def normalise(
  x: Array, kind: str, config: Net, train: bool, label: Array | None = None
) -> Array:
  """Normalisation inside a compact module, with an affine map per channel.

  Args:
    x: [B, ..., C].
    kind: one of `BATCH`, over all axes but the last; `layer`, over all axes of
      one example (as GroupNorm of one group); any other leaves x as it is.
    config: gives the compute dtype; statistics are float32.
    train: batch norm uses the batch and updates `batch_stats`, else it uses
      `batch_stats`.
    label: [B, N], a linear function of which is the affine map after batch
      norm; one-hot, each class has a map of its own (Dumoulin et al., 2017).
      None for one map for all.

  Returns:
    The shape of x.
  """
  # The two-pass variance: E[x^2] - E[x]^2 cancels, and its derivatives worse.
  if kind in BATCH:
    x = nn.BatchNorm(
      use_running_average=not train,
      momentum=0.9,
      dtype=config.compute_dtype,
      use_fast_variance=False,
      use_scale=label is None,
      use_bias=label is None,
    )(x)
    return x if label is None else _of_class(x, label)
  if kind == 'layer':
    return nn.LayerNorm(
      epsilon=1e-5,
      dtype=config.compute_dtype,
      reduction_axes=tuple(range(1, x.ndim)),
      use_fast_variance=False,
    )(x)
  return x


def _of_class(x: Array, label: Array) -> Array:
  """x (1 + g) + b with g and b of each label and channel, 0 at the start."""
  zeros = nn.initializers.zeros_init()
  dense = nn.Dense(2 * x.shape[-1], use_bias=False, kernel_init=zeros)
  maps = dense(label).reshape(len(x), *(1,) * (x.ndim - 2), -1)
  gain, shift = jnp.split(maps.astype(x.dtype), 2, axis=-1)
  return x * (1 + gain) + shift


def told(z: Array, config: Net) -> tuple[Array, Array | None]:
  """What a generator's first layer gets, and the label for its norms.

  Args:
    z: [B, width] latents, whose last numbers are the label.
    config: `classes` and `gen_label`.
  """
  if not config.classes or config.gen_label == 'concat':
    return z, None
  return z[:, : -config.classes], z[:, -config.classes :]


def head(x: Array, outputs: int, config: Net, train: bool) -> Array:
  """A linear map of features, float32 throughout, that ends a critic.

  Args:
    x: [B, ...] features.
    outputs: N, how many; 0 for a score, -1 for the features themselves.
    config: gives the normalisation and the initialiser.
    train: as for `run`.

  Returns:
    [B, N] float32, or [B] for a score.
  """
  x = x.reshape(x.shape[0], -1).astype(jnp.float32)
  if outputs < 0:
    return x
  dense = nn.Dense(max(outputs, 1), kernel_init=init(config, glorot))
  x = run(dense, x, config.critic_norm, train)
  return x if outputs else x[:, 0]


def upsample(x: Array) -> Array:
  """Nearest neighbour: [B, H, W, C] -> [B, 2H, 2W, C]."""
  return x.repeat(2, axis=1).repeat(2, axis=2)


def mean_pool(x: Array) -> Array:
  """Means of 2 x 2 pixels: [B, H, W, C] -> [B, H/2, W/2, C], H, W even."""
  b, h, w, c = x.shape
  return x.reshape(b, h // 2, 2, w // 2, 2, c).mean((2, 4))


def blur(x: Array) -> Array:
  """Binomial [1, 2, 1] along both sides, edges repeated: [B, H, W, C].

  After `upsample` or before `mean_pool` it makes their boxes the kernel
  [1, 3, 3, 1], against aliasing (Zhang, 2019; Karras et al., 2019).
  """
  for axis in (1, 2):
    pads = [(1, 1) if i == axis else (0, 0) for i in range(4)]
    wide, n = jnp.pad(x, pads, mode='edge'), x.shape[axis]
    before, here, after = (
      jax.lax.slice_in_dim(wide, i, i + n, axis=axis) for i in range(3)
    )
    x = (before + 2 * here + after) / 4
  return x


def _operands(
  module: Conv | UpConv, x: Array, default: Any
) -> tuple[Array, Array, Array]:
  """The input, and the module's float32 parameters, in the compute dtype."""
  shape = (module.size, module.size, x.shape[-1], module.features)
  kernel = module.param('kernel', init(module.config, default), shape)
  bias = module.param('bias', nn.initializers.zeros_init(), shape[-1:])
  dtype = module.config.compute_dtype
  bias = bias.reshape(1, 1, 1, -1)
  return x.astype(dtype), kernel.astype(dtype), bias.astype(dtype)
