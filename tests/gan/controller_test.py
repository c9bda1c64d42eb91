"""How strong the penalty is: the tracker, the laws, and what cannot move."""

import json

import chex
import hypothesis
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small

from jaxgan.config import Penalty, from_config_dict
from jaxgan.gan import controller

anything = st.floats(width=32, allow_nan=True, allow_infinity=True)


def init(config):
  """The control before the first iteration."""
  return controller.init(config, small.hyper(config))


def measurement(gap, slope, violation=0.0, distance=0.0):
  values = {
    'gap': gap, 'slope': slope, 'sureness': 0.0, 'violation': violation,
    'distance': distance,
  }  # fmt: skip
  return controller.Measurement(
    **{name: jnp.float32(value) for name, value in values.items()}
  )


def run(config, gaps, slopes=1.0, violations=0.0, distances=0.0, steps=100):
  """The control after each of the given measurements."""
  update = jax.jit(controller.build(config, steps))
  hyper = small.hyper(config)
  control = init(config)
  series = np.broadcast_arrays(gaps, slopes, violations, distances)
  controls = []
  for step, values in enumerate(zip(*series, strict=True)):
    control = update(control, measurement(*values), jnp.int32(step), hyper)
    controls.append(control)
  return controls


def ratios(controls):
  return np.array([c.ratio for c in controls])


def weights(controls):
  return np.array([c.weight for c in controls])


fast = Penalty(smoothing=0.0, warmup_steps=1, rate=1.0)


def test_it_starts_as_the_method_says():
  control = init(Penalty(weight=7.0))
  ones = {'ratio': 1.0, 'share': 1.0}
  expected = dict.fromkeys(control._fields, 0.0) | ones | {'weight': 7.0}
  assert {k: float(v) for k, v in control._asdict().items()} == expected
  assert {v.dtype for v in control} == {jnp.dtype('float32')}


def test_one_update_by_hand():
  config = Penalty(smoothing=0.5, warmup_steps=1, rate=0.2, decay=0.9)
  first, second = run(config, [4.0, 0.2], [2.0, 1.0])
  assert float(first.gap_ema) == pytest.approx(2.0)
  assert float(first.slope_ema) == pytest.approx(1.0)
  assert float(first.distance) == pytest.approx(2.0)
  assert float(first.ratio) == 1.0
  # gap 1.1, slope 1.0, distance 1.1, reference .9 x 2, ratio .61 but at most
  # .2 below 1; weight 10 (.1 + .9 x .8).
  assert float(second.distance) == pytest.approx(1.1)
  assert float(second.distance_ref) == pytest.approx(1.8)
  assert float(second.ratio) == pytest.approx(0.8)
  assert float(second.weight) == pytest.approx(8.2)


update_any = jax.jit(
  lambda control, seen: controller.build(fast, 10)(
    control, seen, jnp.int32(3), small.hyper(fast)
  )
)


@hypothesis.given(st.lists(st.tuples(anything, anything), max_size=8))
@hypothesis.settings(deadline=None, max_examples=200)
def test_ratio_and_weight_stay_in_range_for_any_input(values):
  control = init(fast)
  for gap, slope in values:
    control = update_any(control, measurement(gap, slope))
    assert 0.0 <= float(control.ratio) <= 1.0
    assert fast.floor * fast.weight * (1 - 1e-6) <= float(control.weight)
    assert float(control.weight) <= fast.weight


@pytest.mark.parametrize(
  'controls', [(np.nan, 1.0), (1.0, np.inf), (3e38, 1.0)]
)
def test_a_step_that_is_not_finite_changes_only_skipped(controls):
  # The third overflows on its way to a distance: finite / 1e-6.
  config = Penalty(smoothing=0.0)
  before = run(config, [2.0, 1.0])[-1]
  slope = 0.0 if controls[0] == 3e38 else controls[1]
  update = controller.build(config, 10)
  after = update(
    before, measurement(controls[0], slope), jnp.int32(2), small.hyper(config)
  )
  expected = before._replace(skipped=before.skipped + 1)
  chex.assert_trees_all_equal(after, expected)


def test_a_constant_gap_keeps_ratio_at_one():
  controls = run(Penalty(warmup_steps=20), np.full(200, 3.0), 1.3)
  assert np.all(ratios(controls) == pytest.approx(1.0, abs=1e-5))


def test_a_geometric_gap_is_followed_within_the_lag_of_the_average():
  b, q, warmup = 0.9, 0.99, 50
  config = Penalty(smoothing=b, warmup_steps=warmup)
  gaps = np.concatenate([np.ones(warmup), q ** np.arange(300)])
  controls = run(config, gaps)
  lag = b / (1 - b)  # Mean age of what an average of decay b remembers.
  late = np.arange(100, 300)
  expected = q ** (late - lag)
  assert ratios(controls)[warmup:][late] == pytest.approx(expected, rel=0.05)


