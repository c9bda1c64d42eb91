"""Metrics by name: `fid10k_mnist` is FID of 10,000 fakes by MNIST features.

A name is a kind, a count of fakes and a feature net. What a kind reads of the
real data, the whole of a set or as many as fakes, chosen by the seed, stands in
`kinds.KINDS`.
"""

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np

from jaxgan.config import pick
from jaxgan.metrics import features
from jaxgan.metrics.features import Features
from jaxgan.metrics.kinds import KINDS, Kind, Real, Value

# What a kind may ask of the real data, in words.
_HELDOUT = (
  'what was trained on and real examples that were not; name another split '
  'than that of the training as the reference or for the floor'
)
_NEEDS: Mapping[str, str] = {
  'train': _HELDOUT,
  'heldout': _HELDOUT,
  'images': 'images, and the real data are vectors',
  'mixture': 'data whose modes are known: gaussians8 or gaussians25',
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
    ValueError: not such a name, an unknown kind or net, a net that the kind
      cannot look through, or a count that it cannot take.
  """
  match = re.fullmatch(r'(w[12]_|[a-z]+)(\d+)(k?)_(\w+)', name)
  if not match:
    raise ValueError(
      f'{name!r} is no metric; it must be a kind ({", ".join(sorted(KINDS))}), '
      'a count and a feature net, such as fid10k_mnist.'
    )
  kind = pick(f'The kind of {name}', match[1], KINDS)
  nets = kind.nets or features.FEATURES
  pick(f'The feature net of {name}', match[4], dict.fromkeys(nets))
  num = int(match[2]) * (1000 if match[3] else 1)
  if num < kind.least or 0 < kind.most < num:
    most = f' and at most {kind.most}' if kind.most else ''
    raise ValueError(
      f'{name} counts {num} samples; they must be at least {kind.least}{most}.'
    )
  return Metric(name, kind, num, match[4])


def check(metric: Metric, has: Collection[str]) -> None:
  """Whether a metric fits the real data, before any of it is looked at.

  Args:
    metric: from `parse`.
    has: what there is, of `reference`, `train`, `heldout`, `images` and
      `mixture`.

  Raises:
    ValueError: it asks for something else.
  """
  needs = metric.kind.needs
  for need in (*metric.kind.reads, *([needs] if needs else [])):
    if need not in has:
      raise ValueError(f'{metric.name} needs {_NEEDS[need]}.')


def measure(
  metric: Metric, real: Real, fake: Features, seed: int
) -> tuple[Value, int]:
  """A metric of fakes, beside what is known of the real data.

  Args:
    metric: from `parse`, passed by `check`.
    real: whole sets.
    fake: of at least `metric.num` fakes.
    seed: of the choice of real examples, and of what the metric draws.

  Returns:
    What it found, and how many real examples it read.

  Raises:
    ValueError: too few of any set that it reads.
  """
  _check_enough(metric, 'fake', fake.num, metric.num)
  if fake.moments is None:
    fake = _rows(fake, np.arange(metric.num))
  read = {}
  for name, share in metric.kind.reads.items():
    found = getattr(real, name)
    whole = share == 'whole'
    need = metric.kind.least if whole else metric.num
    _check_enough(metric, f'real ({name})', found.num, need)
    if not whole:
      order = np.random.default_rng(seed).permutation(found.num)
      found = _rows(found, np.sort(order[: metric.num]))
    read[name] = found
  value = metric.kind.measure(real._replace(**read), fake, seed)
  return value, sum(found.num for found in read.values())


def _check_enough(metric: Metric, side: str, num: int, need: int) -> None:
  if num < need:
    raise ValueError(
      f'{metric.name} needs {need} {side} examples and there are {num}; choose '
      'a smaller count or more data.'
    )


def _rows(found: Features, rows: np.ndarray) -> Features:
  logits = None if found.logits is None else found.logits[rows]
  return Features(found.values[rows], logits)
