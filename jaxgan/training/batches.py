"""Batches of a run on its devices, a pure function of (seed, step)."""

from collections.abc import Callable, Generator
from typing import Any

import jax
from jax.sharding import NamedSharding

from jaxgan.config import Config
from jaxgan.data import on_device, pipeline
from jaxgan.data.sources import Dataset
from jaxgan.gan import sharding
from jaxgan.types import Batch

Batches = Callable[[int], Generator[Batch, None, None]]


def sampler(
  config: Config, dataset: Dataset, seed: int | None = None
) -> pipeline.Sampler:
  """The sampler of a configuration, for this process.

  Args:
    config: the run.
    dataset: what it trains on.
    seed: of the order; `config.seed` where None.

  Raises:
    ValueError: the data set is smaller than a batch, the processes cannot
      share a batch evenly, or vectors are to be mirrored.
  """
  return pipeline.Sampler(
    dataset,
    seed=config.seed if seed is None else seed,
    batch_size=config.train.batch_size,
    critic_steps=config.train.critic_steps,
    flip=config.data.flip,
    process_index=jax.process_index(),
    process_count=jax.process_count(),
    doubles_at=config.train.batch_doubles_at,
  )


def build(config: Config, dataset: Dataset, layout: NamedSharding) -> Batches:
  """Builds a function from a step to an iterator over the batches from there.

  Args:
    config: the run.
    dataset: what it trains on.
    layout: sharding of [K, B, ...].

  Raises:
    ValueError: as `sampler`.
  """
  of_process = sampler(config, dataset)
  mesh: Any = layout.mesh  # Of devices, never abstract.
  platform = sharding.platform(mesh)
  resident = on_device.is_enabled(dataset, config.data.placement, platform)
  source = on_device if resident else pipeline
  return lambda step: source.device_batches(of_process, step, layout)
