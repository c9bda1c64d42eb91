"""The kinds of metrics: what each reads, and what it finds there."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.builders.toys import Mixture
from jaxgan.data.ranges import to_uint8
from jaxgan.metrics import (
  diversity,
  frechet,
  inception_score,
  kid,
  modes,
  neighbors,
  precision_recall,
  transport,
)
from jaxgan.metrics.features import CLASSIFIERS, Features

_NOTHING = Features(np.zeros((0, 1), np.float32), None)


class Value(NamedTuple):
  """What a metric found.

  Attributes:
    value: the number.
    error: its standard error, or None where the metric has none.
    details: what else there is to know, fit for JSON; None for nothing.
  """

  value: float
  error: float | None = None
  details: Mapping[str, Any] | None = None


class Real(NamedTuple):
  """What is known of the real data, as one feature net sees it.

  Attributes:
    reference: what fakes are compared with.
    train: what the generator was trained on.
    heldout: what it was not trained on.
    shape: of one example: (H, W, C) or (D,).
    mixture: the Gaussians that the data are drawn from, or None.
  """

  reference: Features = _NOTHING
  train: Features = _NOTHING
  heldout: Features = _NOTHING
  shape: tuple[int, ...] = ()
  mixture: Mixture | None = None


Measure = Callable[[Real, Features, int], Value]

# Which sets of `Real` are read: `whole`, or `as_many` examples as fakes.
_PAIR: Mapping[str, str] = {'reference': 'as_many'}
_WHOLE: Mapping[str, str] = {'reference': 'whole'}
_NONE: Mapping[str, str] = {}
_MEMORY: Mapping[str, str] = {'train': 'whole', 'heldout': 'as_many'}


class Kind(NamedTuple):
  """One way to measure fakes.

  Attributes:
    measure: (what is known of the real data, fakes, seed) -> Value.
    reads: which sets of `Real`, each `whole` or `as_many`.
    needs: what the real data must be beside: `images`, `mixture`, or nothing.
    nets: the feature nets that it can look through; empty for all.
    streams: whether it needs no more than the moments of the features.
    least: fewest examples of each side.
    most: examples beyond which it takes hours; 0 for no limit.
    better: `low` or `high`; `neither` where the best lies between.
    signed: whether it can be 0 or less, so that it has no logarithm.
    in_turn: whether fakes are asked for all classes in turn, and not in the
      proportions of the training data.
  """

  measure: Measure
  reads: Mapping[str, str] = _PAIR
  needs: str = ''
  nets: tuple[str, ...] = ()
  streams: bool = False
  least: int = 2
  most: int = 0
  better: str = 'low'
  signed: bool = False
  in_turn: bool = False


def _fid(real: Real, fake: Features, seed: int) -> Value:
  del seed
  sides = (real.reference, fake)
  moments = (x.moments or frechet.moments(x.values) for x in sides)
  return Value(frechet.frechet(*moments))


def _fid_infinity(real: Real, fake: Features, seed: int) -> Value:
  found = frechet.frechet_infinity(
    fake.values, frechet.moments(real.reference.values), seed=seed
  )
  return Value(found.value, found.error)


def _kid(real: Real, fake: Features, seed: int) -> Value:
  found = kid.kid(real.reference.values, fake.values, seed=seed)
  return Value(found.value, found.error)


def _inception_score(real: Real, fake: Features, seed: int) -> Value:
  del real, seed
  assert fake.logits is not None  # Kind.nets says so.
  found = inception_score.from_logits(fake.logits)
  return Value(found.value, found.error)


def _prdc(field: str) -> Measure:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    del seed
    found = precision_recall.prdc(real.reference.values, fake.values)
    return Value(float(getattr(found, field)))

  return measure


def _transport(order: int) -> Measure:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    del seed
    return Value(
      transport.wasserstein(real.reference.values, fake.values, order=order)
    )

  return measure


def _sliced(real: Real, fake: Features, seed: int) -> Value:
  del seed
  return Value(transport.sliced(real.reference.values, fake.values))


def _energy(real: Real, fake: Features, seed: int) -> Value:
  del seed
  return Value(transport.energy(real.reference.values, fake.values))


def _ms_ssim(real: Real, fake: Features, seed: int) -> Value:
  # The net of pixels gives numbers in [-1, 1], in rows.
  images = to_uint8(fake.values).reshape(-1, *real.shape)
  found = diversity.ms_ssim_diversity(images, seed=seed)
  details = {'pairs': found.pairs, 'scales': found.scales}
  return Value(found.value, found.error, details | {'window': found.window})


def _classes(real: Real, fake: Features, seed: int) -> Value:
  del real, seed
  counts = _histogram(fake)
  return Value(float((counts > 0).sum()), None, {'counts': counts.tolist()})


def _asked(real: Real, fake: Features, seed: int) -> Value:
  del real, seed
  assert fake.logits is not None  # Kind.nets says so.
  num, classes = fake.logits.shape
  right = fake.logits.argmax(axis=1) == np.arange(num) % classes
  counts = [int(right[c::classes].sum()) for c in range(classes)]
  error = float(right.std() / num**0.5)
  return Value(float(right.mean()), error, {'right': counts})


def _label_kl(real: Real, fake: Features, seed: int) -> Value:
  del seed
  counts, reference = _histogram(fake), _histogram(real.reference)
  details = {'counts': counts.tolist(), 'reference': reference.tolist()}
  return Value(diversity.label_kl(counts, reference), None, details)


def _modes(field: str) -> Measure:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    del seed
    assert real.mixture is not None  # Kind.needs says so.
    found = modes.gaussian_modes(fake.values, *real.mixture)
    details = {'counts': found.counts.tolist()}
    return Value(float(getattr(found, field)), None, details)

  return measure


def _memorising(real: Real, fake: Features, seed: int) -> Value:
  del seed
  found = neighbors.distance_ratio(
    fake.values, real.heldout.values, real.train.values
  )
  details = {'samples': found.samples, 'heldout': found.heldout}
  return Value(found.ratio, None, details)


KINDS: Mapping[str, Kind] = {
  'fid': Kind(_fid, _WHOLE, streams=True),
  'fidinf': Kind(_fid_infinity, _WHOLE, least=30, signed=True),
  'kid': Kind(_kid, least=4, signed=True),
  'is': Kind(
    _inception_score, _NONE, nets=CLASSIFIERS, least=10, better='high'
  ),
  'precision': Kind(_prdc('precision'), least=6, better='high'),
  'recall': Kind(_prdc('recall'), least=6, better='high'),
  'density': Kind(_prdc('density'), least=6, better='high'),
  'coverage': Kind(_prdc('coverage'), least=6, better='high'),
  'w1_': Kind(_transport(1), most=10_000),
  'w2_': Kind(_transport(2), most=10_000),
  'swd': Kind(_sliced),
  'energy': Kind(_energy, signed=True),
  'msssim': Kind(
    _ms_ssim, _NONE, needs='images', nets=('pixels',), better='neither'
  ),
  'classes': Kind(_classes, _NONE, nets=CLASSIFIERS, better='high'),
  'asked': Kind(
    _asked, _NONE, nets=('digits', 'mnist'), better='high', in_turn=True
  ),
  'labelkl': Kind(_label_kl, _WHOLE, nets=CLASSIFIERS),
  'modes': Kind(
    _modes('covered'), _NONE, needs='mixture', nets=('pixels',), better='high'
  ),
  'quality': Kind(
    _modes('quality'), _NONE, needs='mixture', nets=('pixels',), better='high'
  ),
  'memorising': Kind(_memorising, _MEMORY, better='neither'),
}


def _histogram(found: Features) -> np.ndarray:
  """[C]: how many examples each class gets."""
  assert found.logits is not None  # Kind.nets says so.
  labels = found.logits.argmax(axis=1)
  return diversity.label_histogram(labels, found.logits.shape[1])
