"""Hooks of the training loop: progress bar, scalars, sample grids, metrics."""

import contextlib
import dataclasses
import json
import logging
import math
import pathlib
import time
from collections.abc import Sequence

import jax
import numpy as np

from jaxgan.config import Config, flatten, to_dict
from jaxgan.data import pipeline
from jaxgan.data.sources import Dataset
from jaxgan.evaluation.evaluator import Evaluator, Source, make_draw, of_run
from jaxgan.gan.generator import Generator, generator_of
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.metrics import record
from jaxgan.nets import shares
from jaxgan.progress import Progress
from jaxgan.storage import identity
from jaxgan.storage.writers import Writer
from jaxgan.training import processes
from jaxgan.training.callbacks import Callback, Callbacks, Start
from jaxgan.training.grids import Grid
from jaxgan.training.preemption import Interrupted
from jaxgan.types import Metrics, Variables

_LOG = logging.getLogger(__name__)


def make_evaluator(config: Config, dataset: Dataset) -> Evaluator | None:
  """Extracts the reference features of `eval.metrics`, shared by processes.

  Raises:
    ValueError: too few real examples, a feature net that does not take them,
      or missing weights.
  """
  names = config.eval.metrics
  if not names:
    return None
  if jax.process_index() == 0:
    _LOG.info('Measuring the reference of %s.', ', '.join(names))
  return of_run(config, dataset, shares.of_run())