def test_ratio_does_not_see_scale_and_offset_of_the_critic():
  gaps, slopes = np.linspace(4, 1, 60), np.linspace(2, 1, 60)
  config = Penalty(warmup_steps=5)
  plain, scaled = (run(config, c * gaps, c * slopes) for c in (1.0, 8.0))
  np.testing.assert_array_equal(ratios(plain), ratios(scaled))
  assert ratios(plain)[-1] < 1.0
  by_gap = Penalty(warmup_steps=5, distance='gap')
  assert float(run(by_gap, 8.0 * gaps)[-1].distance) == pytest.approx(
    8 * float(run(by_gap, gaps)[-1].distance)
  )


def test_warm_up_is_wgan_gp():
  controls = run(Penalty(warmup_steps=30), np.linspace(5, 1, 30))
  assert set(ratios(controls)) == {1.0}
  assert set(weights(controls)) == {10.0}


def test_ratio_moves_at_most_by_rate():
  config = Penalty(smoothing=0.0, warmup_steps=1, rate=0.02)
  controls = run(config, [5.0] + [0.01] * 20 + [9.0] * 20)
  assert np.abs(np.diff(ratios(controls))).max() <= 0.02 + 1e-6
  assert ratios(controls)[20] == pytest.approx(0.6, abs=1e-5)
  assert ratios(controls)[40] == pytest.approx(1.0, abs=1e-5)


def test_monotone_never_rises():
  config = Penalty(smoothing=0.0, warmup_steps=1, rate=1.0, monotone=True)
  found = ratios(run(config, [4.0, 1.0, 3.0, 0.5]))
  assert found == pytest.approx([1.0, 0.25, 0.25, 0.125])


def test_a_decaying_reference_forgets():
  config = Penalty(smoothing=0.0, warmup_steps=1, rate=1.0, decay=0.5)
  found = ratios(run(config, [8.0, 1.0, 1.0, 1.0, 1.0]))
  assert found == pytest.approx([1.0, 0.25, 0.5, 1.0, 1.0])


@pytest.mark.parametrize('power', [0.0, 0.5, 1.0])
def test_the_iterative_weight(power):
  config = Penalty(
    smoothing=0.0, warmup_steps=1, rate=1.0, power=power, floor=0.2
  )
  weight = weights(run(config, [4.0, 1.0, 0.0]))
  expected = [10 * (0.2 + 0.8 * r**power) for r in (1.0, 0.25, 0.0)]
  assert weight == pytest.approx(expected)


def test_the_weight_at_ratio_one_is_weight0_bit_for_bit():
  for floor in np.linspace(0, 1, 41):
    config = Penalty(floor=float(floor), weight=0.7)
    control = init(config)
    now = controller.WeightInputs(
      control, measurement(1, 1), jnp.float32(0), config, small.hyper(config)
    )
    assert float(controller.iterative(now)) == np.float32(0.7)


def test_the_literal_preset():
  config = from_config_dict({'penalty': {'preset': 'literal'}}).penalty
  controls = run(config, [4.0, 1.0, -2.0, 8.0, 6.0], slopes=2.0)
  assert ratios(controls) == pytest.approx([1.0, 0.25, 0.0, 1.0, 0.75])
  assert weights(controls) == pytest.approx([10.0, 2.5, 0.0, 10.0, 7.5])


def test_open_loops_end_at_the_floor_and_ignore_the_gap():
  for name, middle in (('linear', 5.5), ('cosine', 5.5)):
    config = Penalty(controller=name, floor=0.1)
    gaps = np.random.default_rng(0).normal(size=40)
    weight = weights(run(config, gaps, steps=40))
    assert weight[19] == pytest.approx(middle, rel=1e-5)
    assert weight[39] == pytest.approx(1.0, rel=1e-5)
    assert np.all(np.diff(weight) <= 0)
  short = Penalty(controller='linear', decay_steps=10)
  assert weights(run(short, np.ones(40)))[-1] == pytest.approx(1.0, rel=1e-5)


def test_pi_raises_the_weight_while_slopes_overshoot():
  config = Penalty(controller='pi', smoothing=0.0, pi_integral_gain=0.01)
  weight = weights(run(config, np.ones(3), slopes=[1.5, 1.5, 0.5]))
  assert weight == pytest.approx([10.505, 10.51, 9.505])
  high = weights(run(config, np.ones(2), slopes=1e9))
  low = weights(run(config, np.ones(200), slopes=-1e4))
  assert high[-1] == 100.0
  assert low[-1] == 1.0


