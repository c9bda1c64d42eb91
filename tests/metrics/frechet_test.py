"""The Frechet distance: closed forms, references, few samples, batches."""

import numpy as np
import pytest
from references import metrics as reference

from jaxgan.metrics.frechet import (
  Accumulator,
  FewSamplesWarning,
  Moments,
  frechet,
  frechet_infinity,
  moments,
)

X = reference.inputs()


def gaussian(mean, cov):
  return Moments(10_000, np.asarray(mean, float), np.asarray(cov, float))


def rotation(seed, width):
  normal = np.random.default_rng(seed).standard_normal((width, width))
  return np.linalg.qr(normal)[0]


@pytest.mark.parametrize(
  ('name', 'a', 'b'),
  [
    ('frechet_torch_fidelity', 'real', 'fake'),
    ('frechet_pytorch_fid', 'real', 'fake'),
    ('frechet_steep_torch_fidelity', 'steep', 'steeper'),
  ],
)
def test_it_equals_the_reference(name, a, b):
  a, b = moments(X[a]), moments(X[b])
  expected = pytest.approx(reference.read()[name], rel=1e-9)
  assert frechet(a, b) == expected
  assert frechet(b, a) == expected


def test_it_equals_the_reference_with_fewer_samples_than_features():
  expected = reference.read()['frechet_few_torch_fidelity']
  with pytest.warns(FewSamplesWarning, match='50 samples of 128 features'):
    result = frechet(moments(X['few']), moments(X['other']))
  assert result == pytest.approx(expected, rel=1e-6)


def test_gaussians_with_a_common_basis():
  # With equal eigenvectors the second term is sum (sqrt a - sqrt b)^2.
  basis = rotation(0, 40)
  a, b = np.linspace(0, 3, 40), np.linspace(5, 0, 40)
  mean = np.arange(40) / 10
  result = frechet(
    gaussian(0 * mean, basis * a @ basis.T), gaussian(mean, basis * b @ basis.T)
  )
  expected = (mean**2).sum() + ((a**0.5 - b**0.5) ** 2).sum()
  assert result == pytest.approx(expected, rel=1e-7)


def test_gaussians_without_a_common_basis():
  # In the plane tr (A B)^1/2 = sqrt(tr A B + 2 sqrt(det A B)).
  a, b = (
    np.array([[2.0, 0.9], [0.9, 1.0]]),
    np.array([[1.0, -0.5], [-0.5, 3.0]]),
  )
  root = np.sqrt(np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a @ b)))
  result = frechet(gaussian([1, 2], a), gaussian([0, 0], b))
  assert result == pytest.approx(5 + np.trace(a + b) - 2 * root, rel=1e-12)


def test_identical_and_disjoint_sets():
  a = moments(X['real'])
  assert 0 <= frechet(a, a) < 1e-9
  far = moments(X['real'] + 100)
  assert frechet(a, far) == pytest.approx(64 * 100**2, rel=1e-9)


def test_a_collapsed_generator_misses_all_of_the_variance():
  real = moments(X['real'])
  one = moments(np.repeat(X['real'][:1], 3000, axis=0))
  apart = ((X['real'][0] - real.mean) ** 2).sum()
  expected = pytest.approx(apart + np.trace(real.cov), rel=1e-6)
  assert frechet(real, one) == expected
  assert frechet(one, real) == expected
  assert frechet(one, one) == pytest.approx(0, abs=1e-20)


def test_fifty_samples_of_2048_features_stay_real_and_warn():
  rng = np.random.RandomState(0)
  a, b = (moments(rng.standard_normal((50, 2048))) for _ in range(2))
  with pytest.warns(FewSamplesWarning, match='50 samples of 2048 features'):
    result = frechet(a, b)
  assert isinstance(result, float)
  # Two random subspaces are almost orthogonal: nearly both traces remain.
  apart = ((a.mean - b.mean) ** 2).sum()
  traces = np.trace(a.cov) + np.trace(b.cov)
  assert 0.7 * traces < result - apart < traces
  with pytest.warns(FewSamplesWarning):
    assert 0 <= frechet(a, a) < 1e-12 * traces


def test_it_warns_below_2048_samples_only():
  features = X['real']
  with pytest.warns(FewSamplesWarning, match='2047 samples'):
    frechet(moments(features[:2047]), moments(features))
  frechet(moments(features[:2048]), moments(features))
  flat = Moments(2100, np.zeros(2200), np.zeros((2200, 2200)))
  with pytest.warns(FewSamplesWarning, match='2100 samples of 2200 features'):
    assert frechet(flat, flat) == 0


