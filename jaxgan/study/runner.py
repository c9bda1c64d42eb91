"""Trains a study's runs, block by block, and measures each on the grid."""

import functools
import json
import pathlib
from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np
from tqdm import tqdm

from jaxgan import evaluation, replicas, sampling
from jaxgan import mesh as mesh_lib
from jaxgan import reference as reference_lib
from jaxgan.data import pipeline, resident, sources
from jaxgan.evaluation import Evaluator, Source
from jaxgan.nets import catalog as nets_lib
from jaxgan.nets import latents
from jaxgan.replicas import Replicas
from jaxgan.schema import Config, Data
from jaxgan.state import GANState
from jaxgan.study import results
from jaxgan.study.probe import make_probe
from jaxgan.study.results import Row
from jaxgan.study.spec import Block, Study, Task
from jaxgan.study.tuning import settled
from jaxgan.trained import Trained
from jaxgan.types import Batch, Metrics, Variables

# After each iteration: (step, states, its batch, metrics or None before it).
Watch = Callable[[int, GANState, Batch, Metrics | None], None]

_QUEUED = 16  # Steps that may wait for the device, each with its batch.
_SEED = 0  # Of the measurements' latents, the same for all runs.


def todo(study: Study, folder: pathlib.Path) -> tuple[Study, list[Block]]:
  """The blocks that are to be trained next.

  Args:
    study: as it was declared.
    folder: where its results are.

  Returns:
    The study, and the tuning blocks that are missing; or, where there is none,
    the settled study and the missing blocks of the test.
  """
  path = folder / 'results.jsonl'
  rows = results.load(path) if path.exists() else []
  tuning = [b for b in study.blocks(tuning=True) if _missing(study, b, rows)]
  if tuning:
    return study, tuning
  study = settled(study, rows)
  test = study.blocks(tuning=False)
  return study, [b for b in test if _missing(study, b, rows)]


def run(
  study: Study,
  folder: pathlib.Path,
  blocks: Sequence[Block],
  place: int = 0,
) -> None:
  """Trains and measures blocks, and adds their rows to results.jsonl.

  Args:
    study: whose blocks they are, settled where they are of the test.
    folder: of the study; curves/ holds what is replayed.
    blocks: what to train.
    place: line of the progress bar.

  Raises:
    ValueError: bad data, or a metric that does not fit them.
  """
  total = sum(len(b.seeds) * study.steps(b.task) for b in blocks)
  with tqdm(total=total, unit='step', position=place, disable=None) as bar:
    for block in blocks:
      bar.set_description(f'{block.task.name}, {block.arm.name}')
      replay = _replayed(study, block, folder)
      rows = measure(study, block, replay, bar.update)
      results.append(folder / 'results.jsonl', rows)
      # Compiled programs are not used again by another arm.
      jax.clear_caches()


def measure(
  study: Study,
  block: Block,
  replay: str = '',
  tell: Callable[[int], object] = lambda steps: None,
) -> list[Row]:
  """Trains the runs of a block.

  Args:
    study: gives the grid.
    block: the runs.
    replay: a recorded curve, where the arm replays one.
    tell: called with the number of steps that were taken.

  Returns:
    One row for each run and point of the grid.
  """
  config = study.config(block.task, block.arm, replay)
  dataset = _dataset(config.data)
  probe = make_probe(config, nets_lib.build(config.net, dataset.shape))
  judge = _Judge(config, block.task, dataset)
  grid = set(study.grid(block.task))
  rows: list[Row] = []

  def watch(
    step: int, states: GANState, batch: Batch, metrics: Metrics | None
  ) -> None:
    tell(len(block.seeds) if step else 0)
    if step not in grid:
      return
    trace: Metrics = {}
    if metrics is not None:
      trace = jax.device_get({**metrics, **probe(states, batch)})
    variables, ema, diverged = jax.device_get(
      (states.variables.gen, states.ema, states.diverged_step)
    )
    for r, seed in enumerate(block.seeds):
      found = judge(replicas.take(variables, r), step, diverged[r])
      if step == max(grid):
        final = judge(replicas.take(ema, r), step, diverged[r])
        found |= {f'ema/{name}': value for name, value in final.items()}
      seen = {name: float(value[r]) for name, value in trace.items()}
      rows.append(Row(block.task.name, block.arm.name, seed, step, found, seen))

  train(config, block.seeds, watch)
  return rows


