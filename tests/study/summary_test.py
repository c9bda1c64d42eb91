"""Tests of summaries of synthetic curves: effects, gaps, failures, files."""

import dataclasses
import json
import math

import numpy as np
import pytest
import study_curves as made
from study_curves import EXACT, OTHER, STEPS

from jaxgan.study import families, markdown, report, theory
from jaxgan.study import runs as runs_lib
from jaxgan.study.spec import Arm, Study, Task
from jaxgan.study.summary import summarize

NAN = math.nan


def arms_of(summary, task=0):
  return {arm.arm: arm for arm in summary.tasks[task].arms}


def test_an_effect_of_a_fifth_is_detected_and_none_is_invented():
  nothing = [f'none{i}' for i in range(8)]
  study = made.study(['faster', *nothing], tasks=('rings', 'swiss_roll'))
  summary = summarize(study, made.rows(study, [('faster', 0.8)]))
  for task in (0, 1):
    arms = arms_of(summary, task)
    faster = arms['faster']
    assert faster.area_ratio.low <= 0.8 <= faster.area_ratio.high < 0.9
    assert faster.area_holm < 0.05
    assert faster.time_ratio.high < 1
    for name in nothing:
      assert arms[name].area_holm >= 0.05
      assert arms[name].time_holm >= 0.05
    # Of 8 intervals one or two may miss by chance.
    assert sum(arms[x].area_ratio.contains_one for x in nothing) >= 6


def test_pairs_cancel_the_effect_of_the_seed():
  study = made.study(['faster'], seeds=8)
  rows = made.rows(study, [('faster', 0.9)])
  paired = arms_of(summarize(study, rows))['faster'].area_ratio
  assert paired.high < 1
  # Paired with another seed's runs, the same effect is lost in noise.
  shifted = [
    x._replace(seed=(x.seed + 1) % 8) if x.arm == 'faster' else x for x in rows
  ]
  unpaired = arms_of(summarize(study, shifted))['faster'].area_ratio
  assert unpaired.ratio == pytest.approx(paired.ratio)
  assert unpaired.contains_one


def test_the_a_a_control_detects_a_difference():
  study = made.study([])
  rows = made.rows(study)
  control = summarize(study, rows).tasks[0].control
  assert control.area_contains_one
  assert control.area.ratio == 1
  harmed = [
    row._replace(metrics={EXACT: 1.01 * row.metrics[EXACT]})
    if row.arm == 'again' else row
    for row in rows
  ]  # fmt: skip
  broken = summarize(study, harmed)
  assert not broken.tasks[0].control.area_contains_one
  assert 'contains 1: **no**' in markdown.render(broken)


def small(values, seeds=(0, 1), stay=2):
  """A study of one task with three measurements, worked by hand.

  Args:
    values: (arm, seed) -> metric at steps 0, 10 and 20.
    seeds: of the test.
    stay: measurements in a row.
  """
  study = Study(
    name='small', base={'train': {'steps': 20}},
    tasks=(Task('line', (EXACT,), EXACT, target=2.0),),
    arms=(Arm('base'), Arm('again'), Arm('ours')),
    baseline='base', again='again', tuning_seeds=(), seeds=seeds,
    every_steps=10, stay=stay,
  )  # fmt: skip
  rows = [
    runs_lib.Row('line', arm, seed, step, {EXACT: float(value)}, {})
    for (arm, seed), curve in values.items()
    for step, value in zip((0, 10, 20), curve, strict=True)
  ]
  return study, rows


