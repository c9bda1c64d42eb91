"""Trains a study's runs, block by block, and measures each on the grid."""

import functools
import json
import pathlib
from collections.abc import Callable, Iterator, Sequence

import jax
import numpy as np
from tqdm import tqdm

from jaxgan.config import Config, Data
from jaxgan.data import sources
from jaxgan.evaluation import reference_data as reference_lib
from jaxgan.evaluation.evaluator import Evaluator
from jaxgan.gan import vmapped
from jaxgan.gan.vmapped import Replicas
from jaxgan.nets import catalog as nets_lib
from jaxgan.study import results
from jaxgan.study.probe import make_probe
from jaxgan.study.results import Row
from jaxgan.study.spec import Block, Study, Task
from jaxgan.study.tuning import settled
from jaxgan.training import vmapped_runs
from jaxgan.training.vmapped_runs import Judge, Moment
from jaxgan.types import Metrics

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
  judge = _judge(config, block.task)
  grid = set(study.grid(block.task))
  rows: list[Row] = []
  for step, states, batch, metrics in _train(config, block.seeds):
    tell(len(block.seeds) if step else 0)
    if step not in grid:
      continue
    trace: Metrics = {}
    if metrics is not None:
      trace = jax.device_get({**metrics, **probe(states, batch)})
    variables, ema, diverged = jax.device_get(
      (states.variables.gen, states.ema, states.diverged_step)
    )
    for r, seed in enumerate(block.seeds):
      found = judge(vmapped.take(variables, r), step, diverged[r])
      if step == max(grid):
        final = judge(vmapped.take(ema, r), step, diverged[r])
        found |= {f'ema/{name}': value for name, value in final.items()}
      seen = {name: float(value[r]) for name, value in trace.items()}
      rows.append(Row(block.task.name, block.arm.name, seed, step, found, seen))
  return rows


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


def _train(config: Config, seeds: tuple[int, ...]) -> Iterator[Moment]:
  """A configuration under several seeds; its own counts for nothing."""
  reps = Replicas(config, {'seed': seeds})
  return vmapped_runs.train(reps, _dataset(config.data))


def _judge(config: Config, task: Task) -> Judge:
  """Of a task's metrics."""
  asked = Config(data=config.data, eval=config.eval)
  evaluator = _evaluator(asked, task.metrics, task.real)
  return Judge(config.net, _dataset(config.data), evaluator, _SEED)


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
  for step, _, _, metrics in _train(config, (seed,)):
    if metrics is not None:
      seen = jax.device_get({k: metrics[k][0] for k in ('ratio', 'weight')})
      line = {'step': step, **{k: float(v) for k, v in seen.items()}}
      lines.append(json.dumps(line) + '\n')
  path.parent.mkdir(exist_ok=True)
  whole = path.with_suffix('.new')
  whole.write_text(''.join(lines))
  whole.replace(path)
