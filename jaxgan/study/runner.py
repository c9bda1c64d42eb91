"""Trains a study's runs block by block and measures them at every grid step."""

import dataclasses
import functools
import json
import pathlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from jaxgan.config import Config, files
from jaxgan.data import sources
from jaxgan.evaluation import reference_data as reference_lib
from jaxgan.evaluation.evaluator import Evaluator
from jaxgan.gan import problem as problem_lib
from jaxgan.gan import vmapped
from jaxgan.gan.vmapped import Replicas
from jaxgan.metrics.features import Files
from jaxgan.progress import Progress
from jaxgan.storage import atomic, workdir
from jaxgan.study import results
from jaxgan.study.probe import make_probe
from jaxgan.study.results import Row
from jaxgan.study.spec import Block, Study
from jaxgan.study.tuning import resolve
from jaxgan.training import vmapped_runs
from jaxgan.training.vmapped_runs import ReplicaEvaluator, Snapshot

_SEED = 0  # Of the evaluation latents, the same for all runs.


def pending_blocks(
  study: Study, folder: pathlib.Path
) -> tuple[Study, list[Block]]:
  """Returns the blocks to train next: those of the tuning before the test.

  Args:
    study: as declared.
    folder: of the study.

  Returns:
    The study and its missing tuning blocks; if there are none, the resolved
    study and the missing blocks of the test.
  """
  path = folder / 'results.jsonl'
  rows = results.load(path) if path.exists() else []
  tuning = [b for b in study.blocks(tuning=True) if _missing(study, b, rows)]
  if tuning:
    return study, tuning
  study = resolve(study, rows)
  test = study.blocks(tuning=False)
  return study, [b for b in test if _missing(study, b, rows)]


def claim(study: Study, folder: pathlib.Path) -> None:
  """Writes study.json, or compares it with that of earlier results.

  A start that was refused, as for missing data, has no results and so claims
  nothing.

  Raises:
    ValueError: the folder holds results of another study.
  """
  path = folder / 'study.json'
  if not any((folder / x).exists() for x in ('results.jsonl', 'curves')):
    path.unlink(missing_ok=True)
  # Keys that are newer than the file had their defaults.
  defaults = {'base': files.default_config_dict().to_dict()}
  values = dataclasses.asdict(study)
  workdir.write_or_compare(path, values, 'another study', defaults)


def run_blocks(
  study: Study,
  folder: pathlib.Path,
  blocks: Sequence[Block],
  position: int = 0,
) -> None:
  """Trains and measures blocks, and appends their rows to results.jsonl.

  Args:
    study: resolved if the blocks are of the test.
    folder: of the study; its curves/ holds recorded curves for replay.
    blocks: from `pending_blocks`.
    position: line of the progress bar.

  Raises:
    ValueError: invalid data, or a metric that does not fit them.
  """
  total = sum(len(b.seeds) * study.steps(b.task) for b in blocks)
  with Progress(total, 'step', position=position, first_seconds=0) as bar:
    for block in blocks:
      bar.title(f'{block.task.name}, {block.arm.name}')
      replay = replay_path(study, block, folder)
      rows = run_block(study, block, replay, bar.update)
      results.append(folder / 'results.jsonl', rows)
      # Another arm cannot reuse the compiled programs.
      jax.clear_caches()


def run_block(
  study: Study,
  block: Block,
  replay: str = '',
  progress: Callable[[int], object] = lambda _: None,
) -> list[Row]:
  """Trains the runs of a block in one program and measures their generators.

  Args:
    study: resolved if the block is of the test.
    block: the runs.
    replay: path of the curve that the arm replays, if it replays one.
    progress: called with the number of new steps of all runs.

  Returns:
    One row for each run and step of the grid.

  Raises:
    ValueError: invalid data, or a metric that does not fit them.
  """
  config = study.config(block.task, block.arm, replay)
  problem = problem_lib.of_dataset(config, _dataset(config.data))
  probe = make_probe(problem)
  measured = Config(data=config.data, eval=config.eval)
  evaluator = _evaluator(measured, block.task.metrics, block.task.real)
  evaluate = ReplicaEvaluator(problem, evaluator, _SEED)
  grid = set(study.grid(block.task))
  rows: list[Row] = []
  clock = _Clock()
  for step, states, batch, metrics in _train(config, block.seeds):
    progress(len(block.seeds) if step else 0)
    if step == 1:
      clock.start(states)  # After the compilation.
    if step not in grid:
      continue
    clock.stop(states)
    trace = {} if metrics is None else {**metrics, **probe(states, batch)}
    weights = {'': states.variables.gen}
    if step == max(grid):
      weights['ema/'] = states.ema
    on_host = jax.device_get((trace, weights, states.diverged_step))
    updates = step * config.train.critic_steps
    seconds = clock.seconds / len(block.seeds)
    rows += [
      row._replace(updates=updates, seconds=seconds)
      for row in _measure(block, step, on_host, evaluate)
    ]
    clock.start(states)
  return rows


