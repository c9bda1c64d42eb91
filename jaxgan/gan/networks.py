"""The generator and the critic as pure functions.

Everything outside `nets/` calls the networks through this module, so that no
other file knows the neural network library. Random numbers come from keys;
batch statistics and the vectors of spectral norm are passed in and returned.
"""

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax

from jaxgan.config import Net
from jaxgan.gan.tables import Tables
from jaxgan.gan.translation import Translation
from jaxgan.nets import catalog, multiscale, remat, segments, tables, two_way
from jaxgan.nets import latents as latents_lib
from jaxgan.nets.latents import Latents
from jaxgan.nets.precision import PRODUCTS
from jaxgan.types import Array, Pair, Score, Variables, to_float


@dataclasses.dataclass(frozen=True)
class Networks:
  """A generator and a critic for examples of one shape.

  Attributes:
    config: the `net` section of the configuration.
    shape: of one example, (H, W, C) or (D,); (P, D) of a pack of rows.
    modules: the two flax modules.
    latents: the distribution of the generator's inputs; input images of game
      translation.
    remat: whether training computes activations again in the backward pass
      instead of keeping them.
    precision: of the networks alone, a value of `train.precision`.
    table: of rows of a table with categories; None for other data.
  """

  config: Net
  shape: tuple[int, ...]
  modules: Pair[nn.Module]
  latents: Latents | Translation
  remat: bool = False
  precision: str = 'float32'
  table: Tables | None = None

  def init(self, key: Array) -> Pair[Variables]:
    """Initial variables of both networks, each from a key of its own."""
    return catalog.init(self.modules, key, self.latents.width, self.shape)

  def real(self, examples: Array) -> Array:
    """Converts uint8 images or float32 vectors [B, ...] to critic inputs."""
    x = to_float(examples)
    if self.config.name == 'multiscale':
      x = multiscale.pack(multiscale.pyramid(x, self.config.scales))
    return x

  def generate(
    self, variables: Variables, z: Array, key: Array
  ) -> tuple[Array, Variables]:
    """Generates fakes in training mode.

    Args:
      variables: of the generator.
      z: [B, width] latents.
      key: of the noise that some generators draw beside their latents.

    Returns:
      Fakes of the shape of `real`, and the updated batch statistics.
    """
    multiscale_output = self.config.name == 'multiscale'

    def apply(variables: Variables, z: Array, key: Array) -> Any:
      return self.modules.gen.apply(
        variables,
        z,
        train=True,
        mutable=list(statistics_of(variables)),
        rngs={'noise': key},
        method='scales' if multiscale_output else '__call__',
      )

    with self._products():
      fake, statistics = self._rematerialized(apply)(variables, z, key)
      return self._finish(fake, z), statistics

  def score(
    self,
    variables: Variables,
    label: Array | None,
    key: Array,
    method: str = '__call__',
  ) -> Score:
    """Returns the critic as a function of the examples alone.

    Args:
      variables: of the critic.
      label: [B] int32, or the inputs of a translation; None for critics that
        read no labels.
      key: of dropout; equal keys drop the same units of example i.
      method: of the critic: `code` or `predict` instead of the scores.
    """
    return lambda x: self._critic(variables, x, label, key, method)[0]

  def statistics(
    self, variables: Variables, x: Array, label: Array, key: Array
  ) -> Variables:
    """The critic's batch statistics and spectral vectors after one pass."""
    if not statistics_of(variables):
      return {}
    return self._critic(variables, x, label, key, '__call__')[1]

  def sample(self, variables: Variables, z: Array, psi: float = 1.0) -> Array:
    """Generates samples in inference mode.

    Args:
      variables: of the generator.
      z: [B, width] latents.
      psi: truncation of the styles; 1 for none (stylegan only).

    Returns:
      Images [B, H, W, C] float32 in [-1, 1], or vectors [B, D] float32; of a
      table with categories its rows [B, M].
    """
    gen: Any = self._truncated(psi)
    with self._products():
      fake = self._finish(gen.apply(variables, z, train=False), z)
    return self.table.layout.decode(fake) if self.table else fake

  def mix(
    self, variables: Variables, z: Array, other: Array, at: Array, psi: float
  ) -> Array:
    """Mixes the styles of two latents (stylegan only).

    Args:
      variables: of the generator.
      z: [B, width] latents, for the layers before `at`.
      other: [B, width] latents, for the layers from `at` on.
      at: [B] int32 layer.
      psi: truncation of the styles; 1 for none.

    Returns:
      Images [B, H, W, C] float32 in [-1, 1].
    """
    gen: Any = self._truncated(psi)
    with self._products():
      return gen.apply(variables, z, other, at, method='mix')

  def resized(
    self, sides: tuple[int, int], *, reverse: bool = False
  ) -> 'Networks':
    """The networks of a translation for images of other sides (H, W).

    Args:
      sides: H and W.
      reverse: translates from the targets to the inputs (unpaired only).
    """
    shape = (*sides, self.shape[2])
    gen: Any = self.modules.gen
    if isinstance(gen, two_way.Generator):
      gen = gen.clone(
        backward=gen.backward.clone(shape=shape),
        forward=gen.forward.clone(shape=shape),
        reverse=reverse,
      )
    else:
      gen = gen.clone(shape=shape)
    assert isinstance(self.latents, Translation)
    return dataclasses.replace(
      self,
      shape=shape,
      modules=self.modules._replace(gen=gen),
      latents=self.latents._replace(shape=shape),
    )

  def tabulate(self) -> str:
    """Formats both networks as tables of modules, shapes and parameters."""
    return tables.tabulate(self.modules, self.latents.width, self.shape)

  def _finish(self, fake: Array, z: Array) -> Array:
    if isinstance(self.latents, Translation):
      return self.latents.finish(fake, z)
    return fake

  def _truncated(self, psi: float) -> nn.Module:
    gen = self.modules.gen
    return gen if psi == 1 else gen.clone(psi=psi)

  def _critic(
    self,
    variables: Variables,
    x: Array,
    label: Array | None,
    key: Array,
    method: str,
  ) -> tuple[Array, Variables]:
    # Batch norm in a critic (without a penalty) always uses its own batch.
    def apply(
      variables: Variables, x: Array, label: Array | None, key: Array
    ) -> Any:
      return self.modules.critic.apply(
        variables,
        x,
        label,
        train=True,
        mutable=list(statistics_of(variables)),
        rngs={'dropout': key},
        method=method,
      )

    with self._products():
      return self._rematerialized(apply)(variables, x, label, key)

  def _products(self) -> contextlib.AbstractContextManager[Any]:
    """Sets the precision of products, and so of all their derivatives."""
    return jax.default_matmul_precision(PRODUCTS[self.precision])

  def _rematerialized(self, apply: Callable[..., Any]) -> Callable[..., Any]:
    if not self.remat:
      return apply
    return remat.rematerialize(self.config.name, apply)


