"""Trains the blocks of a study on the workers of a dask cluster.

The driver hands out blocks and appends their rows to its own results.jsonl. So
workers share no folder with it, may come and go, and may be lost: dask gives
the blocks of a lost worker to others.
"""

import contextlib
import dataclasses
import pathlib
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax

from jaxgan.progress import Progress
from jaxgan.study import results, runner, spec
from jaxgan.study.results import Row
from jaxgan.study.spec import Block, Study

# Two threads of a worker must not clear each other's programs.
_ONE_AT_A_TIME = threading.Lock()


def run_blocks(
  study: Study, folder: pathlib.Path, blocks: Sequence[Block], address: str
) -> None:
  """Trains and measures blocks on a cluster; as `runner.run_blocks`.

  The curves that arms replay are recorded here.

  Args:
    study: resolved if the blocks are of the test.
    folder: of the study, on this machine only.
    blocks: from `runner.pending_blocks`.
    address: of dask's scheduler, such as tcp://HOST:8786.

  Raises:
    ValueError: as `runner.run_blocks`, from a worker; or distributed is not
      installed, the scheduler does not answer, or a block has ended several
      workers.
  """
  values = dataclasses.asdict(study)
  total = sum(len(b.seeds) * study.steps(b.task) for b in blocks)
  with _client(address) as client, Progress(total, 'step') as bar:
    import distributed

    started = {}
    for block in blocks:
      path = runner.replay_path(study, block, folder)
      curve = pathlib.Path(path).read_text() if path else ''
      names = block.task.name, block.arm.name, block.seeds
      started[client.submit(_train, values, *names, curve, pure=False)] = block
    try:
      for future in distributed.as_completed(started):
        rows = [Row(*row) for row in future.result()]
        results.append(folder / 'results.jsonl', rows)
        block = started[future]
        bar.title(f'{block.task.name}, {block.arm.name}')
        bar.update(len(block.seeds) * study.steps(block.task))
    except distributed.scheduler.KilledWorker as error:
      raise ValueError(
        'A block of the study ended several workers, perhaps for want of '
        'memory; see their output, then run the same command to continue.'
      ) from error


@contextlib.contextmanager
def _client(address: str) -> Iterator[Any]:
  try:
    import distributed
  except ImportError as error:
    raise ValueError(
      '--scheduler needs distributed, which is not installed; '
      "pip install 'jaxgan[cluster]' installs it."
    ) from error
  try:
    client = distributed.Client(address, timeout=30)
  except (OSError, ValueError) as error:
    raise ValueError(
      f'--scheduler={address} does not answer ({error}); it must be the '
      'address of a running dask scheduler, such as tcp://HOST:8786.'
    ) from error
  with client:
    yield client


def _train(
  values: Mapping[str, Any],
  task: str,
  arm: str,
  seeds: tuple[int, ...],
  curve: str,
) -> list[tuple]:
  """Runs on a worker: trains one block and returns its rows as plain values."""
  study = spec.parse(values)
  (named,) = (x for x in study.tasks if x.name == task)
  block = Block(named, study.arm(arm), tuple(seeds))
  with _ONE_AT_A_TIME, tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / 'curve.jsonl'
    path.write_text(curve)
    rows = runner.run_block(study, block, str(path) if curve else '')
    # Another arm cannot reuse the compiled programs.
    jax.clear_caches()
  return [tuple(row) for row in rows]
