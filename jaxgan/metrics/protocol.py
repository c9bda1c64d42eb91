"""Metrics by name: `fid10k_mnist` is FID of 10,000 fakes by MNIST features.

A name is a kind, a count of fakes and a feature net. FID and the Inception
Score read the whole reference; the other kinds as many real examples as fakes,
chosen by the seed.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from jaxgan.config import pick
from jaxgan.metrics import (
  features,
  frechet,
  inception_score,
  kernel,
  manifold,
  transport,
)
from jaxgan.metrics.features import Features

Value = tuple[float, float | None]  # And its standard error.


class Kind(NamedTuple):
  """One way to compare two sets of features.

  Attributes:
    measure: (real, fake, seed) -> the value and its standard error.
    whole: whether it reads the whole reference.
    streams: whether it needs no more than the moments of the features.
    needs_logits: whether the net must tell classes apart.
    least: fewest examples of each side.
    most: examples beyond which it takes hours; 0 for no limit.
    better: `low` or `high`.
  """

  measure: Callable[[Features, Features, int], Value]
  whole: bool = False
  streams: bool = False
  needs_logits: bool = False
  least: int = 2
  most: int = 0
  better: str = 'low'


def _fid(real: Features, fake: Features, seed: int) -> Value:
  del seed
  moments = (x.moments or frechet.moments(x.values) for x in (real, fake))
  return frechet.frechet(*moments), None


def _fid_infinity(real: Features, fake: Features, seed: int) -> Value:
  found = frechet.frechet_infinity(
    fake.values, frechet.moments(real.values), seed=seed
  )
  return found.value, found.error


def _kid(real: Features, fake: Features, seed: int) -> Value:
  found = kernel.kid(real.values, fake.values, seed=seed)
  return found.value, found.error


def _inception_score(real: Features, fake: Features, seed: int) -> Value:
  del real, seed
  if fake.logits is None:
    raise ValueError('The Inception Score needs a net with classes.')
  found = inception_score.from_logits(fake.logits)
  return found.value, found.error


def _prdc(field: str) -> Callable[[Features, Features, int], Value]:
  def measure(real: Features, fake: Features, seed: int) -> Value:
    del seed
    return float(getattr(manifold.prdc(real.values, fake.values), field)), None

  return measure


def _transport(order: int) -> Callable[[Features, Features, int], Value]:
  def measure(real: Features, fake: Features, seed: int) -> Value:
    del seed
    found = transport.wasserstein(real.values, fake.values, order=order)
    return found, None

  return measure


def _sliced(real: Features, fake: Features, seed: int) -> Value:
  del seed
  return transport.sliced(real.values, fake.values), None


def _energy(real: Features, fake: Features, seed: int) -> Value:
  del seed
  return transport.energy(real.values, fake.values), None


KINDS: Mapping[str, Kind] = {
  'fid': Kind(_fid, whole=True, streams=True),
  'fidinf': Kind(_fid_infinity, whole=True, least=30),
  'kid': Kind(_kid, least=4),
  'is': Kind(
    _inception_score, whole=True, needs_logits=True, least=10, better='high'
  ),
  'precision': Kind(_prdc('precision'), least=6, better='high'),
  'recall': Kind(_prdc('recall'), least=6, better='high'),
  'density': Kind(_prdc('density'), least=6, better='high'),
  'coverage': Kind(_prdc('coverage'), least=6, better='high'),
  'w1_': Kind(_transport(1), most=10_000),
  'w2_': Kind(_transport(2), most=10_000),
  'swd': Kind(_sliced),
  'energy': Kind(_energy),
}


class Metric(NamedTuple):
  """A metric's name, taken apart.

  Attributes:
    name: as it was given.
    kind: one of KINDS.
    num: fakes.
    features: one of features.FEATURES.
  """

  name: str
  kind: Kind
  num: int
  features: str


def parse(name: str) -> Metric:
  """Reads the name of a metric.

  Args:
    name: kind, count (k for thousands), `_`, feature net: `fid50k_inception`,
      `kid2000_digits`, `w1_1797_pixels`.

  Raises:
    ValueError: not such a name, an unknown kind or net, or a count that the
      kind cannot take.
  """
  match = re.fullmatch(r'(w[12]_|[a-z]+)(\d+)(k?)_(\w+)', name)
  if not match:
    raise ValueError(
      f'{name!r} is no metric; it must be a kind ({", ".join(sorted(KINDS))}), '
      'a count and a feature net, such as fid10k_mnist.'
    )
  kind = pick(f'The kind of {name}', match[1], KINDS)
  pick(f'The feature net of {name}', match[4], features.FEATURES)
  num = int(match[2]) * (1000 if match[3] else 1)
  if num < kind.least or 0 < kind.most < num:
    most = f' and at most {kind.most}' if kind.most else ''
    raise ValueError(
      f'{name} counts {num} samples; they must be at least {kind.least}{most}.'
    )
  if kind.needs_logits and match[4] == 'pixels':
    raise ValueError(
      f'{name} needs a net that tells classes apart, and pixels does not; use '
      'digits, mnist or inception.'
    )
  return Metric(name, kind, num, match[4])


def measure(
  metric: Metric, real: Features, fake: Features, seed: int
) -> tuple[float, float | None, int]:
  """A metric of two sets of features.

  Args:
    metric: from `parse`.
    real: of the whole reference.
    fake: of at least `metric.num` fakes.
    seed: of the choice of real examples, and of what the metric draws.

  Returns:
    The value, its standard error or None, and how many real examples it read.

  Raises:
    ValueError: too few of either.
  """
  for side, found in (('fake', fake), ('real', real)):
    need = metric.num
    if side == 'real' and metric.kind.whole:
      need = metric.kind.least
    if found.num < need:
      raise ValueError(
        f'{metric.name} needs {need} {side} examples and there are '
        f'{found.num}; choose a smaller count or more data.'
      )
  if fake.moments is None:
    fake = _rows(fake, np.arange(metric.num))
  if not metric.kind.whole:
    order = np.random.default_rng(seed).permutation(len(real.values))
    real = _rows(real, np.sort(order[: metric.num]))
  value, error = metric.kind.measure(real, fake, seed)
  return value, error, real.num


def _rows(found: Features, rows: np.ndarray) -> Features:
  logits = None if found.logits is None else found.logits[rows]
  return Features(found.values[rows], logits)
