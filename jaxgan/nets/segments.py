"""Rows of a table as one-hot vectors, and a generator of such vectors.

A row of M numbers (`data.mixed`) becomes D: an alpha in [-1, 1] stays, and a
choice of n becomes one-hot. The generator ends with a tanh for each alpha and a
Gumbel softmax for each choice (Jang et al., 2017). Its noise is a part of the
latent, so that a sample is a function of its latent alone.
"""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.types import Array, Pair


class Layout(NamedTuple):
  """The segments of a vector.

  Attributes:
    sizes: [M], 0 for an alpha, or the number of choices.
    labels: (segment, choice) of each label of a conditional generator.
  """

  sizes: tuple[int, ...]
  labels: tuple[tuple[int, int], ...] = ()

  @property
  def width(self) -> int:
    """D, the length of a vector."""
    return sum(max(n, 1) for n in self.sizes)

  @property
  def noise(self) -> int:
    """Numbers of Gumbel noise in a latent: one per choice."""
    return sum(self.sizes)

  def parts(self) -> Iterator[tuple[int, slice]]:
    """Yields the size and the place of each segment of a vector."""
    ends = itertools.accumulate(max(n, 1) for n in self.sizes)
    for size, end in zip(self.sizes, ends, strict=True):
      yield size, slice(end - max(size, 1), end)

  def encode(self, rows: Array) -> Array:
    """Rows [..., M] -> vectors [..., D] float32."""
    segment = np.repeat(np.arange(len(self.sizes)), np.maximum(self.sizes, 1))
    choice = np.concatenate([np.arange(max(n, 1)) for n in self.sizes])
    x = rows[..., segment]
    is_alpha, choice = (
      np.broadcast_to(each, x.shape)
      for each in (np.asarray(self.sizes)[segment] == 0, choice)
    )
    return jnp.where(is_alpha, x, (x == choice).astype(jnp.float32))

  def decode(self, x: Array) -> Array:
    """Vectors [..., D] -> rows [..., M]: the largest choice of each segment."""
    numbers = [
      jnp.argmax(x[..., at], axis=-1).astype(jnp.float32)
      if size
      else x[..., at.start]
      for size, at in self.parts()
    ]
    return jnp.stack(numbers, axis=-1)

  def chosen(self, x: Array, label: Array) -> Array:
    """The value of the choice of each label [...] in vectors [..., D]: [...].

    Args:
      x: one-hot vectors, or those of a generator.
      label: integers below the number of labels.
    """
    starts = [at.start for _, at in self.parts()]
    places = np.array([starts[s] + choice for s, choice in self.labels])
    at = jnp.asarray(places)[label][..., None]
    return jnp.take_along_axis(x, at, axis=-1)[..., 0]


class Generator(nn.Module):
  """Adds Gumbel noise and the last activations to another generator.

  Attributes:
    body: latents [B, Z + labels] -> vectors [B, D], unbounded.
    layout: of the vectors.
    size: Z, the length of the body's noise.
    temperature: of the softmax.
  """

  body: nn.Module
  layout: Layout
  size: int
  temperature: float

  def __call__(self, z: Array, *, train: bool) -> Array:
    """Latents [..., Z + noise + labels] -> vectors [..., D] float32."""
    flat = z.reshape(-1, z.shape[-1])
    end = self.size + self.layout.noise
    inputs = jnp.concatenate([flat[:, : self.size], flat[:, end:]], axis=1)
    x = self.body(inputs, train=train).astype(jnp.float32)
    noise, parts, start = gumbel(flat[:, self.size : end]), [], 0
    for size, at in self.layout.parts():
      if not size:
        parts.append(jnp.tanh(x[:, at]))
        continue
      logits = x[:, at] + noise[:, start : start + size]
      parts.append(jax.nn.softmax(logits / self.temperature))
      start += size
    out = jnp.concatenate(parts, axis=1)
    return out.reshape(*z.shape[:-1], self.layout.width)


def gumbel(normal: Array) -> Array:
  """Turns N(0, 1) into Gumbel(0, 1) noise: -log(-log Phi(z))."""
  # Finite also where float32 rounds Phi to 1.
  tail = jnp.maximum(-jax.scipy.stats.norm.logcdf(normal), 1e-30)
  return -jnp.log(tail)


def wrap(
  modules: Pair[nn.Module], layout: Layout, size: int, temperature: float
) -> Pair[nn.Module]:
  """Makes networks of vectors [D] networks of rows of a table.

  Args:
    modules: from `catalog.build`.
    layout: of the rows.
    size: Z, `net.latent_size`.
    temperature: `net.temperature`.
  """
  gen = Generator(modules.gen, layout, size, temperature)
  return Pair(gen, modules.critic)