def _measure(
  block: Block, step: int, on_host: Any, evaluate: ReplicaEvaluator
) -> Iterator[Row]:
  """Yields the row of each run; on_host: trace, weights, diverged steps."""
  for r, seed in enumerate(block.seeds):
    traced, variables, diverged = vmapped.take(on_host, r)
    values = {
      prefix + name: value
      for prefix, gen in variables.items()
      for name, value in evaluate(gen, step, diverged).items()
    }
    own = {name: float(value) for name, value in traced.items()}
    yield Row(block.task.name, block.arm.name, seed, step, values, own)


class _Clock:
  """Adds up the seconds between `start` and `stop`; waits for the devices."""

  def __init__(self) -> None:
    self.seconds, self._started = 0.0, 0.0

  def start(self, states: Any) -> None:
    jax.block_until_ready(states)
    self._started = time.perf_counter()

  def stop(self, states: Any) -> None:
    jax.block_until_ready(states)
    if self._started:
      self.seconds += time.perf_counter() - self._started


def _missing(study: Study, block: Block, rows: Sequence[Row]) -> bool:
  last = study.steps(block.task)
  done = {(r.task, r.arm, r.seed) for r in rows if r.step == last}
  names = block.task.name, block.arm.name
  return any((*names, seed) not in done for seed in block.seeds)


_dataset = functools.lru_cache(sources.load)


@functools.lru_cache
def _evaluator(
  config: Config, metrics: tuple[str, ...], real: int
) -> Evaluator:
  """Returns an evaluator; cached, since the arms of a task share it."""
  dataset = _dataset(config.data)
  reference = reference_lib.of_run(config, dataset)
  if real:
    rows = _equal_shares(dataset.labels)
    examples, others = (dataset.images[rows[i : i + real]] for i in (0, real))
    reference = reference._replace(examples=examples, others=others)
  files = Files(config.eval.inception, config.eval.classifier)
  return Evaluator(
    metrics, reference, seed=_SEED, files=files, resize=config.eval.resize
  )


def _equal_shares(labels: np.ndarray) -> np.ndarray:
  """Orders all rows so that classes alternate until they run out of rows."""
  turn = np.empty(len(labels), int)  # Index of each row within its class.
  for label in np.unique(labels):
    of_class = labels == label
    turn[of_class] = np.arange(of_class.sum())
  return np.lexsort((labels, turn))


def _train(config: Config, seeds: tuple[int, ...]) -> Iterator[Snapshot]:
  """Trains one run per seed; the seeds replace that of the config."""
  reps = Replicas(config, {'seed': seeds})
  return vmapped_runs.train(reps, _dataset(config.data))


def replay_path(study: Study, block: Block, folder: pathlib.Path) -> str:
  """Returns the path of the curve that a block replays; '' for none.

  Records a missing curve.

  Args:
    study: as for `run_block`.
    block: its arm may replay another arm.
    folder: of the study; its curves/ holds the recorded curves.
  """
  if not block.arm.replays:
    return ''
  source, seed = study.arm(block.arm.replays), study.tuning_seeds[0]
  name = f'{block.task.name}-{source.name}-{seed}.jsonl'
  path = folder / 'curves' / name.replace(' ', '_')
  path.parent.mkdir(exist_ok=True)
  # Processes of one study may need the same curve at the same time.
  with workdir.lock(path.parent, f'.{path.name}.lock', wait=True):
    if not path.exists():
      _record(study.config(block.task, source), seed, path)
  return str(path)


def _record(config: Config, seed: int, path: pathlib.Path) -> None:
  """Trains one run and writes its ratio and weight at every step."""
  lines = []
  bar = Progress(config.train.steps, 'step', title='Curve', leave=False)
  for step, _, _, metrics in _train(config, (seed,)):
    if metrics is not None:
      bar.update()
      values = {k: float(metrics[k][0]) for k in ('ratio', 'weight')}
      lines.append(json.dumps({'step': step, **values}) + '\n')
  bar.close()
  atomic.write_text(path, ''.join(lines))
