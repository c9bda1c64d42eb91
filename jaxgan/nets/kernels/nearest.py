"""Nearest-neighbor upsampling and a convolution, in one of the small image.

Upsampled neighbors are equal, so the kernel's taps on them are added first: 5x5
taps on four pixels become four times 3x3 taps on one.
"""

import jax.numpy as jnp
import numpy as np

from jaxgan.types import Array


def fold(kernel: Array) -> Array:
  """Returns the kernel whose outputs `depth_to_space` makes the large image.

  Args:
    kernel: [k, k, Cin, Cout] of the upsampled image, k odd.

  Returns:
    [n, n, Cin, 4 Cout] of the image before: n is 1, 3, 3, 5 for k 1, 3, 5, 7.
  """
  k, _, cin, cout = kernel.shape
  taps = jnp.asarray(_taps(k), kernel.dtype)
  folded = jnp.einsum('aip,bjq,pqcd->ijcabd', taps, taps, kernel)
  n = taps.shape[1]
  return folded.reshape(n, n, cin, 4 * cout)


def _taps(k: int) -> np.ndarray:
  """Ones [2, n, k]: the pixel of the small image that a tap of the large reads.

  Tap p of output 2 i + a reads pixel 2 i + a + p - k // 2 of the large image.
  """
  reach = (k // 2 + 1) // 2
  taps = np.zeros((2, 2 * reach + 1, k))
  for a in (0, 1):
    for p in range(k):
      taps[a, (a + p - k // 2) // 2 + reach, p] = 1
  return taps
