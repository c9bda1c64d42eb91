"""From latents to images on the host."""

from collections.abc import Callable

import flax.linen as nn
import jax
import numpy as np

from jaxgan.data.ranges import to_uint8
from jaxgan.types import Array, Variables

Generate = Callable[[Variables, Array], np.ndarray]


def make_generate(gen: nn.Module) -> Generate:
  """The generator as a jitted function to arrays on the host.

  Args:
    gen: the generator module.

  Returns:
    A function (variables, latents [N, Z]) -> [N, H, W, C] uint8 images, or
    [N, D] float32 vectors. It compiles once for each N.
  """
  apply = jax.jit(lambda variables, z: gen.apply(variables, z, train=False))

  def generate(variables: Variables, z: Array) -> np.ndarray:
    samples = jax.device_get(apply(variables, z))
    return to_uint8(samples) if samples.ndim == 4 else samples

  return generate
