"""All kinds of metrics, such as FID and KID: the table `KINDS` at the end.

An entry names the function of a kind, the real data that it reads, the feature
nets that it accepts and the limits of its sample count.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxgan.data.builders.toys import Mixture
from jaxgan.data.columns import AnyColumns
from jaxgan.data.mixed import Mixed
from jaxgan.metrics import (
  diversity,
  frechet,
  inception_score,
  kid,
  modes,
  neighbors,
  precision_recall,
  row_kinds,
  similarity,
  transport,
)
from jaxgan.metrics.features import CLASSIFIERS, Features
from jaxgan.metrics.pairwise import block_rows, slices
from jaxgan.types import to_uint8

_ONE_LABEL = 'digits', 'mnist', 'classifier'  # Nets that predict one label.
_EMPTY = Features(np.zeros((0, 1), np.float32), None)


class Value(NamedTuple):
  """The value of a metric with its standard error.

  Attributes:
    value: the number.
    error: its standard error, or None if the metric has none.
    details: more results as JSON values, such as class counts, or None.
  """

  value: float
  error: float | None = None
  details: Mapping[str, Any] | None = None


class Real(NamedTuple):
  """The real data of a metric: features of three sets, under one feature net.

  Attributes:
    reference: the examples that fakes are compared with.
    train: the examples that the generator was trained on.
    heldout: real examples that it was not trained on.
    shape: shape of one example: (H, W, C) or (D,).
    mixture: the Gaussian mixture that the data are drawn from, or None.
    columns: of a table; None for other data.
  """

  reference: Features = _EMPTY
  train: Features = _EMPTY
  heldout: Features = _EMPTY
  shape: tuple[int, ...] = ()
  mixture: Mixture | None = None
  columns: AnyColumns | None = None


Measure = Callable[[Real, Features, int], Value]

# Pairs of images [N, H, W, C] uint8 -> [N].
Similar = Callable[[np.ndarray, np.ndarray], np.ndarray]

# set of `Real` -> `all` its examples, or a `subset` of as many as the fakes, or
# the `first` ones, which the fakes are translations of.
_SUBSET: Mapping[str, str] = {'reference': 'subset'}
_ALL: Mapping[str, str] = {'reference': 'all'}
_NONE: Mapping[str, str] = {}
_PAIRED: Mapping[str, str] = {'reference': 'first'}
_MEMORIZATION: Mapping[str, str] = {'train': 'all', 'heldout': 'subset'}


class Kind(NamedTuple):
  """A kind of metric: its function, its inputs and its limits.

  Attributes:
    measure: computes it: (real data, features of fakes, seed) -> Value.
    reads: the sets of `Real` that it reads: `all` examples of a set, or a
      `subset` of as many examples as there are fakes, or the `first` ones.
    requires: what the real data must have: `images`, `mixture`, `pairs`,
      `rows` or nothing.
    feature_nets: the feature nets that it accepts; empty for all.
    moments_only: whether mean and covariance of the features are enough.
    min_samples: smallest number of fakes, and of examples in each set.
    max_samples: largest number of fakes, since more take hours; 0 for no limit.
    better: `low` or `high`; `neither` if the best value lies between.
    signed: whether the value can be 0 or less, so that it has no logarithm.
    balanced: whether the fakes have equal class counts instead of the class
      proportions of the training data.
  """

  measure: Measure
  reads: Mapping[str, str] = _SUBSET
  requires: str = ''
  feature_nets: tuple[str, ...] = ()
  moments_only: bool = False
  min_samples: int = 2
  max_samples: int = 0
  better: str = 'low'
  signed: bool = False
  balanced: bool = False


def _fid(real: Real, fake: Features, seed: int) -> Value:
  del seed
  sets = (real.reference, fake)
  moments = (x.moments or frechet.moments(x.values) for x in sets)
  return Value(frechet.frechet(*moments))


def _fid_infinity(real: Real, fake: Features, seed: int) -> Value:
  result = frechet.frechet_infinity(
    fake.values, frechet.moments(real.reference.values), seed=seed
  )
  return Value(result.value, result.error)


def _kid(real: Real, fake: Features, seed: int) -> Value:
  result = kid.kid(real.reference.values, fake.values, seed=seed)
  return Value(result.value, result.error)


def _inception_score(real: Real, fake: Features, seed: int) -> Value:
  del real, seed
  assert fake.logits is not None  # Guaranteed by Kind.feature_nets.
  result = inception_score.from_logits(fake.logits)
  return Value(result.value, result.error)


def _prdc(field: str) -> Measure:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    del seed
    result = precision_recall.prdc(real.reference.values, fake.values)
    return Value(float(getattr(result, field)))

  return measure


def _distance(function: Callable[..., float], **options: int) -> Measure:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    del seed
    return Value(function(real.reference.values, fake.values, **options))

  return measure


def _ms_ssim(real: Real, fake: Features, seed: int) -> Value:
  # The features of the net `pixels` are flattened images in [-1, 1].
  images = to_uint8(fake.values).reshape(-1, *real.shape)
  result = diversity.ms_ssim_diversity(images, seed=seed)
  details = {'pairs': result.pairs, 'scales': result.scales}
  return Value(result.value, result.error, details | {'window': result.window})


def _pairwise(similar: Similar) -> Measure:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    del seed
    sets = (to_uint8(x.values) for x in (fake, real.reference))
    images = (x.reshape(-1, *real.shape) for x in sets)
    each = [similar(*part) for part in _parts(*images)]
    values = np.concatenate(each)
    return Value(float(values.mean()), float(values.std() / len(values) ** 0.5))

  return measure


def _feature_distance(real: Real, fake: Features, seed: int) -> Value:
  """Mean Euclidean distance of each fake's features to those of its truth."""
  del seed
  values = np.linalg.norm(fake.values - real.reference.values, axis=1)
  return Value(float(values.mean()), float(values.std() / len(values) ** 0.5))