def test_one_summary_by_hand():
  study, rows = small({
    ('base', 0): (8, 4, 4), ('base', 1): (8, 2, 2),
    ('ours', 0): (8, 2, 1), ('ours', 1): (8, 8, NAN),
  })  # fmt: skip
  arms = arms_of(summarize(study, rows))
  base, ours = arms['base'], arms['ours']
  assert (base.final.median, base.final.low, base.final.high) == (3, 2.5, 3.5)
  assert (base.time, base.censored, base.failed) == (10, 1, 0.5)
  # Means of log2: seed 0 (3 2 2) 2.25, seed 1 (3 1 1) 1.5.
  assert base.area == pytest.approx(2**1.875)
  # Seed 0 (3 1 0) 1.25, seed 1 (3 3 3) 3 where it diverged.
  assert ours.area == pytest.approx(2**2.125)
  assert ours.area_ratio.ratio == pytest.approx(2**0.25)
  assert ours.time_ratio.ratio == pytest.approx((10 / 20 * 20 / 10) ** 0.5)
  assert (ours.final.median, ours.final.low) == (math.inf, math.inf)
  assert (ours.censored, ours.diverged, ours.failed) == (1, 1, 0.5)
  assert ours.ema is None
  assert arms['again'].final is None
  assert arms['again'].area_ratio is None
  assert base.area_ratio is None


def test_the_time_is_shown_on_three_axes():
  study, rows = small({('base', 0): (8, 4, 2), ('ours', 0): (8, 2, 1)}, (0,), 1)
  study.base['train']['critic_steps'] = 5
  assert arms_of(summarize(study, rows))['ours'].seconds is None
  rows = [x._replace(updates=3 * x.step, seconds=x.step / 4) for x in rows]
  arms = arms_of(summarize(study, rows))
  assert (arms['ours'].time, arms['ours'].updates) == (10, 30)
  assert (arms['ours'].seconds, arms['base'].seconds) == (2.5, 5)
  text = markdown.render(summarize(study, rows))
  assert '| 10 (0) | 30 | 2.5 |' in text
  # Rows of older versions have neither; the config says the updates.
  older = [x._replace(updates=None, seconds=NAN) for x in rows]
  assert '| 10 (0) | 50 | – |' in markdown.render(summarize(study, older))


def test_holm_counts_the_arms_of_all_tasks():
  one, two = (
    made.study(['ours'], seeds=8, tasks=tasks) for tasks in ('a', 'ab')
  )
  alone = arms_of(summarize(one, made.rows(one, [('ours', 0.8)])))['ours']
  both = arms_of(summarize(two, made.rows(two, [('ours', 0.8)])))['ours']
  assert alone.area_holm == alone.area_ratio.p == both.area_ratio.p == 2 / 256
  assert both.area_holm == 2 * alone.area_holm


def test_a_run_that_diverges_after_the_target_failed():
  study, rows = small({('base', 0): (2, 2, 2), ('ours', 0): (2, 2, NAN)}, (0,))
  arms = arms_of(summarize(study, rows))
  assert (arms['ours'].time, arms['ours'].censored) == (0, 0)
  assert arms['ours'].failed == 1
  # A time of 0 counts as the distance of two measurements.
  assert arms['ours'].time_ratio.ratio == 1
  assert arms['base'].failed == 0


def test_missing_runs_are_listed_and_left_out_on_both_sides():
  study = made.study(['ours', 'never'], seeds=5)
  gone = {('base', 1), ('ours', 3)}
  rows = [
    row
    for row in made.rows(study, [('ours', 0.5)])
    if (row.arm, row.seed) not in gone
    and row.arm != 'never'
    # An incomplete run does not count.
    and not (row.arm == 'ours' and row.seed == 4 and row.step == STEPS)
  ]
  summary = summarize(study, rows)
  assert (summary.expected, summary.found) == (20, 12)
  assert summary.missing == {
    'rings': {'base': (1,), 'ours': (3, 4), 'never': (0, 1, 2, 3, 4)}
  }
  ours = arms_of(summary)['ours']
  assert (ours.seeds, ours.missing) == (3, 2)
  assert ours.area_ratio.seeds == 2
  # The same as if the seeds had not been declared.
  few = dataclasses.replace(study, seeds=(0, 2))
  alone = arms_of(summarize(few, rows))['ours']
  assert ours.area_ratio == alone.area_ratio
  text = markdown.render(summary)
  assert '**8 of 20 runs are missing**' in text
  assert '- rings: base 1, ours 2, never 5' in text
  assert '| ours | 3 (2 missing) |' in text