def train(config: Config, seeds: tuple[int, ...], watch: Watch) -> None:
  """Trains a configuration under several seeds, in one program.

  Args:
    config: of all of them; its own seed counts for nothing.
    seeds: one for each replica.
    watch: called before the first iteration and after each.
  """
  dataset = _dataset(config.data)
  mesh = mesh_lib.make_mesh()
  if len(seeds) % mesh.size:
    # One device trains what several cannot share evenly.
    mesh = jax.sharding.Mesh(mesh.devices.ravel()[:1], mesh.axis_names)
  reps = Replicas(config, {'seed': seeds})
  nets = nets_lib.build(config.net, dataset.shape)
  states = replicas.create(reps, nets, dataset.shape, mesh)
  step_all = replicas.make_train_step(reps, nets, mesh)
  batches = _batches(config, seeds, dataset, mesh)
  batch = next(batches)
  watch(0, states, batch, None)
  for step in range(1, config.train.steps + 1):
    states, metrics = step_all(states, batch)
    watch(step, states, batch, metrics)
    batch = next(batches)
    if step % _QUEUED == 0:
      jax.block_until_ready(metrics)


class _Judge:
  """A task's metrics of one generator."""

  def __init__(
    self, config: Config, task: Task, dataset: sources.Dataset
  ) -> None:
    asked = Config(data=config.data, eval=config.eval)
    self._evaluator = _evaluator(asked, task.metrics, task.real)
    gen = nets_lib.build(config.net, dataset.shape).gen
    self._generate = sampling.make_generate(gen)
    self._shape, self._latents = dataset.shape, latents.of(config.net)
    self._class_counts = dataset.class_counts
    self._names = task.metrics

  def __call__(
    self, variables: Variables, step: int, diverged: int
  ) -> dict[str, float]:
    """Name -> value; NaN for a run that diverged."""
    finite = all(np.isfinite(x).all() for x in jax.tree.leaves(variables))
    if diverged >= 0 or not finite:
      return dict.fromkeys(self._names, float('nan'))
    trained = Trained(
      step,
      self._shape,
      self._latents,
      variables,
      self._generate,
      class_counts=self._class_counts,
    )
    draw = evaluation.draw_from(trained, _SEED)
    records = self._evaluator(draw, Source('', 'raw', step))
    return {record.metric: record.value for record in records}


def _missing(study: Study, block: Block, rows: Sequence[Row]) -> bool:
  last = study.steps(block.task)
  done = {(r.task, r.arm, r.seed) for r in rows if r.step == last}
  names = block.task.name, block.arm.name
  return any((*names, seed) not in done for seed in block.seeds)


@functools.lru_cache
def _dataset(data: Data) -> sources.Dataset:
  return sources.load(data)


@functools.lru_cache
def _evaluator(
  config: Config, metrics: tuple[str, ...], real: int
) -> Evaluator:
  """Kept, since the arms of a task ask for the same one."""
  dataset = _dataset(config.data)
  reference = reference_lib.of_run(config, dataset)
  if real:
    rows = _equal_shares(dataset.labels)
    examples, others = (dataset.images[rows[i : i + real]] for i in (0, real))
    reference = reference._replace(examples=examples, others=others)
  return Evaluator(
    metrics,
    reference,
    seed=_SEED,
    weights=config.eval.inception,
    resize=config.eval.resize,
  )


def _equal_shares(labels: np.ndarray) -> np.ndarray:
  """All rows, such that the classes take turns as long as they last."""
  turn = np.empty(len(labels), int)
  for label in np.unique(labels):
    of_class = labels == label
    turn[of_class] = np.arange(of_class.sum())
  return np.lexsort((labels, turn))


def _batches(
  config: Config,
  seeds: tuple[int, ...],
  dataset: sources.Dataset,
  mesh: jax.sharding.Mesh,
) -> Iterator[Batch]:
  samplers = [
    pipeline.Sampler(
      dataset,
      seed=seed,
      batch_size=config.train.batch_size,
      critic_steps=config.train.critic_steps,
      flip=config.data.flip,
      doubles_at=config.train.batch_doubles_at,
    )
    for seed in seeds
  ]
  where = jax.sharding.NamedSharding(
    mesh, jax.sharding.PartitionSpec(*mesh.axis_names)
  )
  return resident.replica_batches(samplers, 0, where)


def _replayed(study: Study, block: Block, folder: pathlib.Path) -> str:
  """The curve that a block's arm replays, recorded where it is missing."""
  if not block.arm.replays:
    return ''
  source, seed = study.arm(block.arm.replays), study.tuning_seeds[0]
  name = f'{block.task.name}-{source.name}-{seed}.jsonl'
  path = folder / 'curves' / name.replace(' ', '_')
  if not path.exists():
    _record(study.config(block.task, source), seed, path)
  return str(path)


def _record(config: Config, seed: int, path: pathlib.Path) -> None:
  """Trains one run and writes its ratio and weight at every step."""
  lines = []

  def watch(
    step: int, states: GANState, batch: Batch, metrics: Metrics | None
  ) -> None:
    del states, batch
    if metrics is not None:
      seen = jax.device_get({k: metrics[k][0] for k in ('ratio', 'weight')})
      line = {'step': step, **{k: float(v) for k, v in seen.items()}}
      lines.append(json.dumps(line) + '\n')

  train(config, (seed,), watch)
  path.parent.mkdir(exist_ok=True)
  whole = path.with_suffix('.new')
  whole.write_text(''.join(lines))
  whole.replace(path)