def test_pi_is_corrected_for_the_start_of_its_average():
  config = Penalty(controller='pi', smoothing=0.99)
  weight = weights(run(config, np.ones(3), slopes=1.0))
  assert weight == pytest.approx(10.0, abs=1e-4)


def test_dual_ascends_on_the_violation():
  config = Penalty(controller='dual', dual_rate=2.0, dual_tolerance=0.5)
  weight = weights(run(config, np.ones(3), violations=[1.0, 1.0, 0.0]))
  assert weight == pytest.approx([11.0, 12.0, 11.0])
  assert weights(run(config, np.ones(2), violations=1e6))[-1] == 100.0
  assert weights(run(config, np.ones(50), violations=0.0))[-1] == 0.0


def test_measured_distances_are_averaged_and_never_negative():
  config = Penalty(distance='sliced', smoothing=0.5, warmup_steps=1, rate=1.0)
  controls = run(config, 9.0, distances=[4.0, 0.0, -8.0])
  assert [float(c.distance) for c in controls] == pytest.approx([2, 1, 0])
  assert ratios(controls) == pytest.approx([1.0, 0.5, 0.0])


def test_a_recorded_curve_is_replayed(tmp_path):
  path = tmp_path / 'metrics.jsonl'
  rows = [
    {'step': s, 'ratio': r, 'weight': 10 * r}
    for s, r in ((1, 1.0), (2, 0.8), (4, 0.4))
  ]
  rows.insert(2, {'step': 2, 'fid': 3.0})  # Of an evaluation.
  path.write_text(''.join(json.dumps(row) + '\n' for row in rows))
  config = Penalty(controller='replay', replay=str(path))
  assert float(init(config).ratio) == 1.0
  controls = run(config, np.linspace(9, 1, 5))
  assert ratios(controls) == pytest.approx([0.8, 0.6, 0.4, 0.4, 0.4])
  assert weights(controls) == pytest.approx([8.0, 6.0, 4.0, 4.0, 4.0])


@pytest.mark.parametrize('text', [None, '', '{"step": 1}\n', '[]\n', 'x\n',
  '{"step": 1, "ratio": null, "weight": 1}\n'])  # fmt: skip
def test_a_curve_that_cannot_be_read_is_refused(tmp_path, text):
  path = tmp_path / 'metrics.jsonl'
  if text is not None:
    path.write_text(text)
  config = Penalty(controller='replay', replay=str(path))
  with pytest.raises(ValueError, match=r'penalty.replay is .*metrics.jsonl'):
    controller.build(config, 10)


@pytest.mark.parametrize(
  ('line', 'values'),
  [
    ((2, 1.7, 1), 'step 2, ratio 1.7'), ((2, -0.1, 1), 'step 2, ratio -0.1'),
    ((2, 1, -3), 'step 2, ratio 1, weight -3'), ((0, 1, 1), 'step 0'),
    ((2, 1, np.inf), '.*weight inf'), ((2, np.nan, 1), 'step 2, ratio nan'),
    ((1, 1, 1), 'step 1'), ((np.inf, 1, 1), 'step inf'),
  ],
)  # fmt: skip
def test_a_curve_names_the_line_that_is_out_of_range(tmp_path, line, values):
  path = tmp_path / 'metrics.jsonl'
  names = 'step', 'ratio', 'weight'
  rows = [dict(zip(names, r, strict=True)) for r in ((1, 1, 10), line)]
  path.write_text('\n\n'.join(map(json.dumps, rows)))
  config = Penalty(controller='replay', replay=str(path))
  with pytest.raises(ValueError, match=f'metrics.jsonl.*line 3: {values}'):
    controller.build(config, 10)


@pytest.mark.parametrize(
  ('key', 'values'), [('controller', 'magic'), ('distance', 'fid')]
)
def test_unknown_names_list_the_known(key, values):
  with pytest.raises(ValueError, match=f"penalty.{key} is '{values}'.*one of"):
    controller.build(Penalty(**{key: values}), 10)


@pytest.mark.parametrize('name', controller.WEIGHTS)
def test_it_never_retraces_however_ratio_moves(name):
  config = Penalty(controller=name, smoothing=0.0, warmup_steps=2)
  update = jax.jit(controller.build(config, 50))
  control = init(config)
  for step, gap in enumerate(np.random.default_rng(0).normal(1, 1, 20)):
    control = update(
      control, measurement(gap, 1.0), jnp.int32(step), small.hyper(config)
    )
  assert update._cache_size() == 1
