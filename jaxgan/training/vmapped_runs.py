"""Trains and evaluates many runs in one vmapped program."""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxgan.data import on_device, sources
from jaxgan.evaluation import evaluator as evaluator_lib
from jaxgan.evaluation.evaluator import Evaluator, Source
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import sharding, vmapped
from jaxgan.gan.generator import generator_of
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.gan.vmapped import Replicas
from jaxgan.training import batches as batches_lib
from jaxgan.types import Batch, Metrics, Variables

_QUEUED = 16  # Unfinished steps on the device, each with its batch.


class Snapshot(NamedTuple):
  """R replicas between two iterations.

  Attributes:
    step: finished iterations.
    states: [R, ...], donated to the next iteration: copy what is needed later
      before asking for the next snapshot.
    batch: [R, K, B, ...] that the last iteration has read; at step 0 that the
      first one will read.
    metrics: [R] of the last iteration; None at step 0.
  """

  step: int
  states: GANState
  batch: Batch
  metrics: Metrics | None


def train(replicas: Replicas, dataset: sources.Dataset) -> Iterator[Snapshot]:
  """Trains replicas to `train.steps`, in one program.

  Args:
    replicas: the runs.
    dataset: of all of them; it is copied to the devices.

  Yields:
    The snapshot before the first iteration and after each.

  Raises:
    ValueError: the data set is smaller than a batch, cannot be mirrored, or is
      streamed.
  """
  config = replicas.config
  if config.data.placement == 'stream':
    raise ValueError(
      "data.placement is 'stream', but runs in one program read their data on "
      'the devices; it must be auto or device.'
    )
  mesh = sharding.make_mesh()
  if replicas.num % mesh.size:
    # Only one device: several cannot share the replicas evenly.
    mesh = Mesh(mesh.devices.ravel()[:1], mesh.axis_names)
  platform = sharding.platform(mesh)
  problem = problem_lib.of_dataset(config, dataset, platform)
  states = vmapped.create(replicas, problem, mesh)
  train_step = vmapped.make_train_step(replicas, problem, mesh)
  batches = _batches(replicas, dataset, mesh)
  batch = next(batches)
  yield Snapshot(0, states, batch, None)
  for step in range(1, config.train.steps + 1):
    states, metrics = train_step(states, batch)
    yield Snapshot(step, states, batch, metrics)
    batch = next(batches)
    if step % _QUEUED == 0:
      jax.block_until_ready(metrics)


class ReplicaEvaluator(NamedTuple):
  """The metrics of one replica's generator.

  Attributes:
    problem: of the replicas.
    evaluator: of the metrics.
    seed: of the latents, the same for all replicas.
  """

  problem: Problem
  evaluator: Evaluator
  seed: int

  def __call__(
    self, variables: Variables, step: int, diverged: int = -1
  ) -> dict[str, float]:
    """Measures one generator.

    Args:
      variables: of the generator, on the host.
      step: after which they were taken.
      diverged: `GANState.diverged_step` of its run.

    Returns:
      Metric name -> value; NaN for a run that has diverged.
    """
    finite = all(np.isfinite(x).all() for x in jax.tree.leaves(variables))
    if diverged >= 0 or not finite:
      names = [metric.name for metric in self.evaluator.metrics]
      return dict.fromkeys(names, float('nan'))
    generator = generator_of(self.problem.standardized, variables, step)
    draw = evaluator_lib.make_draw(generator, self.seed)
    records = self.evaluator(draw, Source('', 'raw', step))
    return {record.metric: record.value for record in records}


def _batches(
  replicas: Replicas, dataset: sources.Dataset, mesh: Mesh
) -> Iterator[Batch]:
  config = replicas.config
  seeds = replicas.values.get('seed', [config.seed] * replicas.num)
  samplers = [batches_lib.sampler(config, dataset, int(s)) for s in seeds]
  layout = NamedSharding(mesh, PartitionSpec(*mesh.axis_names))
  return on_device.replica_batches(samplers, 0, layout)
