"""Memorization: distances of samples to their nearest training examples.

Distances of pixels find copies and at best small shifts. Distances of features
find similar images.
"""

from typing import NamedTuple

import numpy as np

from jaxgan.metrics import arrays, pairwise


class Neighbors(NamedTuple):
  """The k nearest training examples of each sample, nearest first.

  Attributes:
    indices: [N, k] int64, rows of the training set.
    distances: [N, k] float64; exactly 0 for a copy.
  """

  indices: np.ndarray
  distances: np.ndarray


class DistanceRatio(NamedTuple):
  """Nearest-neighbor distances of samples relative to held-out real data.

  Attributes:
    ratio: samples / heldout. About 1: the samples are as near to the training
      set as held-out real data. Well below 1: the generator repeats the
      training set or only its densest part. Well above 1: the samples have low
      quality or another content, and the ratio says nothing about copies.
    samples: median distance of a sample to its nearest training example.
    heldout: the same median for held-out real examples.
  """

  ratio: float
  samples: float
  heldout: float


def nearest(samples: np.ndarray, train: np.ndarray, *, k: int = 1) -> Neighbors:
  """Finds the k nearest training examples of each sample, by exact search.

  Distances are Euclidean. All pairs are compared, in blocks.

  Args:
    samples: [N, D] features or flattened pixels.
    train: [M, D] likewise, M >= k.
    k: number of neighbors.

  Raises:
    ValueError: the shapes do not fit, not finite, or too few for k.

  Example:
    >>> train = np.array([[0.0], [10.0]])
    >>> found = neighbors.nearest(np.array([[9.0]]), train)
    >>> found.indices.tolist(), found.distances.tolist()
    ([[1]], [[1.0]])
  """
  arrays.within('k', k, 1, 10**6)
  samples = arrays.features('samples', samples, minimum=1)
  train = arrays.features('train', train, minimum=k)
  arrays.same_width('samples', samples.shape[1], 'train', train.shape[1])
  indices = np.concatenate(
    [_smallest(d, k) for _, d in pairwise.distances(samples, train)]
  )
  distances = _exact_distances(samples, train, indices)
  order = np.argsort(distances, axis=1, kind='stable')
  return Neighbors(
    np.take_along_axis(indices, order, axis=1),
    np.take_along_axis(distances, order, axis=1),
  )


def distance_ratio(
  samples: np.ndarray, heldout: np.ndarray, train: np.ndarray
) -> DistanceRatio:
  """Median distance to the training set, of samples over held-out real data.

  A perfect generator has a ratio of 1 only if `heldout` and `train` have the
  same distribution. The median does not show a few copies among many new
  images; the smallest distances of `nearest` do.

  Args:
    samples: [N, D] features or flattened pixels.
    heldout: [H, D] of real examples outside the training set.
    train: [M, D] of the training examples.

  Raises:
    ValueError: the shapes do not fit, not finite, or at least half of `heldout`
      is in `train`.

  Example:
    >>> train = np.array([[0.0], [10.0]])
    >>> samples, heldout = np.array([[1.0]]), np.array([[12.0]])
    >>> neighbors.distance_ratio(samples, heldout, train).ratio
    0.5
  """
  heldout = arrays.features('heldout', heldout, minimum=1)
  medians = [
    float(np.median(nearest(x, train).distances)) for x in (samples, heldout)
  ]
  if medians[1] == 0:
    raise ValueError(
      'At least half of heldout is also in train; held-out examples must not '
      'be training examples.'
    )
  return DistanceRatio(medians[0] / medians[1], *medians)


def _smallest(distances: np.ndarray, k: int) -> np.ndarray:
  """Finds the columns [B, k] of the smallest values; overwrites the values."""
  rows = np.arange(len(distances))
  columns = np.empty((len(distances), k), np.int64)
  for i in range(k):
    columns[:, i] = distances.argmin(axis=1)
    distances[rows, columns[:, i]] = np.inf
  return columns


def _exact_distances(
  samples: np.ndarray, train: np.ndarray, indices: np.ndarray
) -> np.ndarray:
  """Computes distances [N, k] from differences: exactly zero for copies."""
  distances = np.empty(indices.shape)
  size = pairwise.block_rows(samples.shape[1] * indices.shape[1])
  for part in pairwise.slices(len(samples), size):
    difference = samples[part, None].astype(np.float64) - train[indices[part]]
    distances[part] = np.linalg.norm(difference, axis=2)
  return distances
