"""A generator's samples measured against real data, by the names of metrics."""

import dataclasses
import json
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import jax
import numpy as np

from jaxgan import sampling
from jaxgan.data import sources
from jaxgan.metrics import features, protocol
from jaxgan.metrics.features import FeatureNet, Features
from jaxgan.metrics.protocol import Metric
from jaxgan.metrics.record import Record, to_dict
from jaxgan.schema import Config
from jaxgan.trained import Trained

# Gives so many samples [n, ...], whole or in pieces.
Draw = Callable[[int], np.ndarray | Iterable[np.ndarray]]


class Reference(NamedTuple):
  """The real data of an evaluation.

  Attributes:
    name: of the data set, or of a file.
    split: as tfds writes splits; empty for files.
    examples: [N, H, W, C] uint8 or [N, D] float32.
    others: real examples that are not among them, for the floor; or None.
  """

  name: str
  split: str
  examples: np.ndarray
  others: np.ndarray | None


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
  ) -> None:
    """Extracts what does not depend on a generator: references, bounds.

    Args:
      names: of metrics, as `protocol.parse` reads them.
      reference: the real data.
      seed: of latents, of subsets and of the noise.
      weights: file of Inception's weights, where a name asks for it.
      resize: how images are brought to Inception's size.

    Raises:
      ValueError: a name that is none, missing weights, too few examples, or
        examples that a net does not take.
    """
    self.metrics = [protocol.parse(name) for name in names]
    self._reference = reference
    self._seed = seed
    self._sha256 = features.digest(reference.examples)
    self._nets: dict[str, FeatureNet] = {}
    self._real: dict[str, Features] = {}
    for name in dict.fromkeys(metric.features for metric in self.metrics):
      net = features.load(name, weights=weights, resize=resize)
      self._nets[name] = net
      self._real[name] = features.cached(
        net,
        reference.examples,
        _cache(),
        only_moments=self._streams(name),
      )
    self._bounds = self._measure_bounds()

  def __call__(self, draw: Draw, source: Source) -> list[Record]:
    """The records of one generator, in the order of the names.

    Args:
      draw: gives the samples; called once for each feature net.
      source: what stands in the records.

    Raises:
      ValueError: too few samples, or samples of another shape or type than
        the reference's.
    """
    found = self._extract(draw)
    return [self._record(metric, found, source) for metric in self.metrics]

  def _record(
    self, metric: Metric, found: dict[str, Features], source: Source
  ) -> Record:
    value, error, real_num = self._measure(metric, found)
    net = self._nets[metric.features]
    floor, ceiling = self._bounds[metric.name]
    return Record(
      metric=metric.name,
      value=value,
      error=error,
      features=net.name,
      features_sha256=net.sha256,
      resize=net.resize,
      reference=self._reference.name,
      reference_sha256=self._sha256,
      split=self._reference.split,
      real_num=real_num,
      fake_num=metric.num,
      seed=self._seed,
      source=source.name,
      weights=source.weights,
      step=source.step,
      floor=floor,
      ceiling=ceiling,
    )

  def _extract(self, draw: Draw) -> dict[str, Features]:
    """Each net's features of as many samples as its metrics ask for."""
    found = {}
    for name, net in self._nets.items():
      most = max(m.num for m in self.metrics if m.features == name)
      samples = _checked(draw(most), self._reference.examples)
      extract = net.summarise if self._streams(name) else net.extract
      found[name] = extract(samples)
    return found

  def _streams(self, name: str) -> bool:
    """Whether moments are all that the metrics of a net need."""
    metrics = [m for m in self.metrics if m.features == name]
    same = len({m.num for m in metrics}) == 1
    return same and all(m.kind.streams for m in metrics)

  def _measure(
    self, metric: Metric, found: dict[str, Features]
  ) -> tuple[float, float | None, int]:
    name = metric.features
    return protocol.measure(metric, self._real[name], found[name], self._seed)

  def _measure_bounds(self) -> dict[str, tuple[float | None, float]]:
    """Each metric's (floor, ceiling): of other real data, and of noise."""
    noise = self._extract(self._noise)
    others = self._reference.others
    real = None
    if others is not None:
      order = np.random.default_rng(self._seed).permutation(len(others))
      real = self._extract(lambda num: others[np.sort(order[:num])])
    bounds: dict[str, tuple[float | None, float]] = {}
    for metric in self.metrics:
      enough = others is not None and len(others) >= metric.num
      floor = self._measure(metric, real)[0] if real and enough else None
      bounds[metric.name] = floor, self._measure(metric, noise)[0]
    return bounds

  def _noise(self, num: int) -> np.ndarray:
    """Uniform over all values that an example can have."""
    rng = np.random.default_rng(self._seed)
    examples = self._reference.examples
    shape = (num, *examples.shape[1:])
    if examples.dtype == np.uint8:
      return rng.integers(0, 256, shape, np.uint8)
    low, high = examples.min(axis=0), examples.max(axis=0)
    return rng.uniform(low, high, shape).astype(np.float32)


def reference_of(config: Config, dataset: sources.Dataset) -> Reference:
  """The real data that a run's `eval` names; its own where it names none.

  Args:
    config: the run.
    dataset: what it trains on.

  Raises:
    ValueError: a split that does not exist.
  """

  def images(split: str) -> np.ndarray:
    if split in ('', config.data.split):
      return dataset.images
    data = dataclasses.replace(config.data, split=split)
    return sources.load(data).images

  split, floor = config.eval.split, config.eval.floor_split
  return Reference(
    dataset.name,
    split or config.data.split,
    images(split),
    images(floor) if floor else None,
  )


def draw_from(generator: Trained, seed: int) -> Draw:
  """Samples of a generator, the same for the same seed."""

  def draw(num: int) -> Iterable[np.ndarray]:
    key = jax.random.key(seed)
    return generator.stream(sampling.latents(key, num, generator.latent_size))

  return draw


def append(path: pathlib.Path, records: Sequence[Record]) -> None:
  """Adds a line of JSON for each record to an evaluation.jsonl."""
  with path.open('a') as file:
    for record in records:
      file.write(json.dumps(to_dict(record)) + '\n')


def table(records: Sequence[Record]) -> str:
  """Records as a table for the terminal."""
  rows: list[tuple[str, ...]] = [
    ('metric', 'value', 'error', 'floor', 'ceiling')
  ]
  for r in records:
    numbers = (r.value, r.error, r.floor, r.ceiling)
    shown = ('-' if x is None else f'{x:.5g}' for x in numbers)
    rows.append((r.metric, *shown))
  widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
  return '\n'.join(
    '  '.join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
    for row in rows
  )


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


def _cache() -> pathlib.Path:
  """Where features of references are kept."""
  home = os.environ.get('XDG_CACHE_HOME') or pathlib.Path.home() / '.cache'
  return pathlib.Path(home) / 'jaxgan' / 'features'
