"""Tests of study files: their runs, and the values that are refused."""

import dataclasses

import pytest

from configs.studies import (
  beyond,
  controls,
  digits,
  few_images,
  flowers,
  mnist,
  robust,
  robust_parts,
  robust_toy,
  small,
  stacked_mnist,
  too_large,
  toy,
)
from jaxgan.config import from_config_dict
from jaxgan.study import spec

BASE = {
  'data': {'name': 'gaussians8'},
  'net': {'name': 'mlp', 'gen_widths': (8,), 'critic_widths': (8,)},
  'penalty': {'preset': 'wgan_gp', 'weight': 3.0},
  'train': {'steps': 7, 'batch_size': 8},
}
TASK = {
  'name': 'ring',
  'metrics': ['w1_100_pixels', 'swd100_pixels'],
  'metric': 'w1_100_pixels',
  'target': 0.5,
  'changes': {'train': {'critic_steps': 2}},
}
ARMS = (
  {'name': 'a', 'tuned': 'grid'},
  {'name': 'b', 'changes': {'penalty': {'points': 'warp'}}},
  {
    'name': 'c',
    'tunes': True,
    'family': 'grid',
    'by_task': {'ring': {'penalty': {'weight': 0.25}}},
  },
)


def values(**others):
  return {
    'name': 'test', 'base': BASE, 'tasks': (TASK,), 'arms': ARMS,
    'baseline': 'a', 'again': 'a', 'tuning_seeds': (0, 1), 'seeds': (5, 6, 7),
    'every_steps': 3, 'block': 2, **others,
  }  # fmt: skip


def test_arm_changes_win_over_task_changes_over_the_base():
  study = spec.parse(values())
  config = study.config(study.tasks[0], study.arm('b'))
  assert config.train.critic_steps == 2
  assert config.penalty.points == 'warp'
  assert config.penalty.controller == 'constant'
  assert config.penalty.weight == 3.0
  tuned = study.config(study.tasks[0], study.arm('c'))
  assert (tuned.penalty.weight, tuned.penalty.points) == (0.25, 'uniform')


def test_a_preset_of_an_arm_wins_over_the_base():
  base = {**BASE, 'penalty': {'smoothing': 0.9, 'warmup_steps': 100}}
  literal = {'preset': 'literal'}
  arms = (
    *ARMS,
    {'name': 'd', 'changes': {'penalty': literal}},
    {'name': 'e', 'changes': {'penalty': {**literal, 'smoothing': 0.5}}},
  )
  study = spec.parse(values(base=base, arms=arms))
  b, d, e = (
    study.config(study.tasks[0], study.arm(name)).penalty for name in 'bde'
  )
  assert (b.smoothing, b.warmup_steps) == (0.9, 100)
  assert (d.smoothing, d.warmup_steps) == (0.0, 1)
  assert (e.smoothing, e.warmup_steps) == (0.5, 1)


@pytest.mark.parametrize('file', [toy, digits])
def test_the_literal_arm_is_literal(file):
  study = spec.parse(file.get_config())
  for task in study.tasks:
    own = study.config(task, study.arm('literal')).penalty
    assert (own.points, own.controller, own.distance) == (
      'ratio', 'literal', 'gap',
    )  # fmt: skip
    # No smoothing and no limit of the rate; the first distance is the
    # reference.
    assert (own.smoothing, own.rate, own.warmup_steps) == (0, 1, 1)
    other = study.config(task, study.arm('literal, smoothed')).penalty
    assert (other.smoothing, other.warmup_steps) == (0.9, 100)


def test_weights_that_are_too_large_are_compared_on_fresh_seeds():
  study = spec.parse(too_large.get_config())
  others = (beyond, controls, digits, mnist, robust, small, toy)
  for other in (spec.parse(x.get_config()) for x in others):
    assert not {*study.seeds} & {*other.seeds, *other.tuning_seeds}
  weights = {
    (task.changes['data']['name'], study.config(task, arm).penalty.weight)
    for task in study.tasks
    for arm in study.arms
  }
  assert len(weights) == 9
  assert len(study.seeds) >= 8