def _parts(*sets: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
  """Yields sets of equal length in parts that fit in memory as float64."""
  for part in slices(len(sets[0]), block_rows(64 * sets[0][0].size)):
    yield tuple(x[part] for x in sets)


def _class_counts(features: Features) -> np.ndarray:
  """Counts the predicted classes, as [K]."""
  assert features.logits is not None  # Guaranteed by Kind.feature_nets.
  classes = features.logits.shape[1]
  return np.bincount(features.logits.argmax(axis=1), minlength=classes)


def _classes(real: Real, fake: Features, seed: int) -> Value:
  del real, seed
  counts = _class_counts(fake)
  return Value(float((counts > 0).sum()), None, {'counts': counts.tolist()})


def _accuracy(real: Real, fake: Features, seed: int) -> Value:
  """Share of fakes whose predicted class is their label: i mod K for fake i."""
  del real, seed
  assert fake.logits is not None  # Guaranteed by Kind.feature_nets.
  num, classes = fake.logits.shape
  right = fake.logits.argmax(axis=1) == np.arange(num) % classes
  counts = [int(right[c::classes].sum()) for c in range(classes)]
  error = float(right.std() / num**0.5)
  return Value(float(right.mean()), error, {'right': counts})


def _label_kl(real: Real, fake: Features, seed: int) -> Value:
  del seed
  counts, reference = _class_counts(fake), _class_counts(real.reference)
  details = {'counts': counts.tolist(), 'reference': reference.tolist()}
  return Value(diversity.label_kl(counts, reference), None, details)


def _modes(field: str) -> Measure:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    del seed
    assert real.mixture is not None  # Guaranteed by Kind.requires.
    result = modes.gaussian_modes(fake.values, *real.mixture)
    details = {'counts': result.counts.tolist()}
    return Value(float(getattr(result, field)), None, details)

  return measure


def _memorization(real: Real, fake: Features, seed: int) -> Value:
  del seed
  result = neighbors.distance_ratio(
    fake.values, real.heldout.values, real.train.values
  )
  details = {'samples': result.samples, 'heldout': result.heldout}
  return Value(result.ratio, None, details)


def _of_pairs(similar: Similar, better: str) -> Kind:
  return Kind(_pairwise(similar), _PAIRED, 'pairs', ('pixels',), better=better)


def _of_rows(
  compare: row_kinds.Compare, reads: Mapping[str, str], better: str
) -> Kind:
  def measure(real: Real, fake: Features, seed: int) -> Value:
    assert isinstance(real.columns, Mixed)  # Guaranteed by Kind.requires.
    sets = {name: getattr(real, name).values for name in reads}
    value, details = compare(real.columns, sets, fake.values, seed)
    return Value(value, None, details or None)

  return Kind(measure, reads, 'rows', ('rows',), better=better)


# The key is the first part of a metric name. Stored records hold these names.
KINDS: Mapping[str, Kind] = {
  'fid': Kind(_fid, _ALL, moments_only=True),
  'fidinf': Kind(_fid_infinity, _ALL, min_samples=30, signed=True),
  'kid': Kind(_kid, min_samples=4, signed=True),
  'is': Kind(
    _inception_score, _NONE, '', CLASSIFIERS, min_samples=10, better='high'
  ),
  'precision': Kind(_prdc('precision'), min_samples=6, better='high'),
  'recall': Kind(_prdc('recall'), min_samples=6, better='high'),
  'density': Kind(_prdc('density'), min_samples=6, better='high'),
  'coverage': Kind(_prdc('coverage'), min_samples=6, better='high'),
  'w1_': Kind(_distance(transport.wasserstein, order=1), max_samples=10_000),
  'w2_': Kind(_distance(transport.wasserstein, order=2), max_samples=10_000),
  'swd': Kind(_distance(transport.sliced)),
  'energy': Kind(_distance(transport.energy), signed=True),
  'msssim': Kind(_ms_ssim, _NONE, 'images', ('pixels',), better='neither'),
  'psnr': _of_pairs(similarity.psnr, 'high'),
  'ssim': _of_pairs(similarity.ssim, 'high'),
  # MS-SSIM of pairs, by its number of scales.
  **{
    f'msssim{scales}_': _of_pairs(
      functools.partial(similarity.ms_ssim, scales=scales), 'high'
    )
    for scales in range(1, 6)
  },
  'mae': _of_pairs(similarity.absolute_error, 'low'),
  'distance': Kind(_feature_distance, _PAIRED, 'pairs'),
  'classes': Kind(_classes, _NONE, '', CLASSIFIERS, better='high'),
  'asked': Kind(_accuracy, _NONE, '', _ONE_LABEL, better='high', balanced=True),
  'labelkl': Kind(_label_kl, _ALL, '', CLASSIFIERS),
  'modes': Kind(
    _modes('covered'), _NONE, 'mixture', ('pixels',), better='high'
  ),
  'quality': Kind(
    _modes('quality'), _NONE, 'mixture', ('pixels',), better='high'
  ),
  **{name: _of_rows(*entry) for name, entry in row_kinds.KINDS.items()},
  'memorising': Kind(_memorization, _MEMORIZATION, better='neither'),
}