class Hooks(contextlib.AbstractContextManager):
  """Writes a run's progress to its workdir and to the terminal.

  Only the first process writes; the others take part in measuring alone.
  """

  def __init__(
    self,
    problem: Problem,
    folder: pathlib.Path,
    first_step: int,
    evaluator: Evaluator | None = None,
    callback: Callback | Sequence[Callback] | None = None,
    images: np.ndarray | None = None,
  ) -> None:
    """Opens the writers.

    Args:
      problem: what is trained.
      folder: the workdir.
      first_step: step of the restored state; 0 for a new run.
      evaluator: from `make_evaluator`.
      callback: a function, which the loop calls after each evaluation and its
        save, or a tracker, or several.
      images: [N, H, W, C] uint8, which a translation is shown and measured on.
    """
    self.callback = Callbacks(callback)
    self._problem, self._config = problem, problem.config
    self._folder = folder
    self._images = images
    self._grid = Grid(problem, images)
    self._is_first = jax.process_index() == 0
    # The trackers have no methods to call in other processes.
    self._trackers = self.callback if self._is_first else Callbacks(None)
    self._writer = self._open(first_step) if self._is_first else None
    steps = self._config.train.steps
    self._bar = Progress(
      steps, 'step', done=first_step, hidden=not self._is_first
    )
    self._evaluator = evaluator
    self._start = first_step
    self._since = (first_step, time.perf_counter())

  def _open(self, first_step: int) -> Writer:
    return Writer(
      self._folder,
      tensorboard=self._config.log.tensorboard,
      first_step=first_step,
      facts={'train_precision': self._config.train.precision},
    )

  def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
    """Closes all files; explains an error by the workdir, if that is gone."""
    self._bar.close()
    with contextlib.ExitStack() as stack:
      stack.callback(self._trackers.end, _status(kind))
      if self._writer is not None:
        stack.callback(self._writer.close)
      if kind is not None:
        self.check_present()

  def on_start(self, state: GANState, dataset: Dataset) -> None:
    """Logs what is trained; a new run writes its first grid and metrics."""
    step = int(state.step)
    self._start_trackers(step)
    if step:
      _LOG.info('Resuming from step %d in %s.', step, self._folder)
      return
    _LOG.info(
      '%s: %d examples of shape %s on %d %s device(s).',
      dataset.name,
      len(dataset.images),
      dataset.shape,
      jax.device_count(),
      jax.default_backend(),
    )
    if self._writer is not None:
      config = json.dumps(to_dict(self._config), indent=2)
      self._writer.text('config', f'```\n{config}\n```')
      self._writer.hparams(
        flatten(to_dict(self._config)), ('gap', *self._config.eval.metrics)
      )
      count = self._config.eval.num_images
      real = pipeline.real_grid(dataset, count, self._config.seed)
      image = self._writer.samples('real', 0, real, generated=False)
      self._trackers.image(0, 'real', image)
    self.write_grid(0, state.ema)
    self.evaluate(0, state.ema)  # The baseline of all later values.

  def _start_trackers(self, step: int) -> None:
    config = flatten(to_dict(self._config))
    start = Start(self._folder, identity.read(self._folder).id, config, step)
    self._trackers.start(start)

  def on_rollback(self, step: int) -> None:
    """Deletes everything written after a step, from which the run resumes."""
    if self._writer is not None:
      self._writer.close()
      self._writer = self._open(step)
    self._start = step
    self._bar.go_to(step)

  def on_step(self, step: int) -> None:
    """Advances the progress bar; the clock starts after the first step."""
    if step == self._start + 1:
      self._since = (step, time.perf_counter())
    self._bar.update()

  def read(self, step: int, metrics: Metrics) -> dict[str, float]:
    """The metrics of a step on the host, and the speed since the last log."""
    scalars = {k: float(v) for k, v in jax.device_get(metrics).items()}
    start, began = self._since
    seconds = time.perf_counter() - began
    scalars['steps_per_second'] = (step - start) / seconds
    return scalars

  def log(self, step: int, scalars: dict[str, float]) -> None:
    """Writes scalars, shows the gap and the weight, restarts the clock."""
    self._since = (step, time.perf_counter())
    self._bar.note(f'gap {scalars["gap"]:.3f}, lambda {scalars["weight"]:.2f}')
    if self._writer is not None:
      self._writer.scalars(step, scalars)
    self._trackers.scalars(step, scalars)

  def write_grid(self, step: int, ema: Variables) -> None:
    """Writes a grid of samples of fixed inputs, by the averaged generator."""
    if self._writer is not None:
      samples, columns = self._grid(self._generator(step, ema))
      image = self._writer.samples(
        f'step_{step:07d}', step, samples, generated=True, columns=columns
      )
      self._trackers.image(step, 'generated', image)

  def evaluate(self, step: int, ema: Variables) -> dict[str, float]:
    """Writes the records of `eval.metrics`; returns the values by name.

    The processes share the samples; the first one computes the metrics from
    their features, and the others wait for its values.
    """
    names = self._config.eval.metrics
    if not names:
      return {}
    values = self._measure(step, ema)
    agreed = processes.agree([values.get(n, math.nan) for n in names])
    return dict(zip(names, agreed, strict=True))

  def _measure(self, step: int, ema: Variables) -> dict[str, float]:
    if self._evaluator is None:
      return {}
    generator = self._generator(step, ema)
    draw = make_draw(
      generator, self._config.seed, share=shares.of_run(), images=self._images
    )
    precision = self._config.train.precision
    source = Source(self._folder.name, 'ema', step, precision)
    records = self._evaluator(draw, source)
    if self._writer is None:
      return {}
    record.append(self._folder / 'evaluation.jsonl', records)
    values = {each.metric: each.value for each in records}
    self._writer.scalars(step, values)
    self._trackers.scalars(step, values)
    self._trackers.records(step, [dataclasses.asdict(x) for x in records])
    return values

  def _generator(self, step: int, ema: Variables) -> Generator:
    # On the host, since one process alone cannot use a global array. Metrics
    # of tables use standardized values.
    problem = self._problem.standardized
    return generator_of(problem, jax.device_get(ema), step)

  def check_present(self) -> None:
    """Raises a DiskError if the workdir was removed or replaced."""
    if self._writer is not None:
      self._writer.check_present()

  def on_end(self) -> None:
    """Logs where the files are, and how to sample."""
    self.check_present()
    self._bar.close()
    folder = self._folder
    _LOG.info(
      'Done: %d steps.\n'
      '  grids        %s/samples\n'
      '  scalars      %s/metrics.jsonl, or: tensorboard --logdir=%s\n'
      '  checkpoints  %s/checkpoints\n'
      '  new samples  python -m jaxgan.sample --workdir=%s --num=64 '
      '--out=%s',
      self._config.train.steps,
      *[folder] * 5,
      'grid.png' if len(self._problem.shape) == 3 else 'samples.csv',
    )


def _status(error: type[BaseException] | None) -> str:
  """The word for the end of a run, for `Tracker.on_end`."""
  if error is None:
    return 'finished'
  interrupted = issubclass(error, Interrupted | KeyboardInterrupt)
  return 'interrupted' if interrupted else 'failed'
