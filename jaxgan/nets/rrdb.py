"""Residual-in-residual dense blocks and patch critic, for super-resolution.

Sources: ESRGAN (Wang et al., 2018); pixel-unshuffling of the input as in
Real-ESRGAN (Wang et al., 2021). Images arrive and leave as in `unet`: an image
of low resolution arrives enlarged, and its squares of pixels become channels.
So the blocks work at the low resolution, and any other input fits as well.
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import dcgan, layers, unet
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair

_SIZE = 3  # Side of all kernels.
_DENSE = 3  # Dense blocks in a block.
_GROWING = 4  # Convolutions of a dense block that append their output.
_SCALE = 0.2  # Factor of each residual.
_GAIN = 0.02  # ESRGAN multiplies the deviation of He's initializer by 0.1.


class Block(nn.Module):
  """Dense blocks, each added to its input, and their sum to that of all.

  In a dense block every convolution reads the outputs of all before it.

  Attributes:
    config: the `net` section of the configuration.
  """

  config: Net

  @nn.compact
  def __call__(self, x: Array, train: bool) -> Array:
    """Maps [B, H, W, C] to the same shape."""
    net, width, start = self.config, x.shape[-1], x
    activate = layers.activation(net.gen_activation, layers.leaky_relu)
    for _ in range(_DENSE):
      y = x
      for _ in range(_GROWING):
        more = _conv(net, y, max(1, width // 2), train, _GAIN)
        y = jnp.concatenate([y, activate(more)], axis=-1)
      x = x + _SCALE * _conv(net, y, width, train, _GAIN)
    return start + _SCALE * x


class Generator(nn.Module):
  """Blocks at a low resolution, then convolutions that double the sides.

  As the U-Net, it starts as a copy where input and output have the same
  channels.

  Attributes:
    config: the `net` section; `gen_widths` from the smallest map to the image,
      each after the first for twice the sides; `blocks`.
    shape: (H, W, C) of the output.
  """

  config: Net
  shape: tuple[int, ...]

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Inputs [B, H W C'] -> images [B, H, W, C] float32."""
    net, (h, w, c) = self.config, self.shape
    widths, norm = net.gen_widths, net.gen_norm
    activate = layers.activation(net.gen_activation, layers.leaky_relu)
    image = z.reshape(len(z), h, w, -1)
    first = _conv(net, unshuffle(image, len(widths) - 1), widths[0], train)
    x = first
    for _ in range(net.blocks):
      x = Block(net)(x, train)
    x = first + _conv(net, x, widths[0], train, 1.0)
    for width in widths[1:]:
      up = layers.UPS[net.gen_up](net, width, _SIZE)
      x = activate(layers.apply_layer(up, x, norm, train))
    x = activate(_conv(net, x[:, :h, :w], widths[-1], train))
    return unet.finish(image, _conv(net, x, c, train, unet.last_gain(image, c)))


def unshuffle(x: Array, times: int) -> Array:
  """Makes channels of squares of pixels: the inverse of sub-pixel upsampling.

  Args:
    x: [B, H, W, C]; sides that are no multiples of 2^times are continued by
      copies of the last pixels.
    times: how often the sides are halved.

  Returns:
    [B, ceil(H / 2^times), ceil(W / 2^times), 4^times C].
  """
  n = 2**times
  odd = [(0, -side % n) for side in x.shape[1:3]]
  x = jnp.pad(x, ((0, 0), *odd, (0, 0)), mode='edge')
  b, h, w, c = x.shape
  squares = x.reshape(b, h // n, n, w // n, n, c).swapaxes(2, 3)
  return squares.reshape(b, h // n, w // n, n * n * c)


def _conv(
  config: Net, x: Array, features: int, train: bool, gain: float = 2.0
) -> Array:
  layer = layers.conv(config, features, _SIZE, gain=gain)
  return layers.apply_layer(layer, x, config.gen_norm, train)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: the images are too small for so many widths.
  """
  dcgan.check(config, shape, first=0)
  return Pair(Generator(config, shape), unet.Critic(config))
