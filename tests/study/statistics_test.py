"""Tests of times, areas, ratios and p-values against hand-worked cases."""

import itertools

import numpy as np
import pytest
import scipy.stats

from jaxgan.study import statistics
from jaxgan.study.curves import (
  kaplan_meier,
  log_area,
  median_time,
  quantiles,
  time_to_target,
)
from jaxgan.study.statistics import (
  failed_share,
  holm,
  mean_interval,
  paired_ratio,
  paired_time_ratio,
  sign_flip,
)

STEPS = np.array([0, 10, 20, 30, 40, 50])
NAN = np.nan


@pytest.mark.parametrize(
  ('values', 'stay', 'expected'),
  [
    ([9, 5, 2, 2, 2, 2], 3, (20, True)),
    ([9, 2, 5, 2, 2, 2], 3, (30, True)),  # It leaves the target again.
    ([9, 2, 5, 2, 2, 2], 1, (10, True)),
    ([9, 9, 9, 9, 2, 2], 3, (50, False)),  # Too late to show that it stays.
    ([9, 9, 9, 9, 2, 2], 2, (40, True)),
    ([9, 2, 2, NAN, 2, 2], 3, (50, False)),
    ([9, 2, 2, 2, NAN, NAN], 3, (10, True)),
    ([1, 1, 1, 9, 9, 9], 3, (0, True)),
    ([9, 2, 2, -np.inf, 9, 9], 3, (50, False)),
    ([NAN] * 6, 1, (50, False)),
    ([2] * 6, 7, (50, False)),
  ],
)
def test_time_to_target(values, stay, expected):
  assert time_to_target(STEPS, np.array(values), 2.0, stay) == expected


def test_area_is_the_mean_logarithm_over_steps():
  # Trapezoids of logs 2, 1, 0 over lengths 1 and 3: (1.5 + 1.5) / 4.
  values = np.exp([2.0, 1.0, 0.0])
  assert log_area(np.array([0, 1, 4]), values) == pytest.approx(0.75)
  assert log_area(STEPS, np.full(6, 3.0)) == pytest.approx(np.log(3))


def test_a_curve_of_four_fifths_has_four_fifths_of_the_area():
  values = np.array([9, 4, 2, 1.5, 1.2, 1.1])
  apart = log_area(STEPS, 0.8 * values) - log_area(STEPS, values)
  assert np.exp(apart) == pytest.approx(0.8)


def test_a_diverged_run_gains_nothing():
  steps = np.array([0, 1, 2])
  first = log_area(steps, np.exp([3.0, 1.0, NAN]))
  assert first == pytest.approx((2 + 2) / 2)  # As 3, 1, 3.
  worse = log_area(steps, np.exp([3.0, 5.0, np.inf]))
  assert worse == pytest.approx(
    (4 + 5) / 2
  )  # Its worst finite value, not its start.


@pytest.mark.parametrize('values', [[1, 0, 1], [1, -1, 1], [NAN] * 3])
def test_an_area_needs_logarithms(values):
  with pytest.raises(ValueError, match='metric has no logarithm'):
    log_area(np.arange(3), np.array(values, float))


def test_quantiles_are_numpys_where_all_is_finite():
  values = np.random.default_rng(0).normal(size=(7, 3))
  shares = (0.0, 0.25, 0.5, 0.9, 1.0)
  np.testing.assert_allclose(
    quantiles(values, shares), np.quantile(values, shares, axis=0)
  )


def test_quantiles_put_diverged_runs_last():
  result = quantiles(np.array([1, NAN, 2, 3, np.inf]), (0, 0.25, 0.5, 0.7, 0.9))
  np.testing.assert_array_equal(result, [1, 2, 3, np.inf, np.inf])


def test_kaplan_meier_by_hand():
  # Reached at 1, 3, 3 and 6; censored at 3, 4 and 6.
  times = np.array([3, 1, 4, 3, 6, 3, 6])
  reached = np.array([1, 1, 0, 0, 1, 1, 0], bool)
  curve = kaplan_meier(times, reached)
  # At risk 7, 6, 3 and 2; none of the 3 at time 4 gets to the target.
  assert curve.quantiles == pytest.approx([1, 3, 4, 6])
  assert curve.probabilities == pytest.approx([6 / 7, 4 / 7, 4 / 7, 2 / 7])
  assert median_time(times, reached) == 6


def test_kaplan_meier_equals_the_product_limit():
  rng = np.random.default_rng(1)
  times = rng.integers(1, 12, 40)
  reached = rng.random(40) < 0.6
  events = np.unique(times[reached])
  left = [
    1 - (reached & (times == t)).sum() / (times >= t).sum() for t in events
  ]
  curve = kaplan_meier(times, reached)
  assert curve.evaluate(events) == pytest.approx(np.cumprod(left))


