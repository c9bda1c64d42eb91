"""Losses of a translation that compare its images with those of the data.

Sources: L1 of pix2pix (Isola et al., 2017); cycle and identity of CycleGAN (Zhu
et al., 2017, equations 2 and 5.2).
"""

from collections.abc import Callable

import jax.numpy as jnp

from jaxgan.config import Loss
from jaxgan.gan.translation import swap
from jaxgan.types import Array


def cost(
  config: Loss, generate: Callable[[Array], Array], fake: Array, real: Array
) -> Array | float:
  """The weighted sum of the losses; 0 for a game without them.

  In unpaired data, examples alternate between the domains, and the input of an
  example is the image before or after it.

  Args:
    config: gives `l1`, `cycle` and `identity`.
    generate: inputs [B, H W C] -> images [B, H, W, C].
    fake: [B, H, W, C], of the inputs of the batch.
    real: [B, H, W, C], the true images, or those of the domain.
  """
  total: Array | float = 0.0
  if config.l1:
    total += config.l1 * _distance(fake, real)
  if config.cycle:  # There and back again: to the input of the neighbor.
    total += config.cycle * _distance(generate(_flat(swap(fake))), real)
  if config.identity:
    total += config.identity * _distance(generate(_flat(real)), real)
  return total


def _flat(x: Array) -> Array:
  return x.reshape(len(x), -1)


def _distance(x: Array, y: Array) -> Array:
  return jnp.mean(jnp.abs(x - y))
