"""Plans an evaluation: which real sets and samples a list of metrics needs."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from jaxgan.data.mixed import Mixed
from jaxgan.evaluation.reference_data import Reference
from jaxgan.metrics import protocol
from jaxgan.metrics.protocol import Metric


class SampleGroup(NamedTuple):
  """Metrics of one group share the generated samples and their features.

  Attributes:
    features: name of the feature net.
    balanced: whether the samples have equal class counts, instead of the class
      proportions of the training data.
  """

  features: str
  balanced: bool


def parse(names: Sequence[str], reference: Reference) -> list[Metric]:
  """Parses names of metrics and checks that the real data allow each of them.

  Raises:
    ValueError: an unknown name, or a metric that does not fit the data.
  """
  available = {'reference'}
  if reference.examples.ndim == 4:
    available.add('images')
  if reference.pairs is not None:
    available.add('pairs')
  if isinstance(reference.columns, Mixed):
    available.add('rows')
  for name in ('train', 'heldout', 'mixture'):
    if getattr(reference, name) is not None:
      available.add(name)
  metrics = [protocol.parse(name) for name in names]
  for metric in metrics:
    protocol.check(metric, available)
    if metric.kind.balanced and reference.pairs is not None:
      raise ValueError(
        f'{metric.name} asks for labels, and a translation gets images in '
        'their place; leave it out.'
      )
  return metrics


def real_sets(metrics: Iterable[Metric]) -> list[str]:
  """Returns the names of all real sets that the metrics read, sorted."""
  return sorted({name for metric in metrics for name in metric.kind.reads})


def real_set(reference: Reference, name: str) -> np.ndarray:
  """Returns the real set `reference`, `train` or `heldout`."""
  examples = {
    'reference': reference.examples,
    'train': reference.train,
    'heldout': reference.heldout,
  }[name]
  assert examples is not None  # Checked by parse.
  return examples


def group_of(metric: Metric) -> SampleGroup:
  """Returns the group that a metric belongs to."""
  return SampleGroup(metric.features, metric.kind.balanced)


def groups(metrics: Sequence[Metric]) -> dict[SampleGroup, list[Metric]]:
  """Groups the metrics that can share generated samples."""
  members: dict[SampleGroup, list[Metric]] = {}
  for metric in metrics:
    members.setdefault(group_of(metric), []).append(metric)
  return members


def only_moments(metrics: Sequence[Metric]) -> bool:
  """Whether the metrics of a group need only mean and covariance."""
  same_num = len({metric.num for metric in metrics}) == 1
  return same_num and all(metric.kind.moments_only for metric in metrics)


def num_examples(names: Sequence[str], reference: Reference) -> int:
  """Counts the examples that an Evaluator and one call of it process.

  Raises:
    ValueError: as `parse`.
  """
  metrics, total = parse(names, reference), 0
  for name in dict.fromkeys(metric.features for metric in metrics):
    sets = real_sets(m for m in metrics if m.features == name)
    total += sum(len(real_set(reference, each)) for each in sets)
  for group in groups(metrics).values():
    num = max(metric.num for metric in group)
    total += 2 * num  # The samples, and noise for the ceiling.
    if reference.others is not None:
      total += min(num, len(reference.others))  # For the floor.
  return total
