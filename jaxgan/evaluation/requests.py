"""What metrics ask for: which real sets, and which samples through what."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxgan.evaluation.reference_data import Reference
from jaxgan.metrics import protocol
from jaxgan.metrics.protocol import Metric


class Samples(NamedTuple):
  """Which samples a metric looks at, and through what.

  Attributes:
    features: name of the net.
    in_turn: all classes as often, instead of as the training data have them.
  """

  features: str
  in_turn: bool


def fitting(names: Sequence[str], reference: Reference) -> list[Metric]:
  """Metrics by name, which fit the data, before any of it is looked at.

  Args:
    names: as `protocol.parse` reads them.
    reference: the real data.

  Raises:
    ValueError: a name that is none or does not fit the data.
  """
  has = {'reference'}
  if reference.examples.ndim == 4:
    has.add('images')
  for name in ('train', 'heldout', 'mixture'):
    if getattr(reference, name) is not None:
      has.add(name)
  metrics = [protocol.parse(name) for name in names]
  for metric in metrics:
    protocol.check(metric, has)
  return metrics


def read_by(metrics: Iterable[Metric]) -> list[str]:
  """Names of the real sets that any of them reads."""
  return sorted({each for metric in metrics for each in metric.kind.reads})


def real_set(reference: Reference, name: str) -> np.ndarray:
  """One of the sets that a Kind reads.

  Args:
    reference: which has it, as `fitting` has made sure.
    name: `reference`, `train` or `heldout`.
  """
  sets = {
    'reference': reference.examples,
    'train': reference.train,
    'heldout': reference.heldout,
  }
  found = sets[name]
  assert found is not None  # fitting says so.
  return found


def samples_of(metric: Metric) -> Samples:
  """The group that a metric belongs to."""
  return Samples(metric.features, metric.kind.in_turn)


def groups(metrics: Sequence[Metric]) -> dict[Samples, list[Metric]]:
  """The metrics that look at the same samples."""
  found: dict[Samples, list[Metric]] = {}
  for metric in metrics:
    found.setdefault(samples_of(metric), []).append(metric)
  return found


def most(metrics: Sequence[Metric]) -> int:
  """Samples that metrics of one group ask for."""
  return max(metric.num for metric in metrics)


def streams(metrics: Sequence[Metric]) -> bool:
  """Whether moments are all that metrics of one group need."""
  equal = len({metric.num for metric in metrics}) == 1
  return equal and all(metric.kind.streams for metric in metrics)


def work(names: Sequence[str], reference: Reference) -> int:
  """How many examples an Evaluator and one call of it look at.

  Args:
    names: of metrics, as `protocol.parse` reads them.
    reference: the real data.

  Raises:
    ValueError: a name that is none or does not fit the data.
  """
  metrics, total = fitting(names, reference), 0
  for name in dict.fromkeys(metric.features for metric in metrics):
    sets = read_by(m for m in metrics if m.features == name)
    total += sum(len(real_set(reference, each)) for each in sets)
  for those in groups(metrics).values():
    num = most(those)
    total += 2 * num  # Noise, and the samples.
    if reference.others is not None:
      total += min(num, len(reference.others))
  return total
