"""Generator and critic of strided 5x5 convolutions, without shortcuts.

Source: Radford et al., 2016, in the shapes of Gulrajani et al., 2017 (their
gan_mnist.py and the DCGAN of gan_64x64.py).
"""

import flax.linen as nn

from jaxgan.nets import attention, base, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair


def _generate(
  z: Array, config: Net, shape: tuple[int, ...], train: bool
) -> Array:
  """Generator body: doubles the sides once per width; crops odd sides."""
  norm, widths = config.gen_norm, config.gen_widths
  activate = layers.activation(config.gen_activation, nn.relu)
  (h, w), *sizes = halved(shape, len(widths))[::-1]
  z, label = base.split_label(z, config)
  x = base.project(z, (h, w, widths[0]), config, train)
  for (h, w), width in zip(sizes, (*widths[1:], shape[-1]), strict=True):
    x = activate(layers.normalize(x, norm, config, train, label))
    x = attention.attend(x, config, norm, train)
    up = layers.UPS[config.gen_up](config, width)
    x = layers.apply_layer(up, x, norm, train)[:, :h, :w]
  return x


def features(x: Array, config: Net, train: bool) -> Array:
  """Critic body: halves the sides, rounding up, once per width."""
  norm = config.critic_norm
  activate = layers.activation(config.critic_activation, layers.leaky_relu)
  for i, width in enumerate(config.critic_widths):
    x = layers.apply_layer(layers.conv(config, width, 5, 2), x, norm, train)
    x = activate(layers.normalize(x, norm if i else 'none', config, train))
    x = layers.dropout(x, config, train)
    x = attention.attend(x, config, norm, train)
  return x


def build(config: Net, shape: tuple[int, ...]) -> Pair[nn.Module]:
  """Builds the generator and critic for images of shape (H, W, C).

  Raises:
    ValueError: the images are too small for so many widths, or no feature map
      has the side of `net.attention`.
  """
  check(config, shape)
  widths = config.gen_widths, config.critic_widths
  maps = Pair(*(halved(shape, len(each))[1:] for each in widths))
  attention.check(config, maps)
  generator = base.Generator(config, shape, _generate)
  return Pair(generator, base.Critic(config, features))


def check(config: Net, shape: tuple[int, ...], first: int = 1) -> None:
  """Checks that the images are large enough for so many widths.

  Args:
    config: the `net` section of the configuration.
    shape: (H, W, C) of the images.
    first: how many times the first width of the generator halves them.

  Raises:
    ValueError: they are too small.
  """
  most = (max(shape[:2]) - 1).bit_length()
  for key, more in (('gen_widths', 1 - first), ('critic_widths', 0)):
    depth = len(getattr(config, key))
    if depth > most + more:
      but = ' but one' if more else ''
      raise ValueError(
        f'net.{key} has {depth} entries, each{but} of which halves the image; '
        f'{shape[0]}x{shape[1]} pixels allow at most {most + more}.'
      )


def halved(shape: tuple[int, ...], times: int) -> list[tuple[int, int]]:
  """(H, W) of the image and of each of its halvings, rounded up."""
  return [(-(-shape[0] >> i), -(-shape[1] >> i)) for i in range(times + 1)]
