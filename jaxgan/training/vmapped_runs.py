"""Replicas as runs: from their data to what their generators are worth."""

from collections.abc import Iterator
from typing import NamedTuple

import jax
import numpy as np

from jaxgan import config as schema
from jaxgan.data import on_device, pipeline, sources
from jaxgan.evaluation import evaluator as evaluation
from jaxgan.evaluation.evaluator import Evaluator, Source
from jaxgan.evaluation.restore import Trained
from jaxgan.gan import sampling, vmapped
from jaxgan.gan import sharding as mesh_lib
from jaxgan.gan.state import GANState
from jaxgan.gan.vmapped import Replicas
from jaxgan.nets import catalog as nets_lib
from jaxgan.nets import latents
from jaxgan.types import Batch, Metrics, Variables

_QUEUED = 16  # Steps that may wait for the device, each with its batch.


class Moment(NamedTuple):
  """What there is of R replicas between two iterations.

  Attributes:
    step: iterations that are done.
    states: [R, ...], donated to the next iteration: whoever wants something of
      them takes it before asking for the next moment.
    batch: [R, K, B, ...], which the iteration has read; at step 0 which it is
      going to read.
    metrics: [R] of the iteration; None at step 0.
  """

  step: int
  states: GANState
  batch: Batch
  metrics: Metrics | None


def train(reps: Replicas, dataset: sources.Dataset) -> Iterator[Moment]:
  """Trains replicas to `train.steps`, in one program.

  Args:
    reps: which runs; the data set is put on the devices.
    dataset: of all of them.

  Returns:
    The moment before the first iteration and that after each.

  Raises:
    ValueError: the data set is smaller than a batch, or cannot be mirrored.
  """
  config = reps.config
  mesh = mesh_lib.make_mesh()
  if reps.num % mesh.size:
    # One device trains what several cannot share evenly.
    mesh = jax.sharding.Mesh(mesh.devices.ravel()[:1], mesh.axis_names)
  nets = nets_lib.build(config.net, dataset.shape)
  states = vmapped.create(reps, nets, dataset.shape, mesh)
  step_all = vmapped.make_train_step(reps, nets, mesh)
  batches = _batches(reps, dataset, mesh)
  batch = next(batches)
  yield Moment(0, states, batch, None)
  for step in range(1, config.train.steps + 1):
    states, metrics = step_all(states, batch)
    yield Moment(step, states, batch, metrics)
    batch = next(batches)
    if step % _QUEUED == 0:
      jax.block_until_ready(metrics)


class Judge:
  """The metrics of one generator after another, all of the same net."""

  def __init__(
    self,
    net: schema.Net,
    dataset: sources.Dataset,
    evaluator: Evaluator,
    seed: int,
  ) -> None:
    """Builds the generator.

    Args:
      net: whose generators are judged.
      dataset: what they learn from.
      evaluator: gives the metrics.
      seed: of the latents, the same for all of them.
    """
    gen = nets_lib.build(net, dataset.shape).gen
    self._generate = sampling.make_generate(gen)
    self._shape, self._latents = dataset.shape, latents.of(net)
    self._class_counts = dataset.class_counts
    self._evaluator, self._seed = evaluator, seed

  def __call__(
    self, variables: Variables, step: int, diverged: int = -1
  ) -> dict[str, float]:
    """Measures one generator.

    Args:
      variables: of the generator, on the host.
      step: after which it is.
      diverged: `GANState.diverged_step` of its run.

    Returns:
      Name -> value; NaN for a run that diverged.
    """
    finite = all(np.isfinite(x).all() for x in jax.tree.leaves(variables))
    if diverged >= 0 or not finite:
      names = [metric.name for metric in self._evaluator.metrics]
      return dict.fromkeys(names, float('nan'))
    trained = Trained(
      step,
      self._shape,
      self._latents,
      variables,
      self._generate,
      class_counts=self._class_counts,
    )
    draw = evaluation.draw_from(trained, self._seed)
    records = self._evaluator(draw, Source('', 'raw', step))
    return {record.metric: record.value for record in records}


def _batches(
  reps: Replicas, dataset: sources.Dataset, mesh: jax.sharding.Mesh
) -> Iterator[Batch]:
  config = reps.config
  samplers = [
    pipeline.Sampler(
      dataset,
      seed=int(seed),
      batch_size=config.train.batch_size,
      critic_steps=config.train.critic_steps,
      flip=config.data.flip,
      doubles_at=config.train.batch_doubles_at,
    )
    for seed in reps.values.get('seed', [config.seed] * reps.num)
  ]
  where = jax.sharding.NamedSharding(
    mesh, jax.sharding.PartitionSpec(*mesh.axis_names)
  )
  return on_device.replica_batches(samplers, 0, where)
