"""From latents to images on the host."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import numpy as np

from jaxgan.data.ranges import to_uint8
from jaxgan.types import Array, Variables

Generate = Callable[[Variables, Array], np.ndarray]
Mix = Callable[[Variables, Array, Array, Array], np.ndarray]


def make_generate(gen: nn.Module) -> Generate:
  """The generator as a jitted function to arrays on the host.

  Args:
    gen: the generator module.

  Returns:
    A function (variables, latents [N, Z]) -> [N, H, W, C] uint8 images, or
    [N, D] float32 vectors. It compiles once for each N.
  """
  return _to_host(lambda variables, z: gen.apply(variables, z, train=False))


def make_mix(gen: nn.Module) -> Mix:
  """The same of `mix`, which generators with styles have.

  Args:
    gen: the generator module.

  Returns:
    A function (variables, latents, others [N, Z], layers [N] int32) ->
    [N, H, W, C] uint8 images.
  """
  return _to_host(lambda variables, *z: gen.apply(variables, *z, method='mix'))


def _to_host(apply: Callable[..., Any]) -> Callable[..., np.ndarray]:
  jitted = jax.jit(apply)

  def generate(*args: Any) -> np.ndarray:
    samples = jax.device_get(jitted(*args))
    return to_uint8(samples) if samples.ndim == 4 else samples

  return generate
