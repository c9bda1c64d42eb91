"""All metrics reject bad arrays, each with a one-sentence error."""

import re

import ml_dtypes
import numpy as np
import pytest

from jaxgan.metrics import (
  arrays,
  frechet,
  inception_score,
  kid,
  neighbors,
  precision_recall,
  transport,
)

GOOD = np.random.default_rng(0).random((40, 3), np.float32)
HOLED = GOOD.copy()
HOLED[7, 1] = np.nan

# Functions of two feature sets.
PAIRS = {
  'kid': kid.kid,
  'mmd2': kid.mmd2,
  'prdc': precision_recall.prdc,
  'wasserstein': transport.wasserstein,
  'sliced': transport.sliced,
  'energy': transport.energy,
  'nearest': neighbors.nearest,
  'ratio': lambda a, b: neighbors.distance_ratio(a, b, b[:20]),
}
SINGLE = {
  'moments': frechet.moments,
  'infinity': lambda a: frechet.frechet_infinity(
    a, frechet.Moments(5000, np.zeros(3), np.eye(3))
  ),
  'logits': lambda a: inception_score.from_logits(a, splits=2),
}


def refuses(message, function, *args):
  """Asserts that the call raises a one-sentence error with this text."""
  with pytest.raises(ValueError, match=re.escape(message)) as info:
    function(*args)
  text = str(info.value)
  assert text.endswith('.')
  assert '. ' not in text
  assert '\n' not in text


@pytest.mark.parametrize('name', PAIRS)
@pytest.mark.parametrize(
  ('bad', 'message'),
  [
    (HOLED, 'is not finite in row 7'),
    (GOOD * np.inf, 'is not finite in row 0'),
    (GOOD[:, 0], 'has shape (40,)'),
    (GOOD[:, :, None], 'has shape (40, 3, 1)'),
    (GOOD[:, :2], 'both must come from the same feature net'),
    (GOOD[:0], 'holds 0 samples'),
    (GOOD.astype(complex), 'complex128'),
    (np.full((40, 3), 'a'), 'it must hold real numbers'),
  ],
)
def test_two_sets(name, bad, message):
  for sets in ((GOOD, bad), (bad, GOOD)):
    refuses(message, PAIRS[name], *sets)


@pytest.mark.parametrize('name', SINGLE)
@pytest.mark.parametrize(
  ('bad', 'message'),
  [
    (HOLED, 'is not finite in row 7'),
    (GOOD[:, 0], 'has shape (40,)'),
    (GOOD[:1], 'holds 1 samples'),
  ],
)
def test_one_set(name, bad, message):
  refuses(message, SINGLE[name], bad)


@pytest.mark.parametrize(
  ('dtype', 'expected'),
  [
    (np.uint8, np.float64),
    (np.float16, np.float32),
    (ml_dtypes.bfloat16, np.float32),
    (np.float32, np.float32),
    (np.float64, np.float64),
  ],
)
def test_features_keep_their_precision(dtype, expected):
  assert arrays.features('x', np.ones((2, 2), dtype)).dtype == expected


@pytest.mark.parametrize(
  'bad', [np.zeros((2, 4, 4, 1)), np.zeros((2, 4, 4), np.uint8)]
)
def test_images_are_uint8(bad):
  refuses('must be [N, H, W, C] uint8', arrays.images, 'images', bad)