def test_median_time():
  times, horizon = np.array([10, 20, 90, 90]), np.array([1, 1, 0, 0], bool)
  assert median_time(times, horizon) == 20
  assert median_time(times, np.array([1, 0, 0, 0], bool)) is None
  assert median_time(np.array([30, 10, 20]), np.ones(3, bool)) == 20
  assert median_time(times, np.zeros(4, bool)) is None
  assert median_time(np.array([]), np.array([], bool)) is None


def test_a_ratio_is_paired():
  # Seeds differ by orders of magnitude, arms by a tenth or so.
  baseline = np.array([1.0, 10, 100, 1000])
  result = paired_ratio(baseline * [0.9, 0.9, 0.8, 0.8], baseline)
  assert result.ratio == pytest.approx((0.9 * 0.9 * 0.8 * 0.8) ** 0.25)
  # Four logs with two values: their deviation is (log .9 - log .8) / sqrt(3).
  half = 3.182446 * np.log(0.9 / 0.8) / np.sqrt(3) / 2
  assert result.high == pytest.approx(result.ratio * np.exp(half))
  assert result.low == pytest.approx(result.ratio * np.exp(-half))
  assert result.p == 2 / 16
  assert result.seeds == 4


def test_equal_arms_are_exactly_equal():
  values = np.array([1.5, 0.3, 7])
  result = paired_ratio(values, values)
  assert result == statistics.Ratio(1, 1, 1, 1, 3)
  assert result.contains_one


def test_a_single_pair_says_nothing():
  result = paired_ratio(np.array([1.0]), np.array([2.0]))
  assert (result.ratio, result.p) == (0.5, 1)
  assert np.isnan([result.low, result.high]).all()
  assert not result.contains_one


def test_a_ratio_and_its_inverse_mirror():
  x, y = np.exp(np.random.default_rng(2).normal(size=(2, 9)))
  ours, theirs = paired_ratio(x, y), paired_ratio(y, x)
  assert ours.ratio == pytest.approx(1 / theirs.ratio)
  assert ours.low == pytest.approx(1 / theirs.high)
  assert ours.p == theirs.p


@pytest.mark.parametrize('num', [3, 4, 5, 8, 16, 20])
def test_the_interval_covers_as_often_as_it_says(num):
  logs = np.random.default_rng(num).normal(0.1, 0.2, size=(20_000, num))
  low, high = mean_interval(logs)
  # Four standard errors of 20,000 trials are .006.
  assert (np.abs(low + high - 0.2) <= high - low).mean() == pytest.approx(
    0.95, abs=0.02
  )
  result = paired_ratio(np.exp(logs[0]), np.ones(num))
  assert np.log([result.low, result.high]) == pytest.approx((low[0], high[0]))


def test_intervals_of_failures_cover_nearly_as_often():
  rng, hits = np.random.default_rng(8), np.zeros(2)
  share = np.array([[0.1], [0.4]])[..., None] * np.linspace(0, 2, 16)
  for _ in range(1000):
    x = failed_share(*(rng.random((2, 4, 16)) < share))
    hits += (
      x.difference_low <= -0.3 <= x.difference_high,
      x.ratio_low <= 0.25 <= x.ratio_high,
    )
  # The counts are whole numbers, so the coverage is only near 95 %.
  assert (np.abs(hits / 1000 - 0.95) < 0.04).all()


def test_the_interval_is_students():
  logs = np.random.default_rng(4).normal(0.1, 0.3, 20)
  result = paired_ratio(np.exp(logs), np.ones(20))
  error = scipy.stats.sem(logs)
  expected = scipy.stats.t.interval(0.95, 19, logs.mean(), error)
  assert np.log([result.low, result.high]) == pytest.approx(expected)


def test_seeds_that_all_have_one_ratio_show_no_spread():
  result = paired_ratio(np.full(5, 0.8), np.ones(5))
  assert result.ratio == pytest.approx(0.8)
  assert np.isnan([result.low, result.high]).all()
  assert not result.contains_one


@pytest.mark.parametrize('num', [1, 2, 5, 9])
def test_sign_flips_equal_brute_force(num):
  x = np.random.default_rng(num).normal(0.4, 1, num)
  sums = [np.dot(s, x) for s in itertools.product((1, -1), repeat=num)]
  share = np.mean(np.abs(sums) >= abs(x.sum()) - 1e-12)
  assert sign_flip(x) == share


def test_sign_flips_equal_scipy():
  x = np.random.default_rng(7).normal(0.5, 1, 10)
  theirs = scipy.stats.permutation_test(
    (x,),
    lambda values, axis: np.abs(values.sum(axis)),
    permutation_type='samples',
    n_resamples=2**10,
    alternative='greater',
  )
  assert sign_flip(x) == theirs.pvalue


