"""What a run trains: its configuration, its networks and its kind of data.

The one factory for training, vmapped runs, restoring, describing and
benchmarking.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import jax

from jaxgan.config import Config
from jaxgan.gan import networks as networks_lib
from jaxgan.gan import tables as tables_lib
from jaxgan.gan import translation as translation_lib
from jaxgan.gan.networks import Networks
from jaxgan.gan.translation import Translation
from jaxgan.nets import kernels
from jaxgan.nets.latents import Latents
from jaxgan.types import Array, Batch

if TYPE_CHECKING:
  from jaxgan.data.columns import AnyColumns
  from jaxgan.data.sources import Dataset


@dataclasses.dataclass(frozen=True)
class Problem:
  """One training problem, without the examples themselves.

  Attributes:
    config: the run; of a table with conditions, with as many `net.classes` as
      it has labels.
    networks: generator and critic.
    class_counts: number of training examples per class; empty where the data
      have no labels or the counts are unknown.
    columns: names and units of a table; None for other data.
    platform: of the devices that train: cpu, gpu or tpu.
  """

  config: Config
  networks: Networks
  class_counts: tuple[int, ...] = ()
  columns: 'AnyColumns | None' = None
  platform: str = 'cpu'

  @property
  def shape(self) -> tuple[int, ...]:
    """Of one example: (H, W, C), (D,) of a vector, (P, D) of a pack."""
    return self.networks.shape

  @property
  def latents(self) -> Latents:
    """The distribution of the latents.

    Raises:
      ValueError: the generator gets images instead.
    """
    if isinstance(self.networks.latents, Translation):
      raise ValueError(
        'This run translates images, so its generator has no latents; give it '
        'images by python -m jaxgan.translate.'
      )
    return self.networks.latents

  @property
  def translation(self) -> Translation | None:
    """The inputs of a generator of images from images; None for latents."""
    latents = self.networks.latents
    return latents if isinstance(latents, Translation) else None

  @property
  def prepare(self) -> Callable[[Array, Batch], Batch] | None:
    """(key, batch) -> the examples and inputs of a step; None to keep them."""
    if self.networks.table:
      return self.networks.table.examples
    return self.translation and self.translation.pairs

  @property
  def slow_in_loops(self) -> bool:
    """XLA:CPU's own convolutions are several times slower inside a loop."""
    conv = kernels.resolve(self.config.net.conv, self.platform)
    return self.platform == 'cpu' and conv in ('lax', 'cudnn')

  @property
  def standardized(self) -> 'Problem':
    """The same problem, whose samples of a table stay standardized."""
    return dataclasses.replace(self, columns=None)


def build(
  config: Config,
  shape: tuple[int, ...],
  *,
  num_classes: int = 0,
  class_counts: tuple[int, ...] = (),
  columns: 'AnyColumns | None' = None,
  platform: str = '',
) -> Problem:
  """Builds the problem of a configuration for data of a shape.

  Args:
    config: the run.
    shape: of one example of the data, (H, W, C) or (D,).
    num_classes: of the data; 0 for none.
    class_counts: number of training examples per class.
    columns: of a table.
    platform: of the devices that train; the default backend where empty.

  Raises:
    ValueError: networks, labels or augmentations that do not fit the data.
  """
  config = _with_classes(config, num_classes, columns)
  _check_augmentation(config, shape)
  platform = platform or jax.default_backend()
  conv = kernels.resolve(config.net.conv, platform)
  net = dataclasses.replace(config.net, conv=conv)
  inputs, table = None, None
  if config.game == 'translation':
    inputs = translation_lib.build(config.translation, shape)
    shape = inputs.shape
  if columns is not None and columns.sizes:
    table = tables_lib.build(config, columns)
    shape = (table.layout.width,)
  networks = networks_lib.build(
    net,
    shape,
    translation=inputs,
    table=table,
    rematerialize=config.train.remat,
    precision=config.train.precision,
  )
  return Problem(config, networks, class_counts, columns, platform)


def of_dataset(
  config: Config, dataset: 'Dataset', platform: str = ''
) -> Problem:
  """Builds the problem of a configuration for a data set.

  Args:
    config: the run.
    dataset: what it trains on.
    platform: as for `build`.

  Raises:
    ValueError: as `build`.
  """
  return build(
    config,
    dataset.shape,
    num_classes=dataset.num_classes,
    class_counts=dataset.class_counts,
    columns=dataset.columns,
    platform=platform,
  )


def _with_classes(
  config: Config, num_classes: int, columns: 'AnyColumns | None'
) -> Config:
  """Checks the number of classes, or takes it from a table."""
  if columns is not None and columns.sizes and not config.net.classes:
    net = dataclasses.replace(config.net, classes=num_classes)
    return dataclasses.replace(config, net=net)
  expected = config.net.classes
  if expected and expected != num_classes:
    raise ValueError(
      f'net.classes is {expected} and {config.data.name} has {num_classes} '
      'classes; it must be as many, or 0 for networks without labels.'
    )
  return config


def _check_augmentation(config: Config, shape: tuple[int, ...]) -> None:
  names = config.regularisers.augment
  if names and len(shape) == 1:
    raise ValueError(
      f'regularisers.augment is {", ".join(names)} and the data are vectors of '
      f'{shape[0]} values; only images can be augmented.'
    )
