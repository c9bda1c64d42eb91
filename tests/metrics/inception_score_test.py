"""The Inception Score: torch-fidelity's value, its minimum and maximum."""

import numpy as np
import pytest
import scipy.special
from references import metrics as reference

from jaxgan.metrics.inception_score import from_logits, from_probabilities

LOGITS = reference.inputs()['logits']


def test_it_equals_torch_fidelity():
  value, std = reference.read()['inception_score']
  result = from_logits(LOGITS)
  assert result.value == pytest.approx(value, rel=1e-9)
  assert result.std == pytest.approx(std, rel=1e-9)
  assert result.error == pytest.approx(std / 10**0.5, rel=1e-9)
  assert result.splits == 10


def test_logits_and_probabilities_agree():
  p = scipy.special.softmax(LOGITS, axis=1)
  assert from_logits(LOGITS + 50) == pytest.approx(from_probabilities(p))


def test_unsure_or_collapsed_is_one():
  unsure = np.full((100, 7), 1 / 7)
  assert from_probabilities(unsure).value == pytest.approx(1, abs=1e-14)
  collapsed = np.repeat(LOGITS[:1], 100, axis=0)
  assert from_logits(collapsed).value == pytest.approx(1, abs=1e-14)


def test_sure_and_even_is_the_number_of_classes():
  sure = np.eye(7)[np.arange(700) % 7]
  assert from_probabilities(sure, splits=1).value == pytest.approx(7)
  # A logit of 1000 underflows all other probabilities to zero.
  assert from_logits(1000 * sure, splits=1).value == pytest.approx(7)


def test_a_shuffle_mixes_sorted_samples():
  sure = np.repeat(np.eye(5), 200, axis=0)
  result = from_probabilities(sure)
  assert 4.7 < result.value < 5
  assert result.std > 0
  assert result != from_probabilities(sure, seed=1)


@pytest.mark.parametrize(
  ('bad', 'message'),
  [
    (np.full((20, 3), 0.5), 'does not sum to 1'),
    (np.tile([1.5, -0.5], (20, 1)), 'is negative'),
    (np.eye(5), 'holds 5 samples; it must hold at least 10'),
  ],
)
def test_bad_probabilities_get_a_sentence(bad, message):
  with pytest.raises(ValueError, match=message):
    from_probabilities(bad)


def test_no_splits_get_a_sentence():
  with pytest.raises(ValueError, match='splits is 0'):
    from_logits(LOGITS, splits=0)
