"""Tests of tuned weights and targets against cases worked by hand."""

import math

import pytest
from study import spec_test as study_spec_test

from jaxgan.study import runs, spec, tuning
from jaxgan.study.results import Row

METRIC = 'w1_100_pixels'


def study(target=0.0, **others):
  grid = [
    {
      'name': f'{weight:g}',
      'family': 'grid',
      'tunes': True,
      'changes': {'penalty': {'weight': weight}},
    }
    for weight in (0.5, 2.0, 8.0)
  ]
  arms = (
    {'name': 'a', 'tuned': 'grid'},
    {'name': 'b', 'tuned': 'grid', 'scale': 2.0},
    {'name': 'c'},
    *grid,
  )
  task = {**study_spec_test.TASK, 'target': target}
  return spec.parse(study_spec_test.values(arms=arms, tasks=(task,), **others))


def rows(curves):
  """Rows of two tuning seeds; the second's curve is twice the first's."""
  return [
    Row('ring', arm, seed, step, {METRIC: value * (seed + 1)}, {})
    for arm, values in curves.items()
    for seed in (0, 1)
    for step, value in zip((0, 3, 6, 7), values, strict=True)
  ]


def best(curves):
  declared = study()
  collected = runs.collect(declared, rows(curves))['ring']
  return tuning.best(declared, collected, declared.tasks[0], 'grid').name


# The areas over steps 0, 3, 6, 7 of log2: 2 -> (3 + 1.5) / 7 ...
CURVES = {
  '0.5': (4, 2, 2, 2),
  '2': (4, 2, 1, 1),
  '8': (4, 4, 4, 0.5),
}


def test_the_least_area_is_best():
  assert best(CURVES) == '2'


def test_a_run_that_diverges_is_not_best():
  curves = {**CURVES, '2': (4, 2, math.nan, math.nan)}
  assert best(curves) == '0.5'


def test_arms_take_the_tuned_weight_times_their_scale():
  resolved = tuning.resolve(study(), rows(CURVES))
  weights = {
    arm.name: resolved.config(resolved.tasks[0], arm).penalty.weight
    for arm in resolved.arms
  }
  assert weights == {'a': 2, 'b': 4, 'c': 3, '0.5': 0.5, '2': 2, '8': 8}


def test_the_target_is_the_median_after_half_of_the_steps():
  # Step 3 of 7 is nearest to half; the best arm has 2 and 4 there.
  assert tuning.resolve(study(), rows(CURVES)).tasks[0].target == 3.0


def test_a_target_that_was_given_stays():
  assert tuning.resolve(study(0.7), rows(CURVES)).tasks[0].target == 0.7


def test_missing_runs_are_named():
  some = [row for row in rows(CURVES) if (row.arm, row.seed) != ('8', 1)]
  with pytest.raises(ValueError, match='run of 8 on ring with seed 1 is miss'):
    tuning.resolve(study(), some)


def test_values_other_than_the_weight_are_carried_over():
  def clips(bound):
    penalty = {'preset': 'wgan', 'clip': bound}
    return {
      'name': f'clip {bound}', 'family': 'clip', 'tunes': True,
      'changes': {'penalty': penalty},
    }  # fmt: skip

  clipped = {'penalty': {'preset': 'wgan'}}
  arms = (
    {'name': 'a', 'tuned': 'clip', 'changes': clipped},
    {'name': 'b'},
    clips(0.1),
    clips(0.2),
  )
  task = {**study_spec_test.TASK, 'target': 0.5}
  declared = spec.parse(study_spec_test.values(arms=arms, tasks=(task,)))
  curves = {'clip 0.1': (9, 9, 9, 9), 'clip 0.2': (9, 4, 4, 4)}
  resolved = tuning.resolve(declared, rows(curves))
  penalty = resolved.config(resolved.tasks[0], resolved.arm('a')).penalty
  assert (penalty.clip, penalty.weight) == (0.2, 0)
