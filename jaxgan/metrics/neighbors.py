"""Has the generator learnt the training set by heart: nearest neighbours.

A distance says that only in a space where distance means likeness: pixels
find copies and small shifts at best, features find look-alikes.
"""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics import arrays, pairwise


class Neighbours(NamedTuple):
  """The nearest training examples of each sample, the nearest first.

  Attributes:
    indices: [N, k] int64, rows of the training set.
    distances: [N, k] float64; exactly 0 for a copy.
  """

  indices: np.ndarray
  distances: np.ndarray


class DistanceRatio(NamedTuple):
  """How near samples lie to the training set, and unseen real data does.

  Attributes:
    ratio: samples / heldout. About 1: as near as real data that the
      generator never saw. Well below 1: nearer than new real data can be, so
      it repeats the training set (or shows only its densest part). Well above
      1: far from the training set, so poor or off the subject; that it copies
      nothing is then no merit.
    samples: median distance of a sample to its nearest training example.
    heldout: that of held-out real examples.
  """

  ratio: float
  samples: float
  heldout: float


def nearest(
  samples: np.ndarray, train: np.ndarray, *, k: int = 1
) -> Neighbours:
  """The k nearest training examples of each sample, by Euclidean distance.

  All of them are looked at, in blocks; nothing is approximate.

  Args:
    samples: [N, D] features, or flattened pixels.
    train: [M, D] likewise, M >= k.
    k: how many.

  Returns:
    Indices and distances.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few for k.
  """
  arrays.within('k', k, 1, 10**6)
  samples = arrays.features('samples', samples, least=1)
  train = arrays.features('train', train, least=k)
  arrays.same_width('samples', samples.shape[1], 'train', train.shape[1])
  indices = np.concatenate(
    [_smallest(d, k) for _, d in pairwise.distances(samples, train)]
  )
  distances = _exact(samples, train, indices)
  order = np.argsort(distances, axis=1, kind='stable')
  return Neighbours(
    np.take_along_axis(indices, order, axis=1),
    np.take_along_axis(distances, order, axis=1),
  )


def distance_ratio(
  samples: np.ndarray, heldout: np.ndarray, train: np.ndarray
) -> DistanceRatio:
  """Median distance to the training set, against that of held-out real data.

  Only where `heldout` and `train` are drawn alike is 1 the value of a perfect
  generator. A median hides a few copies among many new images: for those look
  at the smallest distances of `nearest`.

  Args:
    samples: [N, D] features, or flattened pixels.
    heldout: [H, D] of real examples that were not trained on.
    train: [M, D] of those that were.

  Returns:
    The ratio and both medians.

  Raises:
    ValueError: the shapes do not fit, not finite, or most of `heldout` is in
      `train`.
  """
  heldout = arrays.features('heldout', heldout, least=1)
  medians = [
    float(np.median(nearest(x, train).distances)) for x in (samples, heldout)
  ]
  if medians[1] == 0:
    raise ValueError(
      'At least half of heldout is in train as well; held-out examples must '
      'be others than those that were trained on.'
    )
  return DistanceRatio(medians[0] / medians[1], *medians)


def _smallest(distances: np.ndarray, k: int) -> np.ndarray:
  """[B, k] columns of the smallest values of each row; overwrites them."""
  rows = np.arange(len(distances))
  columns = np.empty((len(distances), k), np.int64)
  for i in range(k):
    columns[:, i] = distances.argmin(axis=1)
    distances[rows, columns[:, i]] = np.inf
  return columns


def _exact(
  samples: np.ndarray, train: np.ndarray, indices: np.ndarray
) -> np.ndarray:
  """[N, k] distances by differences, so that a copy is at exactly zero."""
  distances = np.empty(indices.shape)
  size = pairwise.rows_within(samples.shape[1] * indices.shape[1])
  for part in pairwise.slices(len(samples), size):
    apart = samples[part, None].astype(np.float64) - train[indices[part]]
    distances[part] = np.linalg.norm(apart, axis=2)
  return distances