def test_the_controls_are_tuned_alike():
  study = spec.parse(controls.get_config())
  tuning = [arm.family for arm in study.arms if arm.tunes]
  assert {tuning.count(family) for family in tuning} == {4}
  assert set(tuning) == {arm.tuned for arm in study.arms if not arm.tunes}
  assert len(set(tuning)) == 10
  task = study.tasks[1]
  config = study.config(task, study.arm('spectral norm'))
  assert (config.net.critic_norm, config.penalty.weight) == ('spectral', 0)
  plain = spec.parse(toy.get_config())
  theirs = plain.config(plain.tasks[1], plain.arm('wgan_gp'))
  ours = study.config(task, study.arm('wgan_gp'))
  for section in ('data', 'net', 'optim', 'train', 'loss'):
    assert getattr(ours, section) == getattr(theirs, section)


def test_a_replay_wins_over_all_changes():
  study = spec.parse(values())
  config = study.config(study.tasks[0], study.arm('b'), 'curve.jsonl')
  assert config.penalty.controller == 'replay'
  assert config.penalty.replay == 'curve.jsonl'
  assert config.penalty.points == 'warp'


def test_blocks_cover_every_run_once():
  study = spec.parse(values())
  test = [(b.arm.name, b.seeds) for b in study.blocks(tuning=False)]
  assert test == [('a', (5, 6)), ('a', (7,)), ('b', (5, 6)), ('b', (7,))]
  assert [(b.arm.name, b.seeds) for b in study.blocks(tuning=True)] == [
    ('c', (0, 1))
  ]


def test_the_grid_ends_with_the_last_step():
  study = spec.parse(values())
  assert study.grid(study.tasks[0]) == (0, 3, 6, 7)


def test_a_stored_study_reads_back():
  study = spec.parse(values())
  assert spec.parse(dataclasses.asdict(study)) == study


@pytest.mark.parametrize('variant', ['', 'tiny'])
@pytest.mark.parametrize('file', [toy, digits, mnist])
def test_the_study_files_are_sound(file, variant):
  study = spec.parse(file.get_config(variant))
  names = {arm.name for arm in study.arms}
  assert {'wgan_gp', 'wgan_gp again', 'iterative', 'yoked'} <= names
  task = study.tasks[0]
  same = [study.config(task, study.arm(x)) for x in ('wgan_gp', study.again)]
  assert same[0] == same[1]


def test_the_study_of_new_rules_keeps_to_fresh_seeds():
  study, earlier = (spec.parse(x.get_config()) for x in (beyond, digits))
  assert not set(study.seeds) & {*earlier.seeds, *earlier.tuning_seeds}
  tuned = {arm.name: arm.tuned for arm in study.arms if not arm.tunes}
  grids = {}
  for arm in study.arms:
    if arm.tunes:
      weight = study.config(study.tasks[0], arm).penalty.weight
      grids.setdefault(arm.family, []).append(weight)
  assert set(tuned.values()) == set(grids)
  assert len({str(grid) for grid in grids.values()}) == 1, 'equal tuning'


def test_the_preset_is_the_rule_that_was_studied():
  study = spec.parse(beyond.get_config())
  studied = study.config(study.tasks[0], study.arm('following')).penalty
  values = {**study.base['penalty'], 'preset': 'following'}
  preset = from_config_dict({**study.base, 'penalty': values}).penalty
  for key in ('points', 'controller', 'sides', 'target_law', 'decay'):
    assert getattr(preset, key) == getattr(studied, key), key


@pytest.mark.parametrize('variant', ['', 'tiny'])
def test_few_images_are_evaluated_on_the_unseen_rest(variant):
  study = spec.parse(small.get_config(variant))
  configs = [study.config(study.tasks[0], arm) for arm in study.arms]
  assert {c.data.split for c in configs} == {'train[:500]'}
  assert {c.eval.split for c in configs} == {'train[500:]'}
  assert not configs[0].regularisers.augment
  assert all(c.regularisers.augment for c in configs[1:])