def test_an_arm_without_runs_still_counts_for_holm():
  one, two = made.study(['ours'], seeds=6), made.study(['ours', 'b'], seeds=6)
  rows = made.rows(one, [('ours', 0.9)])
  alone, with_other = (arms_of(summarize(x, rows))['ours'] for x in (one, two))
  assert alone.area_holm == alone.area_ratio.p == 2 / 64
  assert with_other.area_holm == 2 * alone.area_holm


@pytest.mark.slow
def test_an_empty_study_has_a_summary(tmp_path):
  study = made.study(['ours'], tuned=['ours'])
  summary = report.write(study, [], tmp_path)
  assert summary.found == 0
  assert 'no pairs yet' in (tmp_path / 'summary.md').read_text()


def test_rows_of_other_seeds_are_left_out():
  study = made.study(['ours'], seeds=4)
  rows = made.rows(study)
  extra = made.run(study, study.tasks[0], 'ours', 100, factor=50)
  assert summarize(study, rows + extra) == summarize(study, rows)


def test_the_tuning_takes_the_seeds_that_all_arms_share():
  study = made.study(
    ['low', 'high', 'lone'],
    tuned=['low', 'high', 'lone'],
    families=[('low', 'grid'), ('high', 'grid')],
  )
  rows = made.rows(study, [('low', 0.9), ('high', 0.7), ('lone', 0.5)])
  rows = [x for x in rows if (x.arm, x.seed) != ('low', 101)]
  summary = summarize(study, rows)
  low, high, lone = summary.tasks[0].tuning
  assert (low.seeds, high.seeds, lone.seeds) == (2, 2, 2)
  assert [x.best for x in (low, high, lone)] == [False, False, True]
  assert [x.best_of_family for x in (low, high, lone)] == [False, True, True]
  assert 'low' not in arms_of(summary)
  text = markdown.render(summary)
  assert '| **lone** | lone | 2 |' in text
  assert '| best of its family |' in text
  values = [x.metrics[EXACT] for x in rows if x.arm == 'high']
  runs = np.log(np.array(values).reshape(3, -1)[[0, 2]])
  area = np.exp((runs.sum(1) - runs[:, [0, -1]].sum(1) / 2) / 16).mean()
  assert high.area == pytest.approx(area, rel=0.05)


def robust():
  """Two families of three settings; the baseline fails in one of them."""
  arms = ['base', 'base_2', 'base_3', 'ours', 'ours_2', 'ours_3']
  pairs = [(x, x[:4]) for x in arms]
  study = made.study(arms, seeds=6, tasks=('a', 'b'), families=pairs)
  return study, made.rows(study, [('base_3', 40), ('base_2', 1.2)])


def test_families_share_their_failures():
  study, rows = robust()
  rows = made.changed(rows, 'ours', 0, {STEPS: NAN})  # On both tasks.
  summary = summarize(study, rows).families
  assert [(x.task, x.family) for x in summary] == [
    ('a', 'base'), ('a', 'ours'), ('b', 'base'), ('b', 'ours'),
    (families.ALL_TASKS, 'base'), (families.ALL_TASKS, 'ours'),
  ]  # fmt: skip
  base, ours = summary[:2]
  assert base.failures.ours >= 6 / 18
  assert base.failures.ratio == 1
  assert base.holm is None
  assert ours.settings == 3
  assert ours.failures.ours == pytest.approx(1 / 18)
  assert ours.failures.difference_high < 0
  assert ours.failures.ratio == pytest.approx(1.5 / 6.5)
  # Seed 0 failed once on both sides, so its difference is 0.
  assert ours.holm == ours.failures.p == 2 / 32
  assert summary[5].settings == 6
  assert summary[5].failures.ours == pytest.approx(2 / 36)


def test_families_use_only_seeds_that_all_settings_have():
  study, rows = robust()
  cut = [x for x in rows if (x.task, x.arm, x.seed) != ('b', 'ours_2', 4)]
  seeds = [x.failures.seeds for x in summarize(study, cut).families]
  assert seeds == [6, 6, 6, 5, 6, 5]
  none = [x for x in rows if x.arm != 'ours_2']
  assert summarize(study, none).families[1].failures is None
  assert '| a | ours | 3 | 0 | –' in markdown.render(summarize(study, none))


