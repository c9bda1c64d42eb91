"""Residual encoder-decoder and patch critic, which turn images into images.

Sources: Johnson et al., 2016, in the shapes of CycleGAN (Zhu et al., 2017).
Images arrive and leave as in `unet`.
"""

import functools
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import dcgan, initializers, kernels, layers, unet
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair

_END = 7  # Side of the first and of the last kernel.
_SIZE = 3  # Side of the others.


class Block(nn.Module):
  """x + f(x), with two convolutions that keep the features.

  Attributes:
    config: the `net` section of the configuration.
  """

  config: Net

  @nn.compact
  def __call__(self, x: Array, train: bool) -> Array:
    """Maps [B, H, W, C] to the same shape."""
    net, norm = self.config, self.config.gen_norm
    activate = layers.activation(net.gen_activation, nn.relu)
    y = reflected(net, x, x.shape[-1], _SIZE, train)
    y = activate(layers.normalize(y, norm, net, train))
    y = reflected(net, y, x.shape[-1], _SIZE, train)
    return x + layers.normalize(y, norm, net, train)


class Generator(nn.Module):
  """Halves the sides, transforms the smallest maps, doubles the sides again.

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
    norm, widths = net.gen_norm, net.gen_widths
    activate = layers.activation(net.gen_activation, nn.relu)
    image = z.reshape(len(z), h, w, -1)
    x = reflected(net, image, widths[-1], _END, train)
    x = activate(layers.normalize(x, norm, net, train))
    for width in widths[-2::-1]:
      x = layers.apply_layer(layers.conv(net, width, _SIZE, 2), x, norm, train)
      x = activate(layers.normalize(x, norm, net, train))
    for _ in range(net.blocks):
      x = Block(net)(x, train)
    sizes = dcgan.halved(self.shape, len(widths) - 1)[-2::-1]
    for (h, w), width in zip(sizes, widths[1:], strict=True):
      up = layers.UPS[net.gen_up](net, width, _SIZE)
      x = layers.apply_layer(up, x, norm, train)[:, :h, :w]
      x = activate(layers.normalize(x, norm, net, train))
    gain = unet.last_gain(image, c)
    return unet.finish(image, reflected(net, x, c, _END, train, gain))


def reflected(
  config: Net,
  x: Array,
  features: int,
  size: int,
  train: bool,
  gain: float = 2.0,
) -> Array:
  """Convolution of an image that is continued by its reflection.

  Args:
    config: the `net` section of the configuration.
    x: [B, H, W, Cin].
    features: Cout.
    size: k, the side of the kernel, odd.
    train: whether spectral vectors are updated.
    gain: of the default initializer.

  Returns:
    [B, H, W, Cout].
  """
  options: dict[str, Any] = layers.conv_options(
    config,
    initializers.strided_init(gain),
    functools.partial(kernels.conv, pads='VALID'),
  )
  layer = layers.Conv(features, (size, size), **options)
  pads = (size // 2, size // 2)
  x = jnp.pad(x, ((0, 0), pads, pads, (0, 0)), mode='reflect')
  return layers.apply_layer(layer, x, config.gen_norm, train)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: the images are too small for so many widths.
  """
  dcgan.check(config, shape, first=0)
  return Pair(Generator(config, shape), unet.Critic(config))
