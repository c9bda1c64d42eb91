"""Two checks for memorization: nearest training images, and the critic's gap.

They are no metrics, because they need the images or the critic in addition to
features. The ratio of distances is a metric (`memorising1k_pixels`).
"""

import hashlib

import numpy as np

from jaxgan.evaluation import plan
from jaxgan.evaluation.evaluator import Draw, Source
from jaxgan.evaluation.reference_data import Reference
from jaxgan.evaluation.restore import TrainedCritic
from jaxgan.metrics import feature_cache, features, neighbors, protocol
from jaxgan.metrics.features import FeatureNet
from jaxgan.metrics.record import Record
from jaxgan.storage import pictures

ROWS = 16  # Half show the first samples, half the most suspicious ones.
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
  _check_images(samples, train)
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


def _check_images(samples: np.ndarray, train: np.ndarray) -> None:
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
    draw: draws the fakes.
    source: origin of the fakes, for the record.
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
  _check_reference(reference, critic, source)
  train = plan.real_set(reference, 'train')
  heldout = plan.real_set(reference, 'heldout')
  sets = {
    'train': _subset('training', train, num, seed),
    'heldout': _subset('held-out', heldout, num, seed),
    'fake': np.concatenate(list(draw(num))),
  }
  _check_heldout(sets['heldout'], train)
  scores = {k: critic.scores(x).astype(np.float64) for k, x in sets.items()}
  return _gap_record(scores, reference, source, seed)


def _gap_record(
  scores: dict[str, np.ndarray], reference: Reference, source: Source, seed: int
) -> Record:
  """Computes the gap of the scores [N] of three sets: train, heldout, fake."""
  num = len(scores['train'])
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
    train_sha256=features.digest(plan.real_set(reference, 'train')),
    heldout_sha256=features.digest(plan.real_set(reference, 'heldout')),
    train_precision=source.precision,
    details=means,
  )


def _check_reference(
  reference: Reference, critic: TrainedCritic, source: Source
) -> None:
  if reference.train is None or reference.heldout is None:
    raise ValueError(f"The critic's gap needs {protocol.HELDOUT}.")
  if critic.columns != reference.columns:
    raise ValueError(
      f'The critic of {source.name} was trained on a table of other means and '
      f'deviations than {reference.name} has; its gap can only be measured on '
      'its own table.'
    )


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
