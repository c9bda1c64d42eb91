"""A generator's samples measured against real data, by the names of metrics."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

import jax
import numpy as np

from jaxgan.config import Config
from jaxgan.data.columns import Columns
from jaxgan.data.sources import Dataset
from jaxgan.evaluation import reference_data as reference_lib
from jaxgan.evaluation import requests
from jaxgan.evaluation.reference_data import Reference
from jaxgan.evaluation.restore import Trained
from jaxgan.metrics import feature_cache, features, protocol
from jaxgan.metrics.features import FeatureNet, Features
from jaxgan.metrics.kinds import Real, Value
from jaxgan.metrics.protocol import Metric
from jaxgan.metrics.record import Record

# Is told what is under way, and how many examples are done since.
Watch = Callable[[str, int], None]


def _unwatched(what: str, num: int) -> None:
  """Nobody looks on."""


class Draw(Protocol):
  """Gives so many samples [n, ...], whole or in pieces.

  A generator that is told classes is asked for all of them in turn or, without
  `in_turn`, as often as they occur in what it learnt from.
  """

  def __call__(
    self, num: int, in_turn: bool = False
  ) -> np.ndarray | Iterable[np.ndarray]:
    """The first `num` samples."""


class Source(NamedTuple):
  """Where samples come from, as it stands in their records.

  Attributes:
    name: of a run's folder, or of a file.
    weights: `ema`, `raw`, or `none` where samples came as a file.
    step: after which the generator was saved; -1 for none.
  """

  name: str
  weights: str
  step: int


class Evaluator:
  """Metrics of one reference, whose features are extracted once."""

  def __init__(
    self,
    names: Sequence[str],
    reference: Reference,
    *,
    seed: int = 0,
    weights: str = '',
    resize: str = 'clean',
    watch: Watch = _unwatched,
  ) -> None:
    """Extracts what does not depend on a generator: references, bounds.

    Args:
      names: of metrics, as `protocol.parse` reads them.
      reference: the real data.
      seed: of latents, of subsets and of the noise.
      weights: file of Inception's weights, where a name asks for it.
      resize: how images are brought to Inception's size.
      watch: is told of what is under way; `work` says how much there is.

    Raises:
      ValueError: a name that is none or does not fit the data, missing
        weights, too few examples, or examples that a net does not take.
    """
    self.metrics = requests.fitting(names, reference)
    self._reference = reference
    self._seed = seed
    self._watch = watch
    sets = {'reference', *requests.read_by(self.metrics)}
    self._sha256 = {
      x: features.digest(requests.real_set(reference, x)) for x in sets
    }
    self._nets: dict[str, FeatureNet] = {}
    self._real: dict[str, Real] = {}
    for name in dict.fromkeys(metric.features for metric in self.metrics):
      net = features.load(name, weights=weights, resize=resize)
      watched = functools.partial(watch, f'features of {name}')
      self._nets[name] = net._replace(watch=watched)
      self._real[name] = self._known(name)
    self._bounds = self._measure_bounds()

  def __call__(self, draw: Draw, source: Source) -> list[Record]:
    """The records of one generator, in the order of the names.

    Args:
      draw: gives the samples, standardised where the reference has columns;
        called once for each feature net, and once more where one of its metrics
        wants all classes in turn.
      source: what stands in the records.

    Raises:
      ValueError: too few samples, or samples of another shape or type than
        the reference's.
    """
    found = self._extract(draw)
    return [self._record(metric, found, source) for metric in self.metrics]

  def _record(
    self,
    metric: Metric,
    found: dict[requests.Samples, Features],
    source: Source,
  ) -> Record:
    (value, error, details), real_num = self._measure(metric, found)
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
      details=details,
    )

  def _known(self, name: str) -> Real:
    """What a net sees of the sets that its metrics read."""
    those = [m for m in self.metrics if m.features == name and m.kind.reads]
    found = {
      each: feature_cache.features(
        self._nets[name],
        requests.real_set(self._reference, each),
        feature_cache.folder(),
        only_moments=requests.streams(those),
      )
      for each in requests.read_by(those)
    }
    shape = self._reference.examples.shape[1:]
    return Real(**found, shape=shape, mixture=self._reference.mixture)

  def _extract(self, draw: Draw) -> dict[requests.Samples, Features]:
    """Each net's features of as many samples as its metrics ask for."""
    found = {}
    for samples, those in requests.groups(self.metrics).items():
      most, net = requests.most(those), self._nets[samples.features]
      given = draw(most, in_turn=True) if samples.in_turn else draw(most)
      extract = net.summarise if requests.streams(those) else net.extract
      found[samples] = extract(_checked(given, self._reference.examples))
    return found

  def _measure(
    self, metric: Metric, found: dict[requests.Samples, Features]
  ) -> tuple[Value, int]:
    self._watch(metric.name, 0)
    real, fake = self._real[metric.features], found[requests.samples_of(metric)]
    return protocol.measure(metric, real, fake, self._seed)

  def _measure_bounds(self) -> dict[str, tuple[float | None, float]]:
    """Each metric's (floor, ceiling): of other real data, and of noise."""
    noise = self._extract(self._noise)
    others = self._reference.others
    real = None
    if others is not None:
      order = np.random.default_rng(self._seed).permutation(len(others))
      # In this order, so that fewer are always the first of more: a floor
      # does not depend on which other metrics are asked for.
      real = self._extract(lambda num, in_turn=False: others[order[:num]])
    bounds: dict[str, tuple[float | None, float]] = {}
    for metric in self.metrics:
      floor = None
      if real and others is not None and len(others) >= metric.num:
        floor = self._measure(metric, real)[0].value
      bounds[metric.name] = floor, self._measure(metric, noise)[0].value
    return bounds

  def _noise(self, num: int, in_turn: bool = False) -> np.ndarray:
    """Uniform over all values that an example can have, of no class."""
    del in_turn
    rng = np.random.default_rng(self._seed)
    examples = self._reference.examples
    shape = (num, *examples.shape[1:])
    if examples.dtype == np.uint8:
      return rng.integers(0, 256, shape, np.uint8)
    low, high = examples.min(axis=0), examples.max(axis=0)
    return rng.uniform(low, high, shape).astype(np.float32)


