"""Inception Score: exp E KL(p(c | x) || p(c)) of class predictions."""

import itertools
from typing import NamedTuple

import numpy as np
import scipy.special

from jaxgan.metrics import arrays


class InceptionScore(NamedTuple):
  """An Inception Score with its error and protocol.

  Attributes:
    value: mean over the splits, from 1 to the number of classes.
    error: its standard error, std / sqrt(splits).
    std: standard deviation over the splits, which papers report.
    splits: number of splits.
  """

  value: float
  error: float
  std: float
  splits: int


def from_logits(
  logits: np.ndarray, *, splits: int = 10, seed: int = 2020
) -> InceptionScore:
  """Inception Score exp E KL(p(c | x) || p(c)) (Salimans et al., 2016).

  The samples are shuffled and split as in torch-fidelity with the same seed;
  p(c) is the mean prediction within each split.

  Args:
    logits: [N, C]; their softmax p(c | x) is computed in float64.
    splits: number of splits, at most N.
    seed: seed of the shuffle; 2020 is torch-fidelity's default.

  Raises:
    ValueError: wrong shape, too few samples, or not finite.

  Example:
    >>> sure = 50 * np.eye(10)  # Each class once, without a doubt.
    >>> round(inception_score.from_logits(sure, splits=1).value, 3)
    10.0
  """
  arrays.within('splits', splits, 1, 10**6)
  logits = arrays.features('logits', logits, minimum=max(2, splits))
  p = scipy.special.softmax(logits.astype(np.float64), axis=1)
  # torch-fidelity uses this legacy generator, whose stream never changes.
  p = p[np.random.RandomState(seed).permutation(len(p))]
  edges = [i * len(p) // splits for i in range(splits + 1)]
  scores = [_score(p[a:b]) for a, b in itertools.pairwise(edges)]
  std = float(np.std(scores))
  return InceptionScore(float(np.mean(scores)), std / splits**0.5, std, splits)


def _score(p: np.ndarray) -> float:
  """Inception Score of one split [B, C]."""
  divergence = scipy.special.rel_entr(p, p.mean(axis=0, keepdims=True))
  return float(np.exp(divergence.sum(axis=1).mean()))
