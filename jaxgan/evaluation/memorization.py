"""Has a run learnt its training set by heart: a picture, and the critic's word.

The distance ratio is a metric like others (`memorising1k_pixels`); here is what
needs more than features: the images themselves, and the critic.
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

ROWS = 16  # Half of them as they come, half the most suspicious ones.
_NEAREST = 7
_MARGIN = 3


def picture(
  samples: np.ndarray, train: np.ndarray, net: FeatureNet
) -> tuple[np.ndarray, np.ndarray]:
  """Samples, each beside the training images that are nearest to it.

  Args:
    samples: [N, H, W, C] uint8, N >= 16.
    train: [M, H, W, C] uint8, M >= 7.
    net: in whose features distances are taken.

  Returns:
    An image [height, width, C] uint8 of 16 rows: a sample at the left and its
    nearest training images, the nearest first. The upper half are the first
    samples; the lower half those of all whose nearest training image stands
    out most from the next ones, as that of a copy does, also where the data
    are sparse. And the distances [N] of all to their nearest training image.

  Raises:
    ValueError: vectors, another shape than the training images', or too few.
  """
  if samples.ndim != 4 or samples.shape[1:] != train.shape[1:]:
    raise ValueError(
      f'The samples are {list(samples.shape[1:])} and the training examples '
      f'{list(train.shape[1:])}; neighbours are shown of images [H, W, C] '
      'of one shape.'
    )
  if len(samples) < ROWS:
    raise ValueError(
      f'There are {len(samples)} samples; a picture of neighbours takes at '
      f'least {ROWS}.'
    )
  found = neighbors.nearest(
    net.extract(samples).values,
    feature_cache.features(net, train, feature_cache.folder()).values,
    k=_NEAREST,
  )
  half, first = ROWS // 2, found.distances[:, 0]
  apart = first / np.maximum(found.distances[:, -1], 1e-12)
  copies = np.argsort(apart, kind='stable')[:half]
  rows = np.concatenate([np.arange(half), copies])
  left = pictures.grid(samples[rows], 1)
  right = pictures.grid(train[found.indices[rows].reshape(-1)], _NEAREST)
  margin = np.full((len(left), _MARGIN, left.shape[2]), 255, np.uint8)
  page = np.concatenate([left, margin, right], axis=1)
  return pictures.enlarged(page), first


def critic_gap(
  critic: TrainedCritic,
  reference: Reference,
  draw: Draw,
  source: Source,
  *,
  num: int,
  seed: int = 0,
) -> Record:
  """How much of the critic's gap is lost on real data that it never saw.

  (mean D(train) - mean D(heldout)) / (mean D(train) - mean D(fake)): 0 where
  the critic judges all real data alike, 1 where it takes unseen real data for
  fake, because it knows its training examples one by one. A share has no unit,
  as the critic's scores have.

  Args:
    critic: of the run.
    reference: knows what was trained on, and what was not.
    draw: gives fakes.
    source: of the fakes.
    num: examples of each of the three sides.
    seed: of the choice of real examples.

  Returns:
    A record whose error is that of the numerator, and whose details are the
    three means.

  Raises:
    ValueError: no held-out examples, too few, most of them trained on, a
      critic that scores training examples and fakes alike, or a critic of
      another table than the reference.
  """
  train, heldout = _both(reference)
  if critic.columns != reference.columns:
    raise ValueError(
      f'The critic of {source.name} learnt from a table of other means and '
      f'deviations than {reference.name} has; its gap is of its own table.'
    )
  sides = {
    'train': _some('training', train, num, seed),
    'heldout': _some('held-out', heldout, num, seed),
    'fake': np.concatenate(list(draw(num))),
  }
  _check_unseen(sides['heldout'], train)
  scores = {k: critic.scores(x).astype(np.float64) for k, x in sides.items()}
  means = {name: float(x.mean()) for name, x in scores.items()}
  whole = means['train'] - means['fake']
  if whole == 0:
    raise ValueError(
      f'The critic of {source.name} scores training examples and fakes alike; '
      'its gap must not be 0.'
    )
  spread = sum(scores[k].var(ddof=1) / num for k in ('train', 'heldout'))
  return Record(
    metric=f'gap{num}_critic',
    value=(means['train'] - means['heldout']) / whole,
    error=float(spread**0.5 / abs(whole)),
    features='critic',
    features_sha256='',  # Each run has its own; the share is to compare them.
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


def _both(reference: Reference) -> tuple[np.ndarray, np.ndarray]:
  """What was trained on, and what was not."""
  if reference.train is None or reference.heldout is None:
    raise ValueError(
      "The critic's gap needs real examples that were not trained on; name "
      'another split than that of the training as the reference or for the '
      'floor.'
    )
  return reference.train, reference.heldout


def _some(name: str, whole: np.ndarray, num: int, seed: int) -> np.ndarray:
  if len(whole) < num:
    raise ValueError(
      f"The critic's gap takes {num} {name} examples and there are "
      f'{len(whole)}; choose a smaller count or more data.'
    )
  order = np.random.default_rng(seed).permutation(len(whole))
  return np.asarray(whole[np.sort(order[:num])])


def _check_unseen(heldout: np.ndarray, train: np.ndarray) -> None:
  known = {_hash(example) for example in train}
  if sum(_hash(example) in known for example in heldout) >= len(heldout) / 2:
    raise ValueError(
      'At least half of the held-out examples were trained on as well; they '
      'must be others.'
    )


def _hash(example: np.ndarray) -> bytes:
  return hashlib.blake2b(example.tobytes(), digest_size=16).digest()
