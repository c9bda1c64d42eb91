"""Compares the samples of a generator with real data, by many metrics."""

import functools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import jax
import numpy as np

from jaxgan.config import Config
from jaxgan.data.columns import AnyColumns, convert
from jaxgan.data.sources import Dataset
from jaxgan.evaluation import plan, reference_data
from jaxgan.evaluation.plan import SampleGroup
from jaxgan.evaluation.reference_data import Reference
from jaxgan.gan.generator import Generator
from jaxgan.metrics import feature_cache, features, protocol
from jaxgan.metrics.features import NO_FILES, FeatureNet, Features, Files
from jaxgan.metrics.kinds import Real, Value
from jaxgan.metrics.protocol import Metric
from jaxgan.metrics.record import Record
from jaxgan.nets import chunks
from jaxgan.nets.shares import ALONE, Share

# A progress callback: (name of the stage, examples since the last call).
Progress = Callable[[str, int], None]


class Draw(Protocol):
  """A function that returns the first samples of one fixed sequence."""

  def __call__(
    self, num: int, balanced: bool = False
  ) -> np.ndarray | Iterable[np.ndarray]:
    """Returns the first `num` samples [n, ...], as one array or in pieces.

    The labels of a conditional generator follow the class proportions of the
    training data. If `balanced`, they are 0, 1, 2, ..., repeated.
    """


class Source(NamedTuple):
  """The origin of samples, as records name it.

  Attributes:
    name: of the workdir, or of a file of samples.
    weights: `ema`, `raw`, or `none` for a file of samples.
    step: the training step of the generator; -1 for a file.
    precision: `train.precision` of the run; empty for a file.
  """

  name: str
  weights: str
  step: int
  precision: str = ''


class Evaluator:
  """Measures generators against one reference.

  The features of the real data and the bounds of each metric are computed once.
  The floor is the metric of other real data, the ceiling that of uniform noise.

  Several processes may share the examples of each set: each generates and
  embeds its chunks. The first process receives the features and computes the
  metrics; the others have no results.
  """

  def __init__(
    self,
    names: Sequence[str],
    reference: Reference,
    *,
    seed: int = 0,
    files: Files = NO_FILES,
    resize: str = 'clean',
    progress: Progress = lambda stage, num: None,
    share: Share = ALONE,
  ) -> None:
    """Computes the features of the real data and the bounds.

    Args:
      names: of metrics, as for `protocol.parse`.
      reference: the real data.
      seed: for the subsets of real data and for the noise.
      files: weights of the feature nets that need a file.
      resize: resize protocol of Inception.
      progress: callback; its counts sum to `plan.num_examples`.
      share: of this process; all processes make the same calls.

    Raises:
      ValueError: an unknown metric or one that does not fit the data, missing
        weights, too few examples, or examples that a feature net rejects.
    """
    self.metrics = plan.parse(names, reference)
    self._reference = reference
    self._seed = seed
    self._progress = progress
    self._share = share
    sets = {'reference', *plan.real_sets(self.metrics)}
    self._sha256 = {
      name: features.digest(plan.real_set(reference, name)) for name in sets
    }
    self._nets: dict[str, FeatureNet] = {}
    self._real: dict[str, Real] = {}
    for name in dict.fromkeys(metric.features for metric in self.metrics):
      net = features.load(name, files, resize=resize)
      on_progress = functools.partial(progress, f'features of {name}')
      self._nets[name] = net._replace(on_progress=on_progress, share=share)
      self._real[name] = self._real_features(name)
    self._bounds = self._measure_bounds()

  def __call__(self, draw: Draw, source: Source) -> list[Record]:
    """Measures one generator; returns one record per metric, in order.

    Args:
      draw: gives the samples, standardized if the reference has columns. Called
        once per feature net, and again if a metric needs balanced classes.
        With several processes: only the samples of the share of this one.
      source: written to the records.

    Returns:
      The records; none on other processes than the first.

    Raises:
      ValueError: too few samples, or another shape or type than the
        reference.
    """
    fakes = self._features_of(draw)
    if not self._share.is_first:
      return []
    return [self._record(metric, fakes, source) for metric in self.metrics]

  def _record(
    self, metric: Metric, fakes: dict[SampleGroup, Features], source: Source
  ) -> Record:
    (value, error, details), real_num = self._measure(metric, fakes)
    net, sha256 = self._nets[metric.features], self._sha256
    reads = metric.kind.reads
    floor, ceiling = self._bounds[metric.name]
    return Record(
      metric=metric.name,
      value=value,
      error=error,
      features=net.name,
      features_sha256=net.sha256,
      resize=net.resize,
      reference=self._reference.name,
      reference_sha256=sha256['reference'],
      split=self._reference.split,
      real_num=real_num,
      fake_num=metric.num,
      seed=self._seed,
      source=source.name,
      weights=source.weights,
      step=source.step,
      floor=floor,
      ceiling=ceiling,
      train_sha256=sha256['train'] if 'train' in reads else '',
      heldout_sha256=sha256['heldout'] if 'heldout' in reads else '',
      train_precision=source.precision,
      details=details,
    )

  def _real_features(self, name: str) -> Real:
    """Computes a net's features of the real sets that its metrics read."""
    metrics = [m for m in self.metrics if m.features == name and m.kind.reads]
    sets = {
      each: feature_cache.features(
        self._nets[name],
        plan.real_set(self._reference, each),
        feature_cache.folder(),
        only_moments=plan.only_moments(metrics),
      )
      for each in plan.real_sets(metrics)
    }
    whole = self._reference
    shape, columns = whole.examples.shape[1:], whole.columns
    return Real(**sets, shape=shape, mixture=whole.mixture, columns=columns)

  def _features_of(
    self, draw: Draw, available: int = sys.maxsize
  ) -> dict[SampleGroup, Features]:
    """Draws samples for each group of metrics and computes their features."""
    fakes = {}
    for group, metrics in plan.groups(self.metrics).items():
      net, num = self._nets[group.features], max(m.num for m in metrics)
      samples = draw(num, balanced=True) if group.balanced else draw(num)
      samples = _checked(samples, self._reference.examples)
      moments = plan.only_moments(metrics)
      extract = net.extract_moments if moments else net.extract
      fakes[group] = extract(samples, min(num, available))
    return fakes

  def _measure(
    self, metric: Metric, fakes: dict[SampleGroup, Features]
  ) -> tuple[Value, int]:
    """Measures one metric; returns it with the number of real examples."""
    self._progress(metric.name, 0)
    real, fake = self._real[metric.features], fakes[plan.group_of(metric)]
    return protocol.measure(metric, real, fake, self._seed)

  def _measure_bounds(self) -> dict[str, tuple[float | None, float]]:
    """Measures floor (None without other real data) and ceiling."""
    examples, seed = self._reference.examples, self._seed
    noise = self._features_of(
      self._own(lambda num: reference_data.noise(examples, num, seed))
    )
    others, real, available = self._reference.others, {}, 0
    if others is not None:
      available = len(others)
      order = np.random.default_rng(seed).permutation(available)
      # A prefix of one fixed order, so that the floor of a metric does not
      # depend on the counts of the other metrics.
      real = self._features_of(
        self._own(lambda n: (others[i] for i in chunks.split(order[:n]))),
        available,
      )
    if not self._share.is_first:
      return {}
    bounds: dict[str, tuple[float | None, float]] = {}
    for metric in self.metrics:
      enough = available >= metric.num
      floor = self._measure(metric, real)[0].value if enough else None
      bounds[metric.name] = floor, self._measure(metric, noise)[0].value
    return bounds

  def _own(self, draw: Callable[[int], Iterable[np.ndarray]]) -> Draw:
    """Draws the chunks of this process alone, without regard to classes."""
    return lambda num, balanced=False: self._share.own(draw(num))


