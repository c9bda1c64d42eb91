"""The Inception Score: torch-fidelity's value, its minimum and maximum."""

import numpy as np
import pytest
from references import metrics as reference

from jaxgan.metrics.inception_score import from_logits

LOGITS = reference.inputs()['logits']


def test_it_equals_torch_fidelity():
  value, std = reference.read()['inception_score']
  result = from_logits(LOGITS)
  assert result.value == pytest.approx(value, rel=1e-9)
  assert result.std == pytest.approx(std, rel=1e-9)
  assert result.error == pytest.approx(std / 10**0.5, rel=1e-9)
  assert result.splits == 10


def test_a_constant_in_all_logits_changes_nothing():
  assert from_logits(LOGITS + 50) == pytest.approx(from_logits(LOGITS))


def test_unsure_or_collapsed_is_one():
  unsure = np.full((100, 7), 3.0)
  assert from_logits(unsure).value == pytest.approx(1, abs=1e-14)
  collapsed = np.repeat(LOGITS[:1], 100, axis=0)
  assert from_logits(collapsed).value == pytest.approx(1, abs=1e-14)


def test_sure_and_even_is_the_number_of_classes():
  sure = np.eye(7)[np.arange(700) % 7]
  # A logit of 1000 underflows all other probabilities to zero.
  assert from_logits(1000 * sure, splits=1).value == pytest.approx(7)


def test_a_shuffle_mixes_sorted_samples():
  sure = 1000 * np.repeat(np.eye(5), 200, axis=0)
  result = from_logits(sure)
  assert 4.7 < result.value < 5
  assert result.std > 0
  assert result != from_logits(sure, seed=1)


def test_a_bad_number_of_splits_is_rejected():
  with pytest.raises(ValueError, match='splits is 0'):
    from_logits(LOGITS, splits=0)
  with pytest.raises(ValueError, match=r'holds 5 samples; .* at least 10'):
    from_logits(np.eye(5))
