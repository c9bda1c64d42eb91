"""Self-attention over the pixels of a feature map.

Source: SAGAN (Zhang et al., 2019, equations 1 to 3), with the widths of its
authors' code: C/8 for keys and queries and C/2 for values.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.nets import layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array, Pair


class SelfAttention(nn.Module):
  """Self-attention: y_j = x_j + gain v(sum_i b_ji h(x_i)).

  b_ji is the softmax over i of f(x_i) . g(x_j). The gain is trained and starts
  at 0. f, g, h and v are 1x1 convolutions, named key, query, value and out;
  `norm` applies to them.
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
    return x + layers.spread(gain, x) * conv(mean, c, 'out')


def attend(x: Array, config: Net, norm: str, train: bool) -> Array:
  """Applies self-attention to x [B, H, W, C] if max(H, W) = `net.attention`."""
  if max(x.shape[1:3]) != config.attention:
    return x
  return SelfAttention(config, norm)(x, train=train)


def check(config: Net, maps: Pair[list[tuple[int, int]]]) -> None:
  """Checks that both nets have a feature map with the side `net.attention`.

  Args:
    config: reads `attention`; 0 is always accepted.
    maps: (H, W) of the feature maps of both nets.

  Raises:
    ValueError: one of the nets has none.
  """
  for net, sizes in zip(('generator', 'critic'), maps, strict=True):
    sides = sorted({max(size) for size in sizes})
    if config.attention and config.attention not in sides:
      raise ValueError(
        f'net.attention is {config.attention} and the feature maps of the '
        f'{net} have sides of {", ".join(map(str, sides))}; it must be one '
        'of these, or 0 for none.'
      )
