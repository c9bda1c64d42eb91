"""Parses metric names, checks that they fit the data, and measures them.

A name is a kind of metric, a number of fakes and a feature net: `fid10k_mnist`
is the FID of 10,000 fakes in the features of the MNIST classifier. The real
data that a kind reads are listed in `kinds.KINDS`.
"""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from jaxgan.config import pick
from jaxgan.metrics import features
from jaxgan.metrics.features import Features
from jaxgan.metrics.kinds import KINDS, Kind, Real, Value

HELDOUT = (
  'held-out real examples, as the reference (--reference or --split; '
  'eval.split in a config) or for the floor (--floor_split; eval.floor_split)'
)
# requirement of a kind -> description for the error message.
_MISSING: Mapping[str, str] = {
  'train': 'the training examples of the generator; give --train',
  'heldout': HELDOUT,
  'images': 'images, but the real data are vectors',
  'mixture': 'data whose modes are known: gaussians8 or gaussians25',
  'rows': 'a table with categories: data.name mixed_table',
  'pairs': 'a run with game translation, whose outputs have a truth',
}


class Metric(NamedTuple):
  """A parsed metric name.

  Attributes:
    name: the full name.
    kind: the entry of KINDS.
    num: number of fakes.
    features: name of the feature net, a key of features.FEATURES.
  """

  name: str
  kind: Kind
  num: int
  features: str


def parse(name: str) -> Metric:
  """Parses the name of a metric.

  Args:
    name: kind, count (k for thousands), `_`, feature net: `fid50k_inception`,
      `kid2000_digits`, `w1_1797_pixels`.

  Raises:
    ValueError: wrong syntax, unknown kind or feature net, a net that the kind
      does not accept, or a count outside its limits.
  """
  match = re.fullmatch(r'(w[12]_|msssim[1-5]_|[a-z]+)(\d+)(k?)_(\w+)', name)
  if not match:
    raise ValueError(
      f'{name!r} is not a metric; it must be a kind ({", ".join(sorted(KINDS))}'
      '), a count and a feature net, such as fid10k_mnist.'
    )
  kind = pick(f'The kind of {name}', match[1], KINDS)
  nets = kind.feature_nets or features.FEATURES
  pick(f'The feature net of {name}', match[4], dict.fromkeys(nets))
  num = int(match[2]) * (1000 if match[3] else 1)
  if num < kind.min_samples or 0 < kind.max_samples < num:
    most = f' and at most {kind.max_samples}' if kind.max_samples else ''
    raise ValueError(
      f'{name} has {num} fakes; it must have at least {kind.min_samples}{most}.'
    )
  return Metric(name, kind, num, match[4])


def check(metric: Metric, available: Collection[str]) -> None:
  """Checks that the real data have all inputs of a metric.

  Args:
    metric: the result of `parse`.
    available: the available inputs, out of `reference`, `train`, `heldout`,
      `images`, `mixture`, `rows` and `pairs`.

  Raises:
    ValueError: an input is missing.
  """
  requires = metric.kind.requires
  for need in (*metric.kind.reads, *([requires] if requires else [])):
    if need not in available:
      raise ValueError(f'{metric.name} needs {_MISSING[need]}.')


def measure(
  metric: Metric, real: Real, fake: Features, seed: int
) -> tuple[Value, int]:
  """Measures one metric on features of fakes and of real data.

  Args:
    metric: the result of `parse`.
    real: features of the whole sets.
    fake: features of at least `metric.num` fakes; the first ones are used.
    seed: seed of the subset of real examples and of the metric.

  Returns:
    The value and the number of real examples that the metric read.

  Raises:
    ValueError: a set has too few examples.
  """
  _check_count(metric, 'fake', fake.num, metric.num)
  if fake.moments is None:
    fake = _rows(fake, np.arange(metric.num))
  sets = {}
  for name, part in metric.kind.reads.items():
    chosen = getattr(real, name)
    need = metric.kind.min_samples if part == 'all' else metric.num
    _check_count(metric, f'real ({name})', chosen.num, need)
    if part == 'first':
      chosen = _rows(chosen, np.arange(metric.num))
    if part == 'subset':
      order = np.random.default_rng(seed).permutation(chosen.num)
      chosen = _rows(chosen, np.sort(order[: metric.num]))
    sets[name] = chosen
  value = metric.kind.measure(real._replace(**sets), fake, seed)
  return value, sum(chosen.num for chosen in sets.values())


def _check_count(metric: Metric, side: str, num: int, need: int) -> None:
  """Raises a ValueError if a set has fewer examples than needed."""
  if num < need:
    raise ValueError(
      f'{metric.name} needs {need} {side} examples, but there are {num}; use a '
      'smaller count or more data.'
    )


def _rows(outputs: Features, rows: np.ndarray) -> Features:
  """Selects rows of the features and logits."""
  logits = None if outputs.logits is None else outputs.logits[rows]
  return Features(outputs.values[rows], logits)
