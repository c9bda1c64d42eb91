"""Each kind of metric: the real data it reads, and its values."""

from contextlib import nullcontext

import numpy as np
import pytest
from metrics.features_test import normal

from jaxgan.data.builders import toys
from jaxgan.metrics import (
  diversity,
  features,
  protocol,
  row_kinds,
  similarity,
)
from jaxgan.metrics.features import Features
from jaxgan.metrics.frechet import FewSamplesWarning
from jaxgan.metrics.kinds import KINDS, Real

# Tested separately, because they need other data.
OTHERS = (
  'msssim', 'modes', 'quality', 'memorising', 'psnr', 'ssim', 'mae', 'distance',
  *row_kinds.KINDS,
  *(f'msssim{scales}_' for scales in range(1, 6)),
)  # fmt: skip


def one_class(classes):
  """Logits [N, 10] that predict these classes with high confidence."""
  return 9 * np.eye(10, dtype=np.float32)[classes]


@pytest.mark.parametrize('kind', [k for k in KINDS if k not in OTHERS])
def test_a_kind_tells_near_from_far(kind):
  metric = protocol.parse(f'{kind}100_digits')
  reference = Features(normal(120), normal(120, 10))
  near = Features(normal(100, seed=1), one_class(np.arange(100) % 10))
  far = Features(normal(100, shift=9.0, seed=2), one_class([3] * 100) / 9)
  real = Real(reference=reference)
  few = pytest.warns(FewSamplesWarning) if 'fid' in kind else nullcontext()
  with few:
    one, used = protocol.measure(metric, real, near, 0)
    other, _ = protocol.measure(metric, real, far, 0)
  share = metric.kind.reads.get('reference')
  assert used == {'all': 120, 'subset': 100, None: 0}[share]
  if metric.kind.better == 'low':
    assert one.value < other.value
  else:
    assert one.value > other.value


@pytest.mark.parametrize(
  ('kind', 'values'),
  [
    ('psnr', similarity.psnr),
    ('ssim', similarity.ssim),
    ('mae', similarity.absolute_error),
    ('msssim1_', similarity.ms_ssim),
  ],
)
def test_fakes_are_compared_with_their_truths_in_order(kind, values):
  rng = np.random.default_rng(0)
  truths, fakes = rng.integers(0, 256, (2, 30, 12, 13, 3), np.uint8)
  net = features.load('pixels')
  real = Real(reference=net.extract(truths), shape=(12, 13, 3))
  metric = protocol.parse(f'{kind}20_pixels')
  value, used = protocol.measure(metric, real, net.extract(fakes), 0)
  expected = values(fakes[:20], truths[:20])
  assert value.value == pytest.approx(expected.mean(), rel=1e-12)
  assert value.error == pytest.approx(expected.std() / 20**0.5, rel=1e-12)
  assert used == 20


def test_the_feature_distance_is_that_of_pairs():
  reference, fake = normal(40), normal(30, seed=1)
  metric = protocol.parse('distance30_digits')
  real = Real(reference=Features(reference, None))
  value, _ = protocol.measure(metric, real, Features(fake, None), 0)
  each = np.sqrt(np.square(fake - reference[:30]).sum(1))
  assert value.value == pytest.approx(each.mean(), rel=1e-6)


def test_diversity_is_that_of_the_images():
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (30, 12, 13, 3), np.uint8)
  images[:15] //= 2
  result = features.load('pixels').extract(images)
  metric = protocol.parse('msssim20_pixels')
  value, used = protocol.measure(metric, Real(shape=(12, 13, 3)), result, 5)
  expected = diversity.ms_ssim_diversity(images[:20], seed=5)
  assert (value.value, value.error) == (expected.value, expected.error)
  assert value.details == {'pairs': 1000, 'scales': 1, 'window': 11}
  assert used == 0


def test_labels_are_counted_and_compared():
  reference = Features(normal(40), one_class([0] * 10 + list(range(10)) * 3))
  fake = Features(normal(20), one_class([0] * 5 + [1] * 5 + [2] * 10))
  value, used = protocol.measure(
    protocol.parse('labelkl20_mnist'), Real(reference), fake, 0
  )
  # Shares 1/4, 1/4, 1/2 against 13/40, 3/40, 3/40.
  expected = (
    np.log(10 / 13) / 4 + np.log(10 / 3) / 4 + np.log(20 / 3) / 2
  )  # fmt: skip
  assert value.value == pytest.approx(expected)
  assert value.details['counts'] == [5, 5, 10] + [0] * 7
  assert value.details['reference'] == [13] + [3] * 9
  assert used == 40
  classes, used = protocol.measure(
    protocol.parse('classes20_mnist'), Real(), fake, 0
  )
  assert classes.value == 3
  assert classes.details['counts'] == [5, 5, 10] + [0] * 7
  assert used == 0


def test_a_class_that_no_real_example_has():
  reference = Features(normal(40), one_class(np.arange(40) % 9))
  metric = protocol.parse('labelkl40_mnist')
  with pytest.raises(ValueError, match='Class 9 of the reference is empty'):
    protocol.measure(metric, Real(reference), reference, 0)


def test_modes_of_the_gaussians():
  mixture = toys.mixture('gaussians8')
  at = np.concatenate([mixture.centers[[1, 1, 5]], [[0.0, 0.0]]])
  fake = Features(at.astype(np.float32), None)
  real = Real(mixture=mixture)
  covered, _ = protocol.measure(protocol.parse('modes4_pixels'), real, fake, 0)
  share, _ = protocol.measure(protocol.parse('quality4_pixels'), real, fake, 0)
  assert (covered.value, share.value) == (2, 0.75)
  assert covered.details['counts'] == [0, 2, 0, 0, 0, 1, 0, 0]


def test_memorising_compares_with_held_out_examples():
  train, heldout = (
    Features(normal(400), None),
    Features(normal(99, seed=1), None),
  )
  real = Real(train=train, heldout=heldout)
  metric = protocol.parse('memorising50_digits')
  new, used = protocol.measure(
    metric, real, Features(normal(50, seed=2), None), 0
  )
  assert used == 400 + 50
  assert new.value == pytest.approx(1, abs=0.4)
  assert new.value == new.details['samples'] / new.details['heldout']
  copies = Features(normal(400)[:50] + np.float32(1e-3), None)
  assert protocol.measure(metric, real, copies, 0)[0].value < 0.02
  few = Features(normal(49), None)
  with pytest.raises(ValueError, match=r'50 real \(heldout\).*are 49'):
    protocol.measure(metric, real._replace(heldout=few), copies, 0)
