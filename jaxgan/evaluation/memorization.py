"""Two checks for memorization: nearest training images, and the critic's gap.

Both need more than the features that metrics have: the images themselves, and
the critic. The ratio of distances is a metric (`memorising1k_pixels`).
"""

import hashlib

import numpy as np

from jaxgan.evaluation.evaluator import Draw, Source
from jaxgan.evaluation.reference_data import Reference
from jaxgan.evaluation.restore import TrainedCritic
from jaxgan.metrics import feature_cache, features, neighbors
from jaxgan.metrics.features import FeatureNet
from jaxgan.metrics.record import Record
from jaxgan.storage import pictures

ROWS = 16  # Half of them the first samples, half the most suspicious ones.
_NEAREST = 7
_MARGIN = 3


def neighbor_picture(
  samples: np.ndarray, train: np.ndarray, net: FeatureNet
) -> tuple[np.ndarray, np.ndarray]:
  """Draws samples next to their nearest training images.

  Each of the 16 rows has a sample on the left and its 7 nearest training
  images, in order of distance. The upper 8 rows show the first samples. The
  lower 8 show the samples with the smallest ratio of the distance to the
  nearest and to the 7th nearest image: this ratio is small for a copy, also
  where the data are sparse.

  Args:
    samples: [N, H, W, C] uint8, N >= 16.
    train: [M, H, W, C] uint8, M >= 7.
    net: the feature net in which distances are measured.

  Returns:
    The picture [height, width, C] uint8, and the distance [N] of each sample to
    its nearest training image.

  Raises:
    ValueError: vectors, different shapes, or too few samples or images.
  """
  if samples.ndim != 4 or samples.shape[1:] != train.shape[1:]:
    raise ValueError(
      f'The samples are {list(samples.shape[1:])} and the training examples '
      f'{list(train.shape[1:])}; a picture of neighbors needs images [H, W, C] '
      'of one shape.'
    )
  if len(samples) < ROWS:
    raise ValueError(
      f'There are {len(samples)} samples; a picture of neighbors needs at '
      f'least {ROWS}.'
    )
  nearest = neighbors.nearest(
    net.extract(samples).values,
    feature_cache.features(net, train, feature_cache.folder()).values,
    k=_NEAREST,
  )
  half, distances = ROWS // 2, nearest.distances[:, 0]
  ratio = distances / np.maximum(nearest.distances[:, -1], 1e-12)
  suspicious = np.argsort(ratio, kind='stable')[:half]
  rows = np.concatenate([np.arange(half), suspicious])
  left = pictures.grid(samples[rows], 1)
  right = pictures.grid(train[nearest.indices[rows].reshape(-1)], _NEAREST)
  margin = np.full((len(left), _MARGIN, left.shape[2]), 255, np.uint8)
  page = np.concatenate([left, margin, right], axis=1)
  return pictures.enlarge(page), distances


def critic_gap(
  critic: TrainedCritic,
  reference: Reference,
  draw: Draw,
  source: Source,
  *,
  num: int,
  seed: int = 0,
) -> Record:
  """Measures the share of the critic's gap that is lost on held-out data.

  (mean D(train) - mean D(heldout)) / (mean D(train) - mean D(fake)) is 0 if the
  critic scores all real data alike. It is 1 if the critic scores held-out real
  data like fakes, because it has memorized the training examples. The ratio
  does not depend on the scale of the scores.

  Args:
    critic: of the run.
    reference: with training and held-out examples.
    draw: gives the fakes.
    source: of the fakes, for the record.
    num: number of examples of each of the three sets.
    seed: chooses the real examples.

  Returns:
    A record. Its error is the standard error of the numerator over the
    denominator; its details are the three means.

  Raises:
    ValueError: no held-out examples, too few, or half of them trained on; a
      critic that scores training examples and fakes alike, or that was trained
      on a table of other units than the reference.
  """
  train, heldout = _train_and_heldout(reference)
  if critic.columns != reference.columns:
    raise ValueError(
      f'The critic of {source.name} was trained on a table of other means and '
      f'deviations than {reference.name} has; its gap can only be measured on '
      'its own table.'
    )
  sets = {
    'train': _subset('training', train, num, seed),
    'heldout': _subset('held-out', heldout, num, seed),
    'fake': np.concatenate(list(draw(num))),
  }
  _check_heldout(sets['heldout'], train)
  scores = {k: critic.scores(x).astype(np.float64) for k, x in sets.items()}
  means = {name: float(x.mean()) for name, x in scores.items()}
  gap = means['train'] - means['fake']
  if gap == 0:
    raise ValueError(
      f'The critic of {source.name} scores training examples and fakes alike; '
      'its gap must not be 0.'
    )
  variance = sum(scores[k].var(ddof=1) / num for k in ('train', 'heldout'))
  return Record(
    metric=f'gap{num}_critic',
    value=(means['train'] - means['heldout']) / gap,
    error=float(variance**0.5 / abs(gap)),
    features='critic',
    features_sha256='',  # Each run has its own critic; runs stay comparable.
    resize='none',
    reference=reference.name,
    reference_sha256=features.digest(reference.examples),
    split=reference.split,
    real_num=2 * num,
    fake_num=num,
    seed=seed,
    source=source.name,
    weights=source.weights,
    step=source.step,
    train_sha256=features.digest(train),
    heldout_sha256=features.digest(heldout),
    details=means,
  )


def _train_and_heldout(reference: Reference) -> tuple[np.ndarray, np.ndarray]:
  if reference.train is None or reference.heldout is None:
    raise ValueError(
      "The critic's gap needs real examples that were not trained on; give "
      'another split than the training split as the reference or for the '
      'floor.'
    )
  return reference.train, reference.heldout


def _subset(name: str, examples: np.ndarray, num: int, seed: int) -> np.ndarray:
  """Chooses `num` random examples."""
  if len(examples) < num:
    raise ValueError(
      f"The critic's gap needs {num} {name} examples and there are "
      f'{len(examples)}; choose a smaller count or more data.'
    )
  order = np.random.default_rng(seed).permutation(len(examples))
  return np.asarray(examples[np.sort(order[:num])])


def _check_heldout(heldout: np.ndarray, train: np.ndarray) -> None:
  known = {_hash(example) for example in train}
  if sum(_hash(example) in known for example in heldout) >= len(heldout) / 2:
    raise ValueError(
      'At least half of the held-out examples are training examples; they must '
      'be others.'
    )


def _hash(example: np.ndarray) -> bytes:
  return hashlib.blake2b(example.tobytes(), digest_size=16).digest()
