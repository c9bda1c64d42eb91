"""The Inception Score: sure of each image, and of all classes over all."""

import itertools
from typing import NamedTuple

import numpy as np
import scipy.special

from jaxgan.metrics import arrays


class InceptionScore(NamedTuple):
  """An Inception Score and the protocol it came from.

  Attributes:
    value: mean over the splits, from 1 to the number of classes.
    error: its standard error, std / sqrt(splits).
    std: deviation over the splits, which is what papers print.
    splits: how many.
  """

  value: float
  error: float
  std: float
  splits: int


def from_logits(
  logits: np.ndarray, *, splits: int = 10, seed: int = 2020
) -> InceptionScore:
  """`from_probabilities` of softmax(logits), taken in float64.

  Args:
    logits: [N, C], finite.
    splits: as there.
    seed: as there.

  Returns:
    The score with its error.

  Raises:
    ValueError: another shape, too few samples, or not finite.
  """
  logits = arrays.features('logits', logits)
  probabilities = scipy.special.softmax(logits.astype(np.float64), axis=1)
  return from_probabilities(probabilities, splits=splits, seed=seed)


def from_probabilities(
  probabilities: np.ndarray, *, splits: int = 10, seed: int = 2020
) -> InceptionScore:
  """exp E KL(p(c | x) || p(c)) (Salimans et al., 2016).

  The samples are shuffled and split as torch-fidelity does it with the same
  seed; p(c) is that of each split.

  Args:
    probabilities: [N, C], rows that sum to one.
    splits: how many parts, each of at least one sample.
    seed: of the shuffle; 2020 is torch-fidelity's default.

  Returns:
    The score with its error.

  Raises:
    ValueError: another shape, too few samples, or rows that are no
      probabilities.
  """
  arrays.within('splits', splits, 1, 10**6)
  p = arrays.features('probabilities', probabilities, least=max(2, splits))
  p = p.astype(np.float64)
  if (p < 0).any() or np.abs(p.sum(axis=1) - 1).max() > 1e-3:
    raise ValueError(
      'probabilities holds a row that is negative or does not sum to 1; each '
      'row must be a distribution over the classes.'
    )
  # The generator of old, whose stream is frozen and which others use.
  p = p[np.random.RandomState(seed).permutation(len(p))]
  edges = [i * len(p) // splits for i in range(splits + 1)]
  scores = [_score(p[a:b]) for a, b in itertools.pairwise(edges)]
  std = float(np.std(scores))
  return InceptionScore(float(np.mean(scores)), std / splits**0.5, std, splits)


def _score(p: np.ndarray) -> float:
  """The score of one split, [B, C]."""
  divergence = scipy.special.rel_entr(p, p.mean(axis=0, keepdims=True))
  return float(np.exp(divergence.sum(axis=1).mean()))
