"""A residual classifier of photographs, small enough to train on a CPU.

Blocks are those of pre-activation ResNets (He et al. 2016, "Identity Mappings
in Deep Residual Networks") with group norm (Wu & He, 2018), so that an example
does not depend on the others of its batch.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp

from jaxgan.nets import initializers, layers
from jaxgan.nets.precision import Net
from jaxgan.types import Array

_WIDTHS = (32, 64, 128, 256)
_GROUPS = 8
_DROPOUT = 0.3
# From these sides on, the first convolution and the first block halve an image:
# the blocks of 32x32 pixels work on 16x16, those of 64x64 on 32x32.
_HALVED, _QUARTERED = 24, 96
# XLA's gradients of strided convolutions take three times as long on a CPU.
_NET = Net(conv='auto')


class PhotoNet(nn.Module):
  """A convolution, a residual block per width, the mean over pixels, logits.

  Attributes:
    classes: K, the number of classes.
  """

  classes: int

  @nn.compact
  def __call__(self, x: Array, *, train: bool = False) -> tuple[Array, Array]:
    """Classifies images [N, H, W, C] in [-1, 1], with dropout if `train`.

    Returns:
      Features [N, 256] and logits [N, K].
    """
    # True float32 on every device, whatever the precision of the run.
    with jax.default_matmul_precision('highest'):
      return self._classify(x, train)

  def _classify(self, x: Array, train: bool) -> tuple[Array, Array]:
    side = min(x.shape[1:3])
    x = layers.conv(_NET, _WIDTHS[0], 5, 2 if side >= _HALVED else 1)(x)
    for i, width in enumerate(_WIDTHS):
      x = self._block(x, width, 1 if i == 0 and side < _QUARTERED else 2)
      self.sow('intermediates', f'block_{i + 1}', x)
    x = nn.relu(nn.GroupNorm(_GROUPS)(x)).mean((1, 2))
    kept = nn.Dropout(_DROPOUT, deterministic=not train)(x)
    return x, nn.Dense(self.classes, kernel_init=initializers.glorot)(kept)

  def _block(self, x: Array, width: int, stride: int) -> Array:
    y = nn.relu(nn.GroupNorm(_GROUPS)(x))
    y = layers.conv(_NET, width, 3, stride)(y)
    y = nn.relu(nn.GroupNorm(_GROUPS)(y))
    y = layers.conv(_NET, width, 3)(y)
    if stride == 2:  # Odd sides round up, as the strided convolution does.
      odd = [(0, n % 2) for n in x.shape[1:3]]
      padded = jnp.pad(x, ((0, 0), *odd, (0, 0)), mode='edge')
      x = layers.conv(_NET, width, 1)(layers.mean_pool(padded))
    return x + y
