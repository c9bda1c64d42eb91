"""Strided 5x5 convolutions without residues.

Source: Radford et al., 2016, in the shapes of Gulrajani et al., 2017 (their
gan_mnist.py and the DCGAN of gan_64x64.py).
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import attention, layers
from jaxgan.types import Array, Pair


class Generator(nn.Module):
  """Doubles the sides from a projection of the latent, cropping odd ones.

  Attributes:
    config: `gen_widths` are the features before each doubling.
    shape: (H, W, C) of the images.
  """

  config: Net
  shape: tuple[int, int, int]

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [B, Z] -> images [B, H, W, C] float32 in [-1, 1]."""
    net, widths = self.config, self.config.gen_widths
    sizes = _sizes(self.shape, len(widths))[::-1]
    h, w = sizes[0]
    activate = layers.activation(net.gen_activation, nn.relu)
    dense = layers.projection(h * w * widths[0], net)
    z, told = layers.told(z, net)
    x = layers.run(dense, z, net.gen_norm, train).reshape(-1, h, w, widths[0])
    for (h, w), width in zip(
      sizes[1:], (*widths[1:], self.shape[-1]), strict=True
    ):
      x = activate(layers.normalise(x, net.gen_norm, net, train, told))
      x = attention.at_its_side(x, net, net.gen_norm, train)
      up = layers.UPS[net.gen_up](net, width)
      x = layers.run(up, x, net.gen_norm, train)[:, :h, :w]
    return jnp.tanh(x.astype(jnp.float32))


class Critic(nn.Module):
  """Halves the sides (rounding up) and scores what is left.

  Attributes:
    config: `critic_widths` are the features after each halving.
    outputs: as of `layers.head`.
  """

  config: Net
  outputs: int = 0

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Images [B, H, W, C] -> scores [B] float32, or features [B, N]."""
    del label
    net, norm = self.config, self.config.critic_norm
    activate = layers.activation(net.critic_activation, layers.leaky_relu)
    for i, width in enumerate(net.critic_widths):
      x = layers.run(layers.Conv(net, width, 5, 2), x, norm, train)
      x = activate(layers.normalise(x, norm if i else 'none', net, train))
      x = layers.dropout(x, net, train)
      x = attention.at_its_side(x, net, norm, train)
    return layers.head(x, self.outputs, net, train)


def build(config: Net, shape: tuple[int, int, int]) -> Pair[nn.Module]:
  """The pair for images of shape (H, W, C).

  Raises:
    ValueError: more halvings than the image has room for, or no feature maps
      of the side that shall have attention.
  """
  most = (max(shape[:2]) - 1).bit_length()
  for key in ('gen_widths', 'critic_widths'):
    depth = len(getattr(config, key))
    if depth > most:
      raise ValueError(
        f'net.{key} has {depth} entries, each of which halves the image; '
        f'{shape[0]}x{shape[1]} pixels allow at most {most}.'
      )
  gen, critic = (
    _sizes(shape, len(widths))[1:]
    for widths in (config.gen_widths, config.critic_widths)
  )
  attention.check(config, {'generator': gen, 'critic': critic})
  return Pair(Generator(config, shape), Critic(config))


def _sizes(shape: tuple[int, ...], depth: int) -> list[tuple[int, int]]:
  """The (H, W) of the image and of each of its halvings, rounded up."""
  sizes = [(shape[0], shape[1])]
  for _ in range(depth):
    h, w = sizes[-1]
    sizes.append(((h + 1) // 2, (w + 1) // 2))
  return sizes
