"""A generator with its weights: from latents to samples on the host."""

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.gan.networks import Networks
from jaxgan.gan.problem import Problem
from jaxgan.nets import chunks
from jaxgan.nets import latents as latents_lib
from jaxgan.nets.latents import Latents
from jaxgan.types import Array, Variables, to_uint8

if TYPE_CHECKING:
  from jaxgan.data.columns import AnyColumns


class Generator(NamedTuple):
  """A trained generator, or one in training.

  Attributes:
    problem: what it was trained for.
    variables: its parameters and batch statistics.
    step: after which it was saved.
    psi: truncation of the styles; 1 for none (stylegan only).
  """

  problem: Problem
  variables: Variables
  step: int = 0
  psi: float = 1.0

  @property
  def shape(self) -> tuple[int, ...]:
    """Of one sample: (H, W, C) or (D,)."""
    return self.problem.shape

  @property
  def latents(self) -> Latents:
    """The distribution of its inputs."""
    return self.problem.latents

  def inputs(
    self,
    key: Array,
    num: int,
    label: Array | None = None,
    images: np.ndarray | None = None,
  ) -> Array:
    """Inputs for `num` samples: [num, width].

    Args:
      key: of the latents; of noise and holes in a translation.
      num: number of inputs.
      label: [num] int32, or None, as for `Latents.draw`.
      images: [N, H, W, C] uint8 that a translation makes its inputs of, the
        first `num` of them.

    Raises:
      ValueError: the generator translates images, and there are fewer.
    """
    translation = self.problem.translation
    if translation is None:
      return self.latents.draw(key, num, label)
    available = 0 if images is None else len(images)
    if images is None or available < num:
      raise ValueError(
        f'{num} images are to be translated and there are {available}; use a '
        'smaller number or another split.'
      )
    return translation.of_images(key, images[:num])

  @property
  def columns(self) -> 'AnyColumns | None':
    """Names and units of the table that it was trained on; None for none."""
    return self.problem.columns

  @property
  def units(self) -> 'AnyColumns | None':
    """The columns that `stream` encodes its samples by; None for none."""
    return self.columns if self.problem.networks.table else None

  def generate(self, z: Array) -> np.ndarray:
    """Samples of the latents [N, width], all at once.

    Returns:
      uint8 images [N, H, W, C], or float32 vectors [N, D], those of a table
      standardized. Compiles once for each N.
    """
    generate = _generate(self.problem.networks, self.psi)
    return _on_host(jax.device_get(generate(self.variables, z)))

  def replicated(self) -> 'Generator':
    """The same generator, with its variables on all local devices."""
    return self._replace(variables=chunks.replicate(self.variables))

  def stream(self, z: Array | np.ndarray) -> Iterator[np.ndarray]:
    """Samples of the latents [N, width], in chunks of bounded memory.

    The chunks are split over all local devices.

    Yields:
      uint8 images [n, H, W, C], or float32 vectors [n, D], those of a table in
      the table's units.
    """
    generate = _generate(self.problem.networks, self.psi)
    net = functools.partial(generate, self.replicated().variables)
    for outputs in chunks.apply(net, chunks.split(np.asarray(z))):
      samples = _on_host(outputs)
      yield self.columns.unstandardize(samples) if self.columns else samples

  def mix(self, z: Array, other: Array, at: int) -> np.ndarray:
    """Images with styles of z before a layer, and of another from it on.

    Args:
      z: [N, width] latents.
      other: [N, width] latents.
      at: the layer; 0 for the images of `other`.

    Returns:
      uint8 images [N, H, W, C].

    Raises:
      ValueError: the generator has no styles.
    """
    name = self.problem.config.net.name
    if name != 'stylegan':
      raise ValueError(
        f'net.name of this run is {name}, whose generator has no styles to '
        'mix; it must be stylegan.'
      )
    mix = _mix(self.problem.networks, self.psi)
    images = mix(self.variables, z, other, jnp.full(len(z), at))
    return _on_host(jax.device_get(images))

  def labels(self, num: int) -> Array | None:
    """[num] int32 labels in the proportions of the training data.

    None, which stands for all classes in turn, where they are unknown.
    """
    classes = self.problem.config.net.classes
    if not classes or not self.problem.class_counts:
      return None
    counts = self.problem.class_counts
    return jnp.array(latents_lib.proportional_labels(counts, num))


def generator_of(
  problem: Problem, variables: Variables, step: int = 0, psi: float = 1.0
) -> Generator:
  """The generator of a problem with the given weights.

  Args:
    problem: what it is trained for.
    variables: of the generator, raw or averaged.
    step: after which they were saved.
    psi: truncation of the styles; 1 for none.

  Raises:
    ValueError: a truncation, and the generator has no styles.
  """
  name = problem.config.net.name
  if psi != 1 and name != 'stylegan':
    raise ValueError(
      f'psi is {psi:g} and net.name of this run is {name}; only the styles of '
      'stylegan can be truncated by it, so it must be 1.'
    )
  return Generator(problem, variables, step, psi)


# One compiled program for all generators of the same networks.
@functools.lru_cache(maxsize=8)
def _generate(networks: Networks, psi: float) -> Callable[..., Array]:
  return jax.jit(lambda variables, z: networks.sample(variables, z, psi))


@functools.lru_cache(maxsize=8)
def _mix(networks: Networks, psi: float) -> Callable[..., Array]:
  return jax.jit(
    lambda variables, z, other, at: networks.mix(variables, z, other, at, psi)
  )


def _on_host(samples: np.ndarray) -> np.ndarray:
  """Images as uint8; vectors as they are."""
  return to_uint8(samples) if samples.ndim == 4 else samples
