"""Self-attention: every place of a feature map looks at all others.

Source: SAGAN (Zhang et al., 2019, equations 1 to 3), with the widths of its
authors' code: C/8 for what is compared and C/2 for what is passed on.
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

  The gain is learnt and 0 at the start; the parameters of f, g, h and v are
  named key, query, value and out.

  Attributes:
    config: compute dtype and formulation.
    norm: of the four 1x1 convolutions, as for `layers.run`.
  """

  config: Net
  norm: str

  @nn.compact
  def __call__(self, x: Array, *, train: bool) -> Array:
    """[B, H, W, C] -> [B, H, W, C]."""
    b, h, w, c = x.shape

    def conv(x: Array, features: int, name: str) -> Array:
      layer = layers.Conv(self.config, features, size=1, gain=1.0, name=name)
      return layers.run(layer, x, self.norm, train)

    narrow, middle = max(c // 8, 1), max(c // 2, 1)
    key = conv(x, narrow, 'key').reshape(b, h * w, narrow)
    query = conv(x, narrow, 'query').reshape(b, h * w, narrow)
    value = conv(x, middle, 'value').reshape(b, h * w, middle)
    likeness = jnp.einsum('bjc,bic->bji', query, key).astype(jnp.float32)
    share = jax.nn.softmax(likeness, axis=-1).astype(x.dtype)
    seen = jnp.einsum('bji,bic->bjc', share, value).reshape(b, h, w, middle)
    gain = self.param('gain', nn.initializers.zeros_init(), ())
    return x + gain.astype(x.dtype) * conv(seen, c, 'out')


def at_its_side(x: Array, config: Net, norm: str, train: bool) -> Array:
  """Attention inside a compact module, where x has the side that asks for it.

  Args:
    x: [B, H, W, C].
    config: `attention` is the larger of H and W; 0 is never met.
    norm: as for `layers.run`.
    train: whether vectors of spectral norm move.

  Returns:
    The shape of x.
  """
  if max(x.shape[1:3]) != config.attention:
    return x
  return SelfAttention(config, norm)(x, train=train)


def check(config: Net, maps: Mapping[str, Sequence[tuple[int, int]]]) -> None:
  """Looks whether both nets have feature maps that can look at themselves.

  Args:
    config: reads `attention`.
    maps: (H, W) of the feature maps of each player.

  Raises:
    ValueError: none of them has the side.
  """
  for player, sizes in maps.items():
    sides = sorted({max(size) for size in sizes})
    if config.attention and config.attention not in sides:
      raise ValueError(
        f'net.attention is {config.attention} and the feature maps of the '
        f'{player} have sides of {", ".join(map(str, sides))}; it must be one '
        'of these, or 0 for none.'
      )
