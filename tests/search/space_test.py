"""Every mistake in a space or an objective is one sentence before any work."""

import importlib

import pytest

from jaxgan.config import from_config_dict
from jaxgan.search import objective, space
from jaxgan.search import study as study_lib

BASE = {
  'net': {'name': 'mlp', 'gen_widths': (8,), 'critic_widths': (8,)},
  'eval': {'every_steps': 100},
  'log': {'every_steps': 50},
}
LR = {'low': 1e-5, 'high': 1e-1, 'log': True}


@pytest.mark.parametrize(
  ('values', 'sentence'),
  [
    ({}, 'The space is empty'),
    ({'optim.gen.rate': LR}, 'The space: Unknown config key optim.gen.rate; '),
    ({'optim.gen': LR}, 'The space: optim.gen is a section; name one'),
    ({'eval.num_images': LR}, 'defines how runs are measured'),
    ({'optim.gen.lr': 1e-3}, "is 0.001; it must be {'low'"),
    ({'optim.gen.lr': {'low': 1.0}}, 'optim.gen.lr in the space has no high'),
    ({'optim.gen.lr': {**LR, 'step': 2}}, "'step'; it must be one of choices"),
    ({'optim.gen.lr': {**LR, 'low': 0.0}}, 'above 0 in a logarithmic range'),
    ({'optim.gen.lr': {**LR, 'low': 1.0}}, 'it must be less than high'),
    ({'optim.gen.lr': {**LR, 'low': '1'}}, "is '1'; it must be a number"),
    ({'optim.gen.lr': {**LR, 'log': 1}}, 'it must be a bool'),
    ({'optim.gen.lr': {**LR, 'num': 1}}, 'at least 2'),
    ({'optim.gen.lr': {**LR, 'choices': (1.0,)}}, 'either choices or a range'),
    ({'optim.gen.lr': {'low': -1.0, 'high': 1.0}}, r'optim.gen.lr is -1; it'),
    ({'optim.gen.b1': {'low': 0.5, 'high': 1.5}}, r'optim.gen.b1 is 1.5; it'),
    ({'train.critic_steps': {'low': 1, 'high': 5}}, "must have 'int': True"),
    (
      {'train.critic_steps': {'low': 1, 'high': 2.5, 'int': True}},
      'high of train.critic_steps in the space is 2.5; it must be an integer',
    ),
    ({'optim.gen.name': {'low': 1, 'high': 2}}, "is 'adam' in the config"),
    ({'optim.gen.name': {'choices': ()}}, 'at least one value'),
    ({'optim.gen.name': {'choices': ('sgd', 'sgd')}}, 'repeats a value'),
    ({'optim.gen.name': {'choices': ('adam', 'adagrad')}}, 'adagrad'),
    ({'net.gen_widths': {'choices': ((8,), (0,))}}, 'net.gen_widths is 0; it'),
  ],
)
def test_a_bad_space_is_refused(values, sentence):
  with pytest.raises(ValueError, match=sentence):
    space.parse(values, BASE)


def test_a_grid_takes_every_combination():
  parsed = space.parse(
    {
      'optim.gen.lr': {**LR, 'num': 3},
      'train.critic_steps': {'low': 1, 'high': 2, 'int': True},
      'net.gen_widths': {'choices': ((8,), (4, 4))},
    },
    BASE,
  )
  points = space.grid(parsed)
  rates = [p['optim.gen.lr'] for p in points[::4]]
  assert rates == pytest.approx([1e-5, 1e-3, 1e-1])
  assert [tuple(p.values())[1:] for p in points[:4]] == [
    (1, '[8]'), (1, '[4, 4]'), (2, '[8]'), (2, '[4, 4]'),
  ]  # fmt: skip
  with pytest.raises(ValueError, match="a grid needs choices, or 'num'"):
    space.grid(space.parse({'optim.gen.lr': LR}, BASE))


def test_a_space_survives_json_and_storage():
  """Tuples, which are text in a storage and lists in JSON, are restored."""
  import json

  values = {'net.gen_widths': {'choices': ((8,), (4, 4))}, 'optim.gen.lr': LR}
  parsed = space.parse(values, BASE)
  again = space.from_plain(json.loads(json.dumps(space.to_plain(parsed))))
  assert again == parsed
  params = {'net.gen_widths': '[4, 4]', 'optim.gen.lr': 0.01}
  config = space.make_config(BASE, study_lib.config_values(parsed, params))
  assert (config.net.gen_widths, config.optim.gen.lr) == ((4, 4), 0.01)


def test_a_preset_brings_its_own_values():
  config = space.make_config(BASE, {'penalty.preset': 'r1'})
  assert (config.penalty.points, config.penalty.weight) == ('real', 5.0)


def test_the_first_trial_is_the_config_itself_where_it_fits():
  parsed = space.parse({'optim.gen.lr': LR}, BASE)
  assert space.initial(parsed, BASE) == [{'optim.gen.lr': 1e-4}]
  parsed = space.parse({'optim.gen.lr': {'low': 0.1, 'high': 1.0}}, BASE)
  assert space.initial(parsed, BASE) == []


def test_the_shipped_space_fits_its_config():
  values = importlib.import_module('configs.search.digits').get_space()
  base = importlib.import_module('configs.digits').get_config().to_dict()
  parsed = space.parse(values, base)
  assert space.initial(parsed, base)
  assert len(space.grid(parsed)) == 500


def test_a_space_has_a_name_and_is_found_from_any_folder(tmp_path, monkeypatch):
  monkeypatch.chdir(tmp_path)
  named = space.load('search/digits')
  assert named == importlib.import_module('configs.search.digits').get_space()


def test_a_space_file_is_read_or_refused(tmp_path):
  path = tmp_path / 'space.py'
  with pytest.raises(ValueError, match='--space: There is no config'):
    space.load(str(path))
  path.write_text('x = 1\n')
  with pytest.raises(ValueError, match=r'has no get_space\(\)'):
    space.load(str(path))
  path.write_text('def get_space():\n  return {"seed": 1}\n')
  assert space.load(str(path)) == {'seed': 1}


@pytest.mark.parametrize(
  ('metric', 'direction', 'sentence'),
  [
    ('', 'minimise', '--metric is missing and eval.metrics names 0'),
    ('loss', 'minimise', "'loss' is not a metric"),
    ('is100_digits', 'minimise', 'is better high and --direction is minimise'),
    ('fid100_digits', 'maximise', 'is better low and --direction is maximise'),
    ('diversity', 'minimise', 'is better high'),
    ('msssim100_pixels', 'minimise', 'its best value between low and high'),
  ],
)
def test_a_bad_objective_is_refused(metric, direction, sentence):
  with pytest.raises(ValueError, match=sentence):
    objective.parse(BASE, metric, direction)


def test_the_metric_of_the_objective_is_evaluated():
  values, gap = objective.parse(BASE, 'w1_100_pixels', 'minimise')
  assert from_config_dict(values).eval.metrics == ('w1_100_pixels',)
  assert objective.parse(values, '', 'minimise')[1] == gap
  values, _ = objective.parse(BASE, 'gap', 'minimise')
  assert from_config_dict(values).eval.metrics == ()
  slow = {**BASE, 'log': {'every_steps': 30}}
  with pytest.raises(ValueError, match='the first must be a multiple'):
    objective.parse(slow, 'gap', 'minimise')