@pytest.mark.parametrize('variant', ['', 'tiny'])
@pytest.mark.parametrize('file', [robust, robust_toy, robust_parts])
def test_a_robust_study_gives_each_family_the_same_settings(file, variant):
  study = spec.parse(file.get_config(variant))
  settings = {}
  for arm in study.arms:
    _, *setting = arm.name.split(', ')
    settings.setdefault(arm.family, []).append(setting)
    config = study.config(study.tasks[0], arm)
    values = (config.penalty.weight, config.optim.gen.lr)
    assert [f'{x:g}' for x in (*values, config.train.critic_steps)] == setting
  assert len({str(x) for x in settings.values()}) == 1
  assert {'wgan_gp'} < set(settings)


@pytest.mark.parametrize(
  ('changed', 'words'),
  [
    ({'colour': 1}, "has a key that is 'colour'"),
    ({'tasks': ({**TASK, 'colour': 1},)}, "A task has a key that is 'colour'"),
    ({'tasks': ({'name': 'x'},)}, 'A task has no metrics'),
    ({'tasks': ()}, 'at least one'),
    ({'arms': (*ARMS, ARMS[0])}, 'with different names'),
    ({'baseline': 'z'}, 'baseline is'),
    ({'again': 'z'}, 'again is'),
    ({'seeds': ()}, 'at least one seed'),
    ({'seeds': (1, 2)}, 'no seed twice'),
    ({'tuning_seeds': ()}, 'tuning_seeds is empty'),
    ({'every_steps': 0}, 'must be at least 1'),
    ({'tasks': ({**TASK, 'metric': 'fid2k_pixels'},)}, 'metric of ring'),
    ({'tasks': ({**TASK, 'metrics': ['x']},)}, 'is not a metric'),
    (
      {
        'tasks': (
          {**TASK, 'metrics': ['kid99_pixels'], 'metric': 'kid99_pixels'},
        )
      },
      'its values must be above 0',
    ),
    ({'baseline': 'b', 'tasks': ({**TASK, 'target': 0},)}, 'above 0'),
    ({'arms': (*ARMS, {'name': 'd', 'tuned': 'e'})}, 'tuned of arm d'),
    ({'arms': (*ARMS, {'name': 'd', 'replays': 'e'})}, 'replays of arm d'),
    ({'arms': (*ARMS, {'name': 'd', 'by_task': {'e': {}}})}, 'by_task of arm'),
    (
      {'arms': (*ARMS, {'name': 'd', 'changes': {'penalty': {'power': 2.0}}})},
      'Arm d on ring: penalty.power is 2',
    ),
    (
      {'arms': (*ARMS, {'name': 'd', 'changes': {'train': {'steps': 9}}})},
      'must take the same number',
    ),
  ],
)
def test_invalid_studies_are_refused(changed, words):
  with pytest.raises(ValueError, match=words):
    spec.parse(values(**changed))


@pytest.mark.parametrize(
  'file', [controls, few_images, flowers, stacked_mnist, too_large]
)
@pytest.mark.parametrize('variant', ['', 'tiny'])
def test_studies_that_are_not_run_yet_can_start(file, variant):
  study = spec.parse(file.get_config(variant))
  for block in study.blocks(tuning=False):
    assert study.config(block.task, block.arm).train.steps > 5


@pytest.mark.parametrize(
  'values',
  [
    flowers.get_config(),
    few_images.get_config(),
    few_images.get_config('faces'),
  ],
)
def test_the_families_of_photographs_are_tuned_alike(values):
  study = spec.parse(values)
  tuning = [arm.family for arm in study.arms if arm.tunes]
  assert {tuning.count(family) for family in tuning} == {3}
  assert set(tuning) == {arm.tuned for arm in study.arms if not arm.tunes}
