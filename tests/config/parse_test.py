"""Every wrong key or value is refused, with a sentence that says why."""

import dataclasses
import importlib

import pytest

from configs import default
from jaxgan import config as schema
from jaxgan.config import flatten, from_config_dict, to_dict

NAMES = (
  'default', 'digits', 'mnist', 'cifar10', 'celeba', 'folder', 'table', 'toy',
)  # fmt: skip

# Keys that scripts may rely on.
STABLE_KEYS = (
  'seed', 'data.name', 'data.path', 'data.image_size', 'train.steps',
  'train.batch_size', 'train.critic_steps', 'net.name', 'optim.gen.lr',
  'optim.critic.lr', 'penalty.points', 'penalty.controller', 'penalty.weight',
  'eval.every_steps', 'log.every_steps', 'checkpoint.every_steps',
)  # fmt: skip


def test_the_default_file_and_the_schema_agree():
  config = default.get_config()
  assert from_config_dict(config) == schema.Config()
  assert set(flatten(config)) == set(flatten(to_dict(schema.Config())))


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('variant', ['', 'tiny'])
def test_every_file_is_valid_and_complete(name, variant):
  config = importlib.import_module(f'configs.{name}').get_config(variant)
  assert set(STABLE_KEYS) <= set(flatten(to_dict(from_config_dict(config))))
  assert config.train.steps == 6 or not variant


@pytest.mark.parametrize('name', NAMES)
def test_an_unknown_variant_is_refused(name):
  with pytest.raises(ValueError, match=r"no variant 'smal'; it has :tiny"):
    importlib.import_module(f'configs.{name}').get_config('smal')


@pytest.mark.parametrize(
  ('values', 'sentence'),
  [
    ({'optim': {'gen': {'lrr': 1.0}}}, 'Unknown config key optim.gen.lrr; the '
     'keys there are b1, b2'),
    ({'sed': 1}, 'Unknown config key sed;'),
    ({'seed': 1.5}, 'seed is 1.5; it must be of type int'),
    ({'seed': True}, 'seed is True; it must be of type int'),
    ({'seed': -1}, r'seed is -1; it must be in \[0,'),
    ({'train': 3}, 'train is 3; it must hold keys of its own'),
    ({'train': {'critic_steps': 0}}, r'train.critic_steps is 0; .* \[1, inf\]'),
    ({'data': {'channels': 5}}, r'data.channels is 5; it must be in \[0, 4\]'),
    ({'net': {'gen_widths': ()}}, 'net.gen_widths .* must be a tuple of int'),
    ({'net': {'gen_widths': (0,)}}, r'net.gen_widths is 0; .* \[1, inf\]'),
    ({'net': {'gen_widths': (1.5,)}}, 'net.gen_widths .* a tuple of int'),
    ({'penalty': {'power': 2.0}}, r'penalty.power is 2; .* \[0, 1\]'),
    ({'penalty': {'floor': -0.1}}, r'penalty.floor is -0.1; .* \[0, 1\]'),
    ({'penalty': {'preset': 'wgangp'}}, "penalty.preset is 'wgangp'; it must "
     'be one of dragan, following, iterative, literal, none, r1, wgan, '
     'wgan_gp, wgan_lp'),
    ({'penalty': {'sides': 'both'}}, "penalty.sides is 'both'; .* one, two"),
    ({'optim': {'gen': {'lr': float('nan')}}}, 'optim.gen.lr is nan'),
    ({'net': {'critic_norm': 'batch'}}, 'net.critic_norm is batch and '
     'penalty.weight is above 0; batch norm mixes the examples'),
    ({'penalty': {'target_law': 'ratio'}}, 'must be one-sided'),
    ({'penalty': {'controller': 'replay'}}, 'replay needs the metrics.jsonl'),
    ({'penalty': {'replay': 'x'}}, 'nothing else takes one'),
    ({'data': {'attributes': ('Male',)}}, r"data.attributes is \('Male',\) and "
     'data.name is digits; attributes are of celeb_a, celeba alone'),
    ({'data': {'name': 'celeba', 'attributes': ('Male', 'Male')}}, 'each once'),
    ({'data': {'name': 'celeba', 'attributes': tuple('abcdef')}}, 'at most 5'),
    ({'data': {'attributes': (1,)}}, 'attributes .* must be a tuple of str'),
    ({'data': {'image_width': 8}}, 'a width needs a height'),
    ({'train': {'gen_batch_size': 1}}, 'gen_batch_size is 1, and one fake'),
    ({'train': {'batch_doubles_at': (9, 5)}}, r'is \(9, 5\); each step must'),
    ({'train': {'batch_doubles_at': ('a',)}}, 'must be a tuple of int'),
    ({'train': {'batch_doubles_at': (0,)}}, r'must be in \[1, inf\]'),
    ({'guard': {'action': 'pray'}}, "guard.action is 'pray'; .* off, rollback"),
  ],
)  # fmt: skip
def test_a_bad_value_gets_a_sentence(values, sentence):
  with pytest.raises(ValueError, match=sentence) as caught:
    from_config_dict(values)
  assert str(caught.value).count('.\n') == 0


def test_a_preset_gives_what_is_not_given():
  config = from_config_dict({'penalty': {'preset': 'wgan_gp', 'weight': 3}})
  assert config.penalty.points == 'uniform'
  assert config.penalty.controller == 'constant'
  assert config.penalty.weight == 3.0


def test_none_is_what_the_preset_says():
  config = from_config_dict({'penalty': {'preset': 'r1', 'target': None}})
  assert config.penalty.target == 0.0


def test_a_resolved_configuration_resolves_to_itself():
  for preset in schema.PRESETS:
    config = from_config_dict({'penalty': {'preset': preset}})
    assert from_config_dict(to_dict(config)) == config


def test_batch_norm_is_allowed_without_a_penalty():
  config = from_config_dict(
    {'net': {'critic_norm': 'batch'}, 'penalty': {'preset': 'wgan'}}
  )
  assert config.net.critic_norm == 'batch'


def test_every_field_is_documented():
  for kind in (
    schema.Data, schema.Net, schema.Loss, schema.Penalty, schema.Regularisers,
    schema.Optimizer, schema.Train, schema.Eval, schema.Guard,
    schema.Checkpoint,
  ):  # fmt: skip
    for field in dataclasses.fields(kind):
      assert field.name in kind.__doc__, (kind, field.name)
