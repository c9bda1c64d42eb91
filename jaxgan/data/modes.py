"""Modes of a column of numbers, and numbers as a mode and a place in it.

Mode-specific normalization (Xu et al., 2019, section 4.2): a number is a mode
of a Gaussian mixture, and alpha = (x - mean) / (4 scale) in [-1, 1]. A number
that many rows share exactly, such as 0, is a mode of scale 0. A last mode
covers the numbers that lie outside all others, so that each can be encoded.
"""

import warnings
from typing import NamedTuple

import numpy as np

_MAX_MODES = 10
_SAMPLE = 3_000  # Rows that the mixture is fitted to.
_SPIKE = 0.1  # Share of the rows from which a number is a mode.
_LEAST = 0.005  # Weight below which a mode of the mixture is dropped.
_RADIUS = 4.0  # In scales: alpha is 1 there.


class Modes(NamedTuple):
  """The modes of a column, by mean.

  Attributes:
    means: [M].
    scales: [M]; 0 for a mode of one number.
    weights: [M], with the sum 1.
  """

  means: tuple[float, ...]
  scales: tuple[float, ...]
  weights: tuple[float, ...]

  def encode(
    self, values: np.ndarray, uniforms: np.ndarray
  ) -> tuple[np.ndarray, np.ndarray]:
    """Draws the mode of each number from its posterior.

    Args:
      values: [N] float64, finite.
      uniforms: [N] in [0, 1), which decide between modes.

    Returns:
      Alpha [N] in [-1, 1], and the mode [N]. Numbers outside all modes get the
      end of the nearest one.
    """
    means, scales, weights = map(np.asarray, self)
    flat = scales == 0
    width = np.where(flat, 1.0, scales)
    away = values[:, None] - means
    z = away / width
    with np.errstate(divide='ignore'):
      score = np.log(weights / width) - z**2 / 2
    inside = np.where(flat, away == 0, np.abs(z) <= _RADIUS)
    score = np.where(inside, score, -np.inf)
    exact = flat & (away == 0)
    score = np.where(exact.any(1, keepdims=True) & ~exact, -np.inf, score)
    outside = ~inside.any(axis=1)
    distance = np.abs(away) - _RADIUS * scales
    nearest = distance == distance.min(axis=1, keepdims=True)
    score = np.where(outside[:, None], np.where(nearest, 0, -np.inf), score)
    share = np.exp(score - score.max(axis=1, keepdims=True))
    total = np.cumsum(share, axis=1)
    mode = np.sum(total <= uniforms[:, None] * total[:, -1:], axis=1)
    row = np.arange(len(values))
    alpha = np.where(flat[mode], 0, z[row, mode] / _RADIUS)
    return np.clip(alpha, -1, 1), mode

  def decode(self, alpha: np.ndarray, mode: np.ndarray) -> np.ndarray:
    """Inverts `encode`: [N] float64."""
    means, scales = np.asarray(self.means), np.asarray(self.scales)
    place = np.clip(alpha.astype(np.float64), -1, 1)
    decoded: np.ndarray = means[mode] + _RADIUS * scales[mode] * place
    return decoded


def fit(values: np.ndarray) -> Modes:
  """Fits the modes of a column of numbers.

  Args:
    values: [N] float64, finite, with at least two different numbers.

  Returns:
    At most 20 modes: numbers that a tenth of the rows share, a Gaussian
    mixture of a sample of the others, and a mode for what lies outside.
  """
  numbers, counts = np.unique(values, return_counts=True)
  spikes = numbers[counts >= _SPIKE * len(values)]
  rest = values[~np.isin(values, spikes)]
  means, scales = [*spikes.tolist()], [0.0] * len(spikes)
  if len(rest):
    own = _mixture(_inner(rest))
    means, scales = means + own[0], scales + own[1]
  modes = Modes(tuple(means), tuple(scales), (1.0,) * len(means))
  reached = [
    np.abs(values - m) <= _RADIUS * s for m, s in zip(*modes[:2], strict=True)
  ]
  if len(outside := values[~np.any(reached, axis=0)]):
    low, high = float(outside.min()), float(outside.max())
    means.append((low + high) / 2)
    scales.append((high - low) / (2 * _RADIUS) * (1 + 1e-6))
  return _weighted(values, means, scales)


def _inner(values: np.ndarray) -> np.ndarray:
  """Drops numbers so far out that they would blur all modes into one."""
  low, high = np.quantile(values, [0.005, 0.995])
  margin = (high - low) / 2
  return values[(values >= low - margin) & (values <= high + margin)]


def _mixture(values: np.ndarray) -> tuple[list[float], list[float]]:
  """Means and scales of a mixture, rounded to a hundredth of the scale.

  Rounded, so that the same table gives the same modes on other machines.
  """
  from sklearn import exceptions, mixture  # Slow to import.

  bits = np.random.Philox(key=len(values))
  order = np.argsort(bits.random_raw(len(values)), kind='stable')
  sample = values[order[:_SAMPLE]]
  center, spread = float(sample.mean()), float(sample.std())
  if not spread:
    return [center], [0.0]
  net = mixture.BayesianGaussianMixture(
    n_components=min(_MAX_MODES, len(np.unique(sample))),
    weight_concentration_prior=1e-3,
    # The defaults, 1 and 1, would merge narrow modes.
    mean_precision_prior=1e-3,
    covariance_prior=[[1e-4]],
    max_iter=100,
    random_state=0,
  )
  with warnings.catch_warnings():
    warnings.simplefilter('ignore', exceptions.ConvergenceWarning)
    net.fit((sample[:, None] - center) / spread)
  means, scales = [], []
  for mean, variance, weight in zip(
    net.means_[:, 0], net.covariances_[:, 0, 0], net.weights_, strict=True
  ):
    if weight >= _LEAST:
      scale = float(f'{variance**0.5 * spread:.3g}')
      unit = scale / 100
      means.append(round((center + mean * spread) / unit) * unit)
      scales.append(scale)
  return means, scales


def _weighted(
  values: np.ndarray, means: list[float], scales: list[float]
) -> Modes:
  """Modes by mean, with the share of the numbers that are nearest to each."""
  values = values[:: max(1, len(values) // 100_000)]
  order = np.lexsort((scales, means))
  means, scales = [means[i] for i in order], [scales[i] for i in order]
  width = np.maximum(scales, 1e-300)
  near = np.abs(values[:, None] - means) / width
  counts = np.bincount(near.argmin(axis=1), minlength=len(means))
  weights = (counts + 1) / (len(values) + len(means))
  rounded = tuple(float(f'{w:.3g}') for w in weights)
  return Modes(tuple(means), tuple(scales), rounded)
