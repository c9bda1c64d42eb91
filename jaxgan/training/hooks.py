"""What a person sees of a run: a progress bar, scalars, grids, a summary."""

import contextlib
import json
import logging
import pathlib
import time
import types
from collections.abc import Callable, Mapping

import flax.linen as nn
import jax
from tqdm import tqdm

from jaxgan import config as config_lib
from jaxgan.config import Config
from jaxgan.data import pipeline
from jaxgan.data.sources import Dataset
from jaxgan.evaluation import evaluator
from jaxgan.evaluation.restore import Trained
from jaxgan.gan import sampling
from jaxgan.gan.state import GANState
from jaxgan.metrics import record
from jaxgan.nets import latents
from jaxgan.storage.writers import Writer
from jaxgan.types import Metrics, Variables

_LOG = logging.getLogger(__name__)

# Told of a step and of the scalars by name that were measured there.
Watch = Callable[[int, Mapping[str, float]], object]

# The latents of the grids: apart from every key of the training.
_GRID_KEY = 2**31 - 1


class Reporter(contextlib.AbstractContextManager):
  """Tells of a run in its workdir and on the terminal.

  Only the first process does; on the others its methods say nothing.
  """

  def __init__(
    self,
    config: Config,
    gen: nn.Module,
    folder: pathlib.Path,
    first_step: int,
    watch: Watch = lambda step, scalars: None,
  ) -> None:
    """Opens the writers.

    Args:
      config: the run.
      gen: the generator module.
      folder: the workdir.
      first_step: of the state that the run goes on from; 0 for a new one.
      watch: called by the loop at each evaluation, once all is saved.
    """
    self.watch = watch
    self._config = config
    self._folder = folder
    self._generate = sampling.make_generate(gen)
    self._latents = latents.of(config.net).draw(
      jax.random.key(_GRID_KEY), config.eval.num_images
    )
    self._first = jax.process_index() == 0
    self._writer = self._open(first_step) if self._first else None
    self._bar = tqdm(
      total=config.train.steps,
      initial=first_step,
      unit='step',
      disable=not self._first,
      dynamic_ncols=True,
    )
    self._evaluator: evaluator.Evaluator | None = None
    self._shape: tuple[int, ...] = ()
    self._class_counts: tuple[int, ...] = ()
    self._start = first_step
    self._since = (first_step, time.perf_counter())

  def _open(self, first_step: int) -> Writer:
    board = self._config.log.tensorboard
    return Writer(self._folder, tensorboard=board, first_step=first_step)

  def __exit__(
    self,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: types.TracebackType | None,
  ) -> None:
    self._bar.close()
    if self._writer is not None:
      self._writer.close()

  def welcome(self, state: GANState, dataset: Dataset) -> None:
    """Says what is about to be trained; a new run shows where it starts."""
    step = int(state.step)
    if step:
      _LOG.info('Going on from step %d in %s.', step, self._folder)
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
      config = json.dumps(config_lib.to_dict(self._config), indent=2)
      self._writer.text('config', f'```\n{config}\n```')
      count = self._config.eval.num_images
      real = pipeline.real_grid(dataset, count, self._config.seed)
      self._writer.samples('real', 0, real, generated=False)
    self.samples(0, state.ema)
    # What every later number is better than.
    self.measure(0, state.ema)

  def rewind(self, step: int) -> None:
    """Takes back what was told after a step, from which the run goes on."""
    if self._writer is not None:
      self._writer.close()
      self._writer = self._open(step)
    self._start = self._bar.n = step
    self._bar.refresh()

  def prepare(self, dataset: Dataset) -> None:
    """Reads the reference of `eval.metrics`, before any training.

    Raises:
      ValueError: too few real examples, a net that does not take them, or
        missing weights.
    """
    names = self._config.eval.metrics
    self._shape, self._class_counts = dataset.shape, dataset.class_counts
    if not names or self._writer is None:
      return
    _LOG.info('Measuring the reference of %s.', ', '.join(names))
    self._evaluator = evaluator.evaluator_of(self._config, dataset)

  def tick(self, step: int) -> None:
    """Moves the progress bar; the clock starts after the first step."""
    if step == self._start + 1:
      self._since = (step, time.perf_counter())
    self._bar.update()

  def read(self, step: int, metrics: Metrics) -> dict[str, float]:
    """The metrics of a step on the host, with the speed since the last."""
    scalars = {k: float(v) for k, v in jax.device_get(metrics).items()}
    start, began = self._since
    seconds = time.perf_counter() - began
    scalars['steps_per_second'] = (step - start) / seconds
    return scalars

  def scalars(self, step: int, scalars: dict[str, float]) -> None:
    """Writes scalars, shows the most telling ones, restarts the clock."""
    self._since = (step, time.perf_counter())
    self._bar.set_postfix_str(
      f'gap {scalars["gap"]:.3f}, lambda {scalars["weight"]:.2f}'
    )
    if self._writer is not None:
      self._writer.scalars(step, scalars)

  def samples(self, step: int, ema: Variables) -> None:
    """Writes the grid of the fixed latents, by the averaged generator."""
    if self._writer is None:
      return
    # From the host, since one process alone cannot use what all share.
    samples = self._generate(jax.device_get(ema), self._latents)
    self._writer.samples(f'step_{step:07d}', step, samples, generated=True)

  def measure(self, step: int, ema: Variables) -> dict[str, float]:
    """Records the metrics of `eval.metrics`; returns their values by name."""
    if self._evaluator is None or self._writer is None:
      return {}
    generator = Trained(
      step,
      self._shape,
      latents.of(self._config.net),
      jax.device_get(ema),
      self._generate,
      class_counts=self._class_counts,
    )
    draw = evaluator.draw_from(generator, self._config.seed)
    source = evaluator.Source(self._folder.name, 'ema', step)
    records = self._evaluator(draw, source)
    record.append(self._folder / 'evaluation.jsonl', records)
    values = {found.metric: found.value for found in records}
    self._writer.scalars(step, values)
    return values

  def farewell(self) -> None:
    """Says where everything is, and how to sample."""
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
      'grid.png' if len(self._shape) == 3 else 'samples.csv',
    )