def test_sign_flips_by_hand_and_of_ties():
  assert sign_flip(np.array([1.0, 2, 3])) == 2 / 8
  assert sign_flip(np.array([1.0, 2, -3])) == 1
  assert sign_flip(np.zeros(6)) == 1
  # 0.1 + 0.2 - 0.3 is not 0 in floating point; scipy gives .72 for the last.
  assert sign_flip(np.array([0.1, 0.2, -0.3])) == 1
  assert sign_flip(np.array([0.1] * 3 + [-0.1] * 3)) == 1


def test_random_sign_flips_agree_with_all_of_them(monkeypatch):
  x = np.random.default_rng(5).normal(0.3, 1, 14)
  exact = sign_flip(x)
  monkeypatch.setattr(statistics, '_MAX_EXACT', 5)
  assert sign_flip(x, 20_000) == pytest.approx(exact, abs=0.02)
  assert sign_flip(np.full(40, 1.0), 999) == 1 / 1000


def test_sign_flips_reject_as_often_as_they_say():
  rng = np.random.default_rng(6)
  p = np.array([sign_flip(rng.normal(size=10)) for _ in range(2000)])
  assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.02)


def test_holm_by_hand():
  # Sorted .01 .02 .03 .04, times 4 3 2 1: .04 .06 .06 .06.
  result = holm(np.array([0.03, 0.01, 0.04, 0.02]))
  np.testing.assert_allclose(result, [0.06, 0.04, 0.06, 0.06])
  np.testing.assert_allclose(holm(np.array([0.5, 0.4])), [0.8, 0.8])
  np.testing.assert_allclose(holm(np.array([0.9, 0.8, 0.001])), [1, 1, 0.003])
  assert holm(np.array([])).shape == (0,)


def test_censored_times_count_as_the_horizon():
  ours, baseline = np.array([10, 0, 80, 80]), np.array([20, 10, 80, 40])
  result = paired_time_ratio(ours, baseline, least=5)
  assert result.ratio == pytest.approx((0.5 * 0.5 * 1 * 2) ** 0.25)


def test_failed_share_by_hand():
  ours = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]], bool)
  baseline = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]], bool)
  result = failed_share(ours, baseline)
  assert result.ours == pytest.approx(2 / 12)
  assert result.baseline == pytest.approx(5 / 12)
  # Each seed fails once less, so the spread of the difference is unknown.
  assert np.isnan([result.difference_low, result.difference_high]).all()
  assert result.ratio == pytest.approx(2.5 / 5.5)
  # Shares over their levels, 2.5 / 12 and 5.5 / 12: 1.2 - 12 / 11 twice, and
  # -6 / 11; Student's quantile is 4.3027 with 3 seeds.
  error = (1.2 - 6 / 11) / np.sqrt(3) / np.sqrt(3)
  logs = np.log([result.ratio_low, result.ratio_high])
  middle = np.log(result.ratio)
  assert logs == pytest.approx(
    middle + 4.3027 * error * np.array([-1, 1]), 1e-4
  )
  assert result.p == 2 / 8
  assert result.seeds == 3


def test_no_failures_at_all_are_a_ratio_of_one():
  none = np.zeros((5, 2), bool)
  result = failed_share(none, none)
  assert (result.difference, result.ratio, result.p) == (0, 1, 1)
  assert np.isnan([result.ratio_low, result.ratio_high]).all()


def test_families_of_unlike_size_fail_alike():
  ours, baseline = np.ones((4, 2), bool), np.ones((4, 8), bool)
  result = failed_share(ours, baseline)
  assert result.difference == 0
  assert result.ratio == pytest.approx(1, abs=0.05)


def test_the_runs_of_a_seed_count_once():
  # Whole seeds fail: the interval is that of 10 seeds, not of 400 runs.
  seeds = np.repeat(np.arange(10) < 5, 40).reshape(10, 40)
  result = failed_share(seeds, np.zeros((10, 40), bool))
  assert result.difference_low < 0.25 < 0.75 < result.difference_high


def test_invalid_input_is_refused():
  with pytest.raises(ValueError, match='2 values were paired with 3'):
    paired_ratio(np.ones(2), np.ones(3))
  with pytest.raises(ValueError, match='the same seeds, at least one'):
    paired_ratio(np.ones(0), np.ones(0))
  for bad in (0, -1, NAN, np.inf):
    with pytest.raises(ValueError, match='all finite and above 0'):
      paired_ratio(np.array([1, bad]), np.ones(2))
  with pytest.raises(ValueError, match='1 values were paired with 2'):
    failed_share(np.ones((1, 3), bool), np.ones((2, 3), bool))
  with pytest.raises(ValueError, match='0 values'):
    failed_share(np.ones((0, 3), bool), np.ones((0, 3), bool))
