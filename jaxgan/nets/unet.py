"""U-Net generator and patch critic, which turn images into images.

Sources: Ronneberger et al., 2015; pix2pix (Isola et al., 2017), whose critic
scores patches. An input image arrives as one flattened vector, in the place of
a latent and of a label.
"""

import flax.linen as nn
import jax.numpy as jnp

from jaxgan.nets import dcgan, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair

_SIZE = 3  # Side of the generator's kernels.
_SMALL = 1e-4  # Gain of the last kernel of a generator that starts as a copy.


class Generator(nn.Module):
  """Halves the sides once per width and doubles them again, with skips.

  If input and output have the same channels, the net adds to the input, and
  starts as a copy. Otherwise a tanh bounds the output.

  Attributes:
    config: the `net` section; `gen_widths` from the smallest map to the image.
    shape: (H, W, C) of the output.
  """

  config: Net
  shape: tuple[int, ...]

  @nn.compact
  def __call__(self, z: Array, *, train: bool) -> Array:
    """Inputs [B, H W C'] -> images [B, H, W, C] float32."""
    net, (h, w, c) = self.config, self.shape
    norm, widths = net.gen_norm, net.gen_widths
    activate = layers.activation(net.gen_activation, layers.leaky_relu)
    image = x = z.reshape(z.shape[0], h, w, -1)
    sizes, skips = dcgan.halved(self.shape, len(widths)), []
    for i, width in enumerate(reversed(widths)):
      skips.append(x)
      x = layers.apply_layer(layers.conv(net, width, _SIZE, 2), x, norm, train)
      x = activate(layers.normalize(x, norm if i else 'none', net, train))
    for i, width in enumerate((*widths[1:], widths[-1]), 2):
      (h, w), skip = sizes[-i], skips.pop()
      up = layers.UPS[net.gen_up](net, width, _SIZE)
      x = layers.apply_layer(up, x, norm, train)[:, :h, :w]
      x = activate(layers.normalize(x, norm, net, train))
      x = jnp.concatenate([x, skip.astype(x.dtype)], axis=-1)
    copies = image.shape[-1] == c
    last = layers.conv(net, c, _SIZE, gain=_SMALL if copies else 1.0)
    x = layers.apply_layer(last, x, norm, train).astype(jnp.float32)
    return image + x if copies else jnp.tanh(x)


class Critic(nn.Module):
  """Scores patches of an image, next to its input (PatchGAN).

  Attributes:
    config: the `net` section; each of `critic_widths` halves the sides.
    outputs: ignored; there is one score per patch.
  """

  config: Net
  outputs: int = 0

  @nn.compact
  def __call__(
    self, x: Array, label: Array | None = None, *, train: bool
  ) -> Array:
    """Images [B, H, W, C], inputs [B, H W C'] -> scores of P patches [B, P]."""
    net = self.config
    if net.critic_input and label is not None:
      label = label.reshape(*x.shape[:3], -1)
      x = jnp.concatenate([x, label.astype(x.dtype)], axis=-1)
    x = dcgan.features(x, net, train)
    last = layers.conv(net, 1, _SIZE, gain=1.0)
    x = layers.apply_layer(last, x, net.critic_norm, train)
    return x.reshape(x.shape[0], -1).astype(jnp.float32)


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: the images are too small for so many widths.
  """
  dcgan.check(config, shape)
  return Pair(Generator(config, shape), Critic(config))
