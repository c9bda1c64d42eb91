"""A run on disk: its configuration, logged metrics, samples and evaluations."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxgan.config import Config
from jaxgan.evaluation import command, restore
from jaxgan.evaluation import rows as rows_lib
from jaxgan.evaluation import translate as translate_lib
from jaxgan.gan.generator import Generator
from jaxgan.metrics.record import Record
from jaxgan.nets.latents import Latents
from jaxgan.storage import workdir as workdir_lib
from jaxgan.storage import writers


class Run(NamedTuple):
  """A run in its workdir. Each call reads the newest checkpoint.

  Attributes:
    workdir: the folder of the run.
    config: its configuration.
  """

  workdir: pathlib.Path
  config: Config

  def generator(self, weights: str = 'ema', psi: float = 1.0) -> Generator:
    """Restores the generator.

    Args:
      weights: `ema` for the averaged weights, `raw` for those of the last step.
      psi: truncation of the styles; 1 for none (stylegan only).

    Raises:
      ValueError: no intact checkpoint, or a psi for a generator without styles.

    Example:
      >>> generator = run.generator()
      >>> generator.step, generator.shape
      (4, (8, 8, 1))
    """
    return restore.load(self.workdir, weights, psi)

  def sample(
    self,
    num: int,
    seed: int = 0,
    *,
    label: int | None = None,
    weights: str = 'ema',
    truncation: float = 0.0,
  ) -> np.ndarray:
    """Draws samples; equal seeds give equal samples.

    Args:
      num: number of samples, at least 1.
      seed: of the latents.
      label: class of all samples; None for all classes in turn.
      weights: `ema` or `raw`, as for `generator`.
      truncation: redraws latent values of larger magnitude; 0 for no bound.

    Returns:
      uint8 images [num, H, W, C], or float32 vectors [num, D] in the units of
      the table.

    Raises:
      ValueError: as `generator`, num below 1, an unknown label, a truncation
        of uniform latents, or a table with categories.

    Example:
      >>> images = run.sample(5, seed=1)
      >>> images.shape, images.dtype
      ((5, 8, 8, 1), dtype('uint8'))
    """
    generator = self.generator(weights)
    if generator.units is not None:
      raise ValueError(
        'This run is on a table with categories; draw its rows by Run.rows or '
        'python -m jaxgan.sample.'
      )
    z = draw(generator.latents, num, seed, label=label, truncation=truncation)
    return np.concatenate(list(generator.stream(z)))

  def rows(
    self, num: int, seed: int = 0, where: Mapping[str, str] | None = None
  ) -> dict[str, list[Any]]:
    """Draws rows of a run on a table with categories.

    Args:
      num: number of rows, at least 1.
      seed: equal seeds give equal rows.
      where: column -> the category that all rows must have.

    Returns:
      Column -> values: int, float, bool, str, or None if missing.

    Raises:
      ValueError: another run, num below 1, an unknown column or category.

    Example:
      rows = run.rows(1000, where={'income': '>50K'})
    """
    if num < 1:
      raise ValueError(f'num is {num}; it must be at least 1.')
    generator = self.generator()
    columns = rows_lib.columns_of(generator)
    parts = [*rows_lib.draw(generator, num, seed, where)]
    return rows_lib.values(columns, np.concatenate(parts))

  def evaluate(
    self, metrics: Sequence[str], seed: int = 0, **options: Any
  ) -> list[Record]:
    """Measures the generator, and appends the records to evaluation.jsonl.

    Args:
      metrics: names such as 'fid10k_mnist' (docs/metrics.md).
      seed: of latents and of random subsets.
      **options: further flags of `python -m jaxgan.evaluate`, such as
        `weights`, `split`, `floor_split` or `inception`.

    Returns:
      One record per metric: its value, floor, ceiling and protocol.

    Raises:
      ValueError: an unknown metric, or one that does not fit the data.

    Example:
      >>> (record,) = run.evaluate(['w1_100_pixels'])
      >>> record.metric, record.step, record.value > 0
      ('w1_100_pixels', 4, True)
    """
    flags = {'metrics': metrics, 'seed': seed, **options}
    return command.run(command.Options(str(self.workdir), **flags))[0]

  def translate(
    self,
    image: np.ndarray,
    mask: np.ndarray | None = None,
    *,
    weights: str = 'ema',
    reverse: bool = False,
  ) -> np.ndarray:
    """Translates a picture of any size (runs with game translation).

    Args:
      image: [H, W, C] uint8, with the channels of the training images.
      mask: [H, W, 1], 1 in the hole (translation.input hole only).
      weights: `ema` or `raw`, as for `generator`.
      reverse: translates from the targets to the inputs (unpaired only).

    Returns:
      [H, W, C] uint8, larger by the factor for low_resolution.

    Raises:
      ValueError: as `generator`, a run that translates nothing, an image of
        another shape or type, or a mask that does not fit.

    Example:
      large = run.translate(np.asarray(Image.open('photo.png')))
    """
    generator = self.generator(weights)
    return translate_lib.translate_array(
      generator, image, mask, reverse=reverse
    )

  def metrics(self) -> list[dict[str, Any]]:
    """Returns the rows of metrics.jsonl, oldest first.

    Example:
      >>> [row['step'] for row in run.metrics()]
      [1, 2, 3, 4]
    """
    return writers.read_metrics(self.workdir / 'metrics.jsonl')


def draw(
  latents: Latents,
  num: int,
  seed: int,
  *,
  label: int | None = None,
  truncation: float = 0.0,
) -> jax.Array:
  """Draws the latents [num, width] of samples; arguments as `Run.sample`.

  Raises:
    ValueError: num below 1, an unknown label, or a truncation of uniform
      latents.

  Example:
    z = draw(run.generator().latents, 16, seed=0)
  """
  if num < 1:
    raise ValueError(f'num is {num}; it must be at least 1.')
  if label is not None and label < 0:
    raise ValueError(f'label is {label}; it must be at least 0, or None.')
  if truncation:
    latents = latents.truncated(truncation)
  label = -1 if label is None else label
  return latents.grid('random', jax.random.key(seed), num, label)[0]


def load(folder: str | pathlib.Path) -> Run:
  """Opens an existing run; `jaxgan.load_run` is this function.

  Raises:
    ValueError: the folder holds no run, or its config.json is damaged.

  Example:
    >>> load('runs/tiny').workdir.name
    'tiny'
  """
  path = pathlib.Path(folder)
  return Run(path, workdir_lib.load_config(path))
