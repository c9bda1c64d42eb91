"""From latents to images: what training shows and `jaxgan.sample` writes."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data.ranges import to_uint8
from jaxgan.types import Array, Variables

Generate = Callable[[Variables, Array], np.ndarray]


def latents(
  key: Array, count: int, size: int, *, truncation: float = 0.0
) -> Array:
  """Latent vectors from N(0, I), or from its middle.

  Args:
    key: a PRNG key; equal keys give equal latents.
    count: how many.
    size: Z.
    truncation: numbers beyond it are drawn again (Brock et al., 2019); fewer
      odd images and less variety the smaller it is; 0 for none.

  Returns:
    [count, Z] float32.
  """
  if truncation:
    shape = (count, size)
    return jax.random.truncated_normal(key, -truncation, truncation, shape)
  return jax.random.normal(key, (count, size))


def interpolation(key: Array, count: int, size: int) -> Array:
  """Latents on the great circle from one random latent to another.

  On a straight line the middle would be shorter than any latent that the
  generator has seen (White, 2016).

  Args:
    key: a PRNG key.
    count: how many, both ends included; at least 2.
    size: Z.

  Returns:
    [count, Z] float32.
  """
  start, end = jax.random.normal(key, (2, size))
  lengths = jnp.linalg.norm(start), jnp.linalg.norm(end)
  cosine = jnp.dot(start, end) / (lengths[0] * lengths[1])
  angle = jnp.arccos(jnp.clip(cosine, -1.0, 1.0))
  t = jnp.linspace(0.0, 1.0, count)[:, None]
  mixed = (
    jnp.sin((1 - t) * angle) * start[None] + jnp.sin(t * angle) * end[None]
  )
  return mixed / jnp.sin(angle)


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
