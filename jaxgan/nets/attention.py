"""Self-attention over the pixels of a feature map.

Source: SAGAN (Zhang et al., 2019, equations 1 to 3), with the widths of its
authors' code: C/8 for keys and queries and C/2 for values.
"""

from collections.abc import Mapping, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.config import Net
from jaxgan.nets import layers
from jaxgan.types import Array


class SelfAttention(nn.Module):
  """y_j = x_j + gain v(sum_i b_ji h(x_i)), b_ji = softmax_i of f(x_i) . g(x_j).

  The gain is trained and starts at 0; the parameters of f, g, h and v are named
  key, query, value and out.

  Attributes:
    config: compute dtype and formulation.
    norm: of the four 1x1 convolutions, as for `layers.apply_layer`.
  """

  config: Net
  norm: str

  @nn.compact
  def __call__(self, x: Array, *, train: bool) -> Array:
    """[B, H, W, C] -> [B, H, W, C]."""
    b, h, w, c = x.shape

    def conv(x: Array, features: int, name: str) -> Array:
      layer = layers.conv(self.config, features, size=1, gain=1.0, name=name)
      return layers.apply_layer(layer, x, self.norm, train)

    narrow, middle = max(c // 8, 1), max(c // 2, 1)
    key = conv(x, narrow, 'key').reshape(b, h * w, narrow)
    query = conv(x, narrow, 'query').reshape(b, h * w, narrow)
    value = conv(x, middle, 'value').reshape(b, h * w, middle)
    logits = jnp.einsum('bjc,bic->bji', query, key).astype(jnp.float32)
    weights = jax.nn.softmax(logits, axis=-1).astype(x.dtype)
    mean = jnp.einsum('bji,bic->bjc', weights, value).reshape(b, h, w, middle)
    gain = self.param('gain', nn.initializers.zeros_init(), ())
    return x + gain.astype(x.dtype) * conv(mean, c, 'out')


def attend(x: Array, config: Net, norm: str, train: bool) -> Array:
  """Applies self-attention if the larger side of x is `net.attention`.

  Args:
    x: [B, H, W, C].
    config: `attention` is the larger of H and W, or 0 for no self-attention.
    norm: as for `layers.apply_layer`.
    train: as for `layers.apply_layer`.

  Returns:
    An array of the shape of x.
  """
  if max(x.shape[1:3]) != config.attention:
    return x
  return SelfAttention(config, norm)(x, train=train)


def check(config: Net, maps: Mapping[str, Sequence[tuple[int, int]]]) -> None:
  """Checks that both nets have a feature map with the side `net.attention`.

  Args:
    config: reads `attention`.
    maps: net -> (H, W) of its feature maps.

  Raises:
    ValueError: one of the nets has none.
  """
  for net, sizes in maps.items():
    sides = sorted({max(size) for size in sizes})
    if config.attention and config.attention not in sides:
      raise ValueError(
        f'net.attention is {config.attention} and the feature maps of the '
        f'{net} have sides of {", ".join(map(str, sides))}; it must be one '
        'of these, or 0 for none.'
      )
