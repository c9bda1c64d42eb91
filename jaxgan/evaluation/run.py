"""A run on disk: its configuration, logged metrics, samples and evaluations."""

import pathlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxgan.config import Config
from jaxgan.evaluation import command, restore
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
      ValueError: as `generator`, num below 1, an unknown label, or a truncation
        of uniform latents.
    """
    generator = self.generator(weights)
    z = draw(generator.latents, num, seed, label=label, truncation=truncation)
    return np.concatenate(list(generator.stream(z)))

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
    """
    flags = {'metrics': metrics, 'seed': seed, **options}
    return command.run(command.Options(str(self.workdir), **flags))[0]

  def metrics(self) -> list[dict[str, Any]]:
    """Returns the rows of metrics.jsonl, oldest first."""
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
  """Opens an existing run.

  Raises:
    ValueError: the folder holds no run, or its config.json is damaged.
  """
  path = pathlib.Path(folder)
  return Run(path, workdir_lib.load_config(path))