def build(
  config: Net,
  shape: tuple[int, ...],
  *,
  translation: Translation | None = None,
  table: Tables | None = None,
  rematerialize: bool = False,
  precision: str = 'float32',
) -> Networks:
  """Builds the networks of a configuration for examples of a shape.

  Args:
    config: the `net` section of the configuration.
    shape: of one example, (H, W, C) or (D,).
    translation: the generator's inputs; None for latents.
    table: how rows of a table become examples; None for other data.
    rematerialize: `remat` of the networks.
    precision: a value of `train.precision`.

  Raises:
    ValueError: the network cannot produce or read this shape.
  """
  modules = catalog.build(config, shape, precision)
  if table:
    return _of_table(config, modules, table, rematerialize, precision)
  if translation and translation.two_way:
    modules = two_way.wrap(modules)
  latents = translation or latents_lib.of(config)
  return Networks(config, shape, modules, latents, rematerialize, precision)


def _of_table(
  config: Net,
  modules: Pair[nn.Module],
  table: Tables,
  rematerialize: bool,
  precision: str,
) -> Networks:
  """Networks whose examples are packs of rows."""
  layout, size = table.layout, config.latent_size
  modules = segments.wrap(modules, layout, size, config.temperature)
  latents = latents_lib.of(config)._replace(size=size + layout.noise)
  shape = table.pack, layout.width
  return Networks(
    config, shape, modules, latents, rematerialize, precision, table
  )


def statistics_of(variables: Variables) -> Variables:
  """All collections of variables except the parameters."""
  return {name: v for name, v in variables.items() if name != 'params'}