def test_families_of_one_arm_have_no_table():
  study = made.study(['ours'], seeds=2)
  assert summarize(study, made.rows(study)).families == ()


def test_trace_points_give_the_coverage():
  study = made.study([], seeds=5)
  rows = made.rows(study, coverage=1.3)
  middle, end = summarize(study, rows).tasks[0].moments[:2]
  assert (middle.when, middle.step) == ('middle', 800)
  assert (end.when, end.step) == ('end', STEPS)
  for moment in (middle, end):
    assert moment.coverage == pytest.approx(1.3)
    assert moment.predicted == pytest.approx(moment.exact)  # 2 x 0.5 = 1.
    assert moment.overshoot == pytest.approx(1.3 * moment.exact)
    assert moment.distance == pytest.approx(0.8 * moment.exact)
    assert moment.critic_coverage == pytest.approx(1.3 / 0.8)
  assert (middle.ratio, middle.penalty_share) == (0.75, 0.1)
  last = [x.metrics[EXACT] for x in rows if x.arm == 'base' and x.step == STEPS]
  assert end.exact == pytest.approx(np.median(last))


def test_without_weight_or_exact_distance_nothing_is_predicted():
  study = made.study([], seeds=2)
  rows = [
    x._replace(trace={**x.trace, 'weight': 0.0}) for x in made.rows(study)
  ]
  moment = summarize(study, rows).tasks[0].moments[0]
  assert (moment.weight, moment.predicted, moment.coverage) == (0, None, None)
  assert (
    theory.exact_metric(Task('x', ('w1_9_digits',), 'w1_9_digits', 1)) == ''
  )
  digits = ('fid9_digits', 'w1_9_pixels')
  assert theory.exact_metric(Task('x', digits, digits[0], 1)) == 'w1_9_pixels'


def test_other_metrics_put_diverged_runs_on_their_worse_side():
  study = made.study([], seeds=3)
  rows = [
    x._replace(metrics={EXACT: NAN, OTHER: NAN})
    if x.step == STEPS and x.seed < 2 else x
    for x in made.rows(study)
  ]  # fmt: skip
  raw, averaged = summarize(study, rows).tasks[0].others[OTHER]['base']
  assert (raw, averaged) == (-math.inf, -math.inf)
  assert arms_of(summarize(study, rows))['base'].final.median == math.inf
  assert arms_of(summarize(study, rows))['base'].ema == math.inf


def test_a_metric_without_logarithm_is_named():
  study, rows = small({('ours', 0): (1, 0, 1)}, (0,))
  with pytest.raises(ValueError, match=f'{EXACT} of ours on line: A metric'):
    summarize(study, rows)


def test_numbers_are_formatted():
  values = (0.123456, 1234.5, 0.00012345, None, NAN, math.inf)
  assert [markdown.number(x) for x in values] == [
    '0.1235', '1234', '0.0001234', '–', '–', 'diverged'
  ]  # fmt: skip
  assert [markdown.probability(x) for x in (1.0, 0.0314, 1e-7, None)] == [
    '1', '0.031', '< 0.0001', '–'
  ]  # fmt: skip


@pytest.mark.slow
def test_files_hold_the_summary(tmp_path):
  study = made.study(['ours', 'tune'], seeds=3, tuned=['tune'])
  rows = made.changed(made.rows(study), 'ours', 0, {STEPS: NAN})
  summary = report.write(study, iter(rows), tmp_path / 'new')
  text = (tmp_path / 'new' / 'summary.json').read_text()
  assert 'NaN' not in text
  assert 'Infinity' not in text
  read = json.loads(text)
  arm = read['tasks'][0]['arms'][2]
  assert arm['arm'] == 'ours'
  assert arm['area_ratio']['low'] == summary.tasks[0].arms[2].area_ratio.low
  assert arm['area_ratio']['seeds'] == 3
  table = (tmp_path / 'new' / 'summary.md').read_text()
  assert table == markdown.render(summary)
  assert '(1 diverged)' in table
  lines = [x.count('|') for x in table.splitlines() if x.startswith('| ')]
  assert len(lines) > 10