def of_run(
  config: Config,
  dataset: Dataset,
  share: Share = ALONE,
) -> Evaluator:
  """Builds the evaluator of `eval.metrics`, with the seed of the run.

  Args:
    config: the run.
    dataset: what it trains on.
    share: of this process.

  Raises:
    ValueError: too few real examples, examples that a feature net rejects, or
      missing weights of a feature net.
  """
  return Evaluator(
    config.eval.metrics,
    reference_data.of_run(config, dataset),
    seed=config.seed,
    files=Files(config.eval.inception, config.eval.classifier),
    resize=config.eval.resize,
    share=share,
  )


def make_draw(
  generator: Generator,
  seed: int,
  columns: AnyColumns | None = None,
  share: Share = ALONE,
  images: np.ndarray | None = None,
) -> Draw:
  """Returns a function that draws samples of a generator from a fixed seed.

  Args:
    generator: restored, or in training.
    seed: of the latents.
    columns: of the reference; they standardize samples that are in the units
      of a table. None keeps samples as the generator returns them.
    share: of this process, which generates only its samples.
    images: [N, H, W, C] uint8, of which a translation makes its inputs, in
      their order.
  """
  generator = generator.replicated()  # Once for all draws.

  def draw(num: int, balanced: bool = False) -> Iterable[np.ndarray]:
    label = None if balanced else generator.labels(num)
    z = np.asarray(generator.inputs(jax.random.key(seed), num, label, images))
    own = np.concatenate([*share.own(chunks.split(z))])
    samples = generator.stream(own)
    if columns is None:
      return samples
    return (convert(part, generator.units, columns) for part in samples)

  return draw


def _checked(
  samples: np.ndarray | Iterable[np.ndarray], examples: np.ndarray
) -> Iterable[np.ndarray]:
  """Yields samples in pieces; raises if type or shape differ from examples."""
  pieces = [samples] if isinstance(samples, np.ndarray) else samples
  for piece in pieces:
    reference_data.check_alike('samples', piece, examples)
    yield piece
