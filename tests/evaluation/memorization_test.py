"""Tests of the picture of nearest neighbors and of the critic's gap."""

import numpy as np
import pytest

from jaxgan.evaluation import memorization
from jaxgan.evaluation.evaluator import Source
from jaxgan.evaluation.reference_data import Reference
from jaxgan.evaluation.restore import TrainedCritic
from jaxgan.metrics import features

SOURCE = Source('run', 'ema', 7)
PIXELS = features.load('pixels')


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


def noise(num, seed):
  rng = np.random.default_rng(seed)
  return rng.integers(0, 256, (num, 5, 6, 1), np.uint8)


def critic(known):
  """Returns a critic: 3 for known images, 1 for bright ones, else 0."""
  keys = {x.tobytes() for x in known}

  def score(examples):
    return np.array(
      [
        3.0 if x.tobytes() in keys else x.mean() > 127
        for x in np.asarray(examples)
      ]
    )

  return TrainedCritic(7, score)


def bright(num, seed):
  return noise(num, seed) // 2 + np.uint8(128)


def test_copies_are_found_and_shown():
  train, samples = noise(50, 0), noise(40, 1)
  samples[33] = train[44]
  page, distances = memorization.neighbor_picture(samples, train, PIXELS)
  assert distances.shape == (40,)
  assert distances[33] == 0 < np.delete(distances, 33).min()
  # The ninth row, after the first eight samples, shows the copy.
  factor = page.shape[0] // (16 * 6 - 1)
  small = page[::factor, ::factor]
  assert small.shape == (16 * 6 - 1, 6 + 3 + 7 * 7 - 1, 1)
  for row, sample in (*enumerate(samples[:8]), (8, samples[33])):
    np.testing.assert_array_equal(small[6 * row : 6 * row + 5, :6], sample)
  np.testing.assert_array_equal(small[48 : 48 + 5, 9 : 9 + 6], train[44])


def test_each_row_shows_the_nearest_first():
  train, samples = noise(50, 0), noise(16, 1)
  page, distances = memorization.neighbor_picture(samples, train, PIXELS)
  apart = (samples[0] / 127.5 - train / 127.5).reshape(50, -1)
  order = np.argsort(np.linalg.norm(apart, axis=1))
  assert distances[0] == pytest.approx(np.linalg.norm(apart, axis=1).min())
  factor = page.shape[0] // (16 * 6 - 1)
  small = page[::factor, ::factor]
  for i, number in enumerate(order[:7]):
    left = 9 + 7 * i
    np.testing.assert_array_equal(small[:5, left : left + 6], train[number])


def test_a_copy_stands_out_where_the_data_are_sparse():
  dense = np.full((20, 5, 6, 1), 100, np.uint8)
  dense[:, 0, 0, 0] += np.arange(20, dtype=np.uint8)
  train = np.concatenate([dense, noise(30, 0)])
  samples = np.concatenate([dense + np.uint8(1), noise(10, 1)])
  samples[25] = train[40]
  samples[25, 0] ^= 31  # Almost a copy: samples of the dense part are nearer.
  page, distances = memorization.neighbor_picture(samples, train, PIXELS)
  assert distances[25] > distances[:20].max()
  factor = page.shape[0] // (16 * 6 - 1)
  small = page[::factor, ::factor]
  np.testing.assert_array_equal(small[48 : 48 + 5, :6], samples[25])


@pytest.mark.parametrize(
  ('samples', 'train', 'words'),
  [
    (np.zeros((20, 2), np.float32), np.zeros((20, 2), np.float32), 'images'),
    (noise(20, 0), noise(20, 0)[:, :4], r'\[5, 6, 1\].*\[4, 6, 1\].*one shape'),
    (noise(15, 0), noise(20, 0), 'are 15 samples.*at least 16'),
    (noise(16, 0), noise(6, 0), 'train holds 6 samples; it must hold'),
  ],
)
def test_bad_samples_have_an_error_message(samples, train, words):
  with pytest.raises(ValueError, match=words):
    memorization.neighbor_picture(samples, train, PIXELS)


def gap(known, num=40):
  train, heldout = bright(60, 0), bright(50, 1)
  reference = Reference('x', 'train', train, heldout, train, heldout)
  return memorization.critic_gap(
    critic(train if known else train[:0]),
    reference,
    lambda num: [noise(num, 2) // 2],
    SOURCE,
    num=num,
  )


def test_a_critic_that_scores_all_real_data_alike_has_no_gap():
  result = gap(known=False)
  assert (result.value, result.error) == (0, 0)
  assert result.details == {'train': 1, 'heldout': 1, 'fake': 0}


def test_the_gap_of_a_critic_that_memorized_its_examples():
  result = gap(known=True)
  assert result.value == pytest.approx(2 / 3)
  assert result.details == {'train': 3, 'heldout': 1, 'fake': 0}
  assert (result.metric, result.features) == ('gap40_critic', 'critic')
  assert (result.real_num, result.fake_num, result.step) == (80, 40, 7)
  assert result.train_sha256 != result.heldout_sha256


def test_the_error_is_the_standard_error_of_two_means():
  train, heldout = bright(60, 0), bright(50, 1)
  reference = Reference('x', 'train', train, heldout, train, heldout)
  by_mean = TrainedCritic(0, lambda x: np.asarray(x).mean(axis=(1, 2, 3)))
  result = memorization.critic_gap(
    by_mean, reference, lambda num: [noise(num, 2) // 2], SOURCE, num=50
  )
  order = np.random.default_rng(0).permutation(60)[:50]
  sides = [x.mean(axis=(1, 2, 3)) for x in (train[order], heldout)]
  whole = result.details['train'] - result.details['fake']
  error = np.sqrt(sum(x.var(ddof=1) / 50 for x in sides)) / whole
  assert result.error == pytest.approx(error, rel=1e-4)


def test_bad_inputs_of_the_gap_have_an_error_message():
  real = bright(60, 0)
  fakes = lambda num: [noise(num, 2) // 2]

  def measure(num=40, **sets):
    reference = Reference('x', '', real, None, **sets)
    memorization.critic_gap(critic(real[:0]), reference, fakes, SOURCE, num=num)

  with pytest.raises(ValueError, match=r'needs held-out real .*--floor_split'):
    measure(train=real)
  with pytest.raises(ValueError, match='needs 40 held-out examples and there'):
    measure(train=real, heldout=real[:39])
  with pytest.raises(ValueError, match='At least half of the held-out'):
    measure(train=real, heldout=np.concatenate([real[:20], bright(20, 1)]))
  fakes = lambda num: [bright(num, 3)]
  with pytest.raises(ValueError, match='training examples and fakes alike'):
    measure(train=real, heldout=bright(40, 1))