def evaluator_of(config: Config, dataset: Dataset) -> Evaluator:
  """That of a run's `eval.metrics`, with the run's seed.

  Args:
    config: the run.
    dataset: what it trains on.

  Raises:
    ValueError: too few real examples, a net that does not take them, or
      missing weights.
  """
  wanted = config.eval
  return Evaluator(
    wanted.metrics,
    reference_lib.of_run(config, dataset),
    seed=config.seed,
    weights=wanted.inception,
    resize=wanted.resize,
  )


def draw_from(
  generator: Trained, seed: int, columns: Columns | None = None
) -> Draw:
  """Samples of a generator, the same for the same seed.

  Args:
    generator: from a run, or in training.
    seed: of the latents.
    columns: of the reference, which standardise what the generator gives in
      units of its table; None for samples as they come.
  """

  def draw(num: int, in_turn: bool = False) -> Iterable[np.ndarray]:
    label = None if in_turn else generator.labels(num)
    z = generator.latents.draw(jax.random.key(seed), num, label)
    samples = generator.stream(z)
    return map(columns.standardise, samples) if columns else samples

  return draw


def _checked(
  samples: np.ndarray | Iterable[np.ndarray], examples: np.ndarray
) -> Iterable[np.ndarray]:
  """The samples in pieces, each of the type and shape of the reference."""
  pieces = [samples] if isinstance(samples, np.ndarray) else samples
  for piece in pieces:
    shape, dtype = piece.shape[1:], piece.dtype
    if shape != examples.shape[1:] or dtype != examples.dtype:
      raise ValueError(
        f'The samples are {dtype} of shape {list(shape)} and the reference is '
        f'{examples.dtype} of shape {list(examples.shape[1:])}; both must be '
        'alike: uint8 images in [0, 255] or float32 vectors.'
      )
    yield piece