def test_moments_are_those_of_numpy():
  result = moments(X['steep'])
  assert result.num == 3000
  np.testing.assert_allclose(result.mean, X['steep'].mean(0), atol=1e-14)
  cov = np.cov(X['steep'], rowvar=False)
  np.testing.assert_allclose(result.cov, cov, atol=1e-14)


def test_batches_in_any_order_give_the_moments_of_the_whole_set():
  features = (X['real'] + 1e4).astype(np.float32)
  exact = features.astype(np.float64)
  accumulator = Accumulator(64)
  accumulator.add(features[1010:])
  for row in features[1000:1010]:
    accumulator.add(row[None])
  for batch in np.array_split(features[:1000], 7):
    accumulator.add(batch)
  result = accumulator.moments()
  assert result.num == 3000
  np.testing.assert_allclose(result.mean, exact.mean(0), rtol=1e-14)
  # Sums of squares minus the squared mean would have an error of 1e-8.
  cov = np.cov(exact, rowvar=False)
  np.testing.assert_allclose(result.cov, cov, atol=1e-11)


def test_returned_moments_do_not_change_later():
  accumulator = Accumulator(64)
  accumulator.add(X['real'])
  first = accumulator.moments()
  mean, cov = first.mean.copy(), first.cov.copy()
  accumulator.add(X['fake'])
  np.testing.assert_array_equal(first.mean, mean)
  np.testing.assert_array_equal(first.cov, cov)


def test_infinity_removes_the_bias_of_the_sample_size():
  features = np.random.RandomState(3).standard_normal((6000, 24))
  true = gaussian(np.zeros(24), np.eye(24))
  biased = frechet(moments(features), true)
  result = frechet_infinity(features, true)
  assert 0 < abs(result.value) < biased / 4
  assert abs(result.value) < 5 * result.error + 1e-3
  assert result.sizes[0] == 600
  assert result.sizes[-1] == 6000
  assert len(result.distances) == 15
  assert result.distances[-1] == pytest.approx(biased, rel=1e-9)
  shifted = frechet_infinity(features + 1, true)
  assert shifted.value == pytest.approx(24, rel=0.05)


def test_infinity_is_seeded_and_warns():
  features, true = X['near'], gaussian(np.zeros(16), np.eye(16))
  first, same, other = (
    frechet_infinity(features, true, seed=s) for s in (0, 0, 1)
  )
  assert first.value == same.value != other.value
  with pytest.warns(FewSamplesWarning, match='16 samples of 16 features'):
    frechet_infinity(features, true, smallest=16)
  with pytest.warns(FewSamplesWarning, match='100 samples of 16'):
    frechet_infinity(features, true._replace(num=100))


@pytest.mark.parametrize(
  ('bad', 'message'),
  [
    (gaussian(np.zeros(3), np.eye(3)), 'same feature net'),
    (gaussian(np.zeros(2), np.eye(3)), r'they must be \[D\] and \[D, D\]'),
    (gaussian([0, np.inf], np.eye(2)), 'is not finite'),
    (gaussian([0, 0], [[1, np.nan], [0, 1]]), 'is not finite'),
    (gaussian([0, 0], [[1, 1], [0, 1]]), 'not symmetric'),
    (gaussian([0, 0], [[1, 0], [0, -1]]), 'negative diagonal'),
    (gaussian([0, 0], np.eye(2))._replace(num=1), 'at least 2'),
  ],
)
def test_bad_moments_get_a_sentence(bad, message):
  good = gaussian([0, 0], np.eye(2))
  for pair in ((good, bad), (bad, good)):
    with pytest.raises(ValueError, match=message):
      frechet(*pair)
  with pytest.raises(ValueError, match=message):
    frechet_infinity(X['plane'], bad)


def test_bad_batches_get_a_sentence():
  with pytest.raises(ValueError, match='holds 0 samples'):
    Accumulator(3).moments()
  with pytest.raises(ValueError, match='batch has 2 features'):
    Accumulator(3).add(np.zeros((4, 2)))
  true = gaussian([0, 0], np.eye(2))
  for options in ({'points': 2}, {'smallest': 1}, {'smallest': 300}):
    with pytest.raises(ValueError, match='it must be between'):
      frechet_infinity(X['plane'], true, **options)
