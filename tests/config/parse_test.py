"""Every wrong key or value is refused, with a sentence that says why."""

import importlib

import pytest

from configs import default
from jaxgan import config as config_lib
from jaxgan.config import flatten, from_config_dict, to_dict
from jaxgan.config.renamed import RENAMED

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
  assert from_config_dict(config) == config_lib.Config()
  keys = set(flatten(to_dict(config_lib.Config())))
  assert set(flatten(config)) == keys | set(RENAMED)


def test_the_default_file_is_locked_and_typed():
  config = default.get_config()
  for section in (config, config.penalty, config.optim.gen):
    with pytest.raises(AttributeError, match='locked'):
      section.misspelled = 1
  preset, *others = flatten(to_dict(config_lib.Config())['penalty'])
  assert config.penalty[preset] == 'iterative'
  assert all(config.penalty[key] is None for key in others)
  assert config.penalty.get_type('weight') is float
  with pytest.raises(TypeError):
    config.penalty.warmup_steps = 'many'


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
    ({'optim': {'gen': {'lrr': 1.0}}}, 'Unknown config key optim.gen.lrr; did '
     r'you mean optim.gen.lr\?'),
    ({'optim': {'gen': {'zzz': 1.0}}}, 'Unknown config key optim.gen.zzz; the '
     'keys there are b1, b2'),
    ({'sed': 1}, r'Unknown config key sed; did you mean seed\?'),
    ({'seed': 1.5}, 'seed is 1.5; it must be of type int'),
    ({'seed': True}, 'seed is True; it must be of type int'),
    ({'seed': -1}, r'seed is -1; it must be between 0 and 2'),
    ({'train': 3}, 'train is 3; it must be a mapping of keys'),
    ({'train': {'critic_steps': 0}}, r'steps is 0; .* at least 1\.'),
    ({'data': {'channels': 5}}, r'data.channels is 5; .* between 0 and 4\.'),
    ({'net': {'gen_widths': ()}}, 'net.gen_widths .* must be a tuple of int'),
    ({'net': {'gen_widths': (0,)}}, r'net.gen_widths is 0; .* at least 1\.'),
    ({'net': {'gen_widths': (1.5,)}}, 'net.gen_widths .* a tuple of int'),
    ({'penalty': {'power': 2.0}}, r'penalty.power is 2; .* between 0 and 1\.'),
    ({'penalty': {'floor': -0.1}}, r'floor is -0.1; .* between 0 and 1\.'),
    ({'penalty': {'preset': 'wgangp'}}, "penalty.preset is 'wgangp'; it must "
     'be one of dragan, following, iterative, literal, none, r1, r3gan, '
     'r3gan_iterative, wgan, wgan_gp, wgan_lp'),
    ({'penalty': {'sides': 'both'}}, "penalty.sides is 'both'; .* one, two"),
    ({'optim': {'gen': {'lr': float('nan')}}}, 'optim.gen.lr is nan'),
    ({'penalty': 3}, 'penalty is 3; it must be a mapping of keys'),
    ({'data': {'attributes': (1,)}}, 'attributes .* must be a tuple of str'),
    ({'regularisers': {'augment': 'cutout'}}, 'must be a tuple of str'),
    ({'regularisers': {'augment': ('cutout', 'flip')}}, "augment is 'flip'; it "
     'must be one of colour, cutout, translation'),
    ({'train': {'batch_doubles_at': ('a',)}}, 'must be a tuple of int'),
    ({'train': {'batch_doubles_at': (0,)}}, r'is 0; it must be at least 1\.'),
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
  for preset in config_lib.PRESETS:
    config = from_config_dict({'penalty': {'preset': preset}})
    assert from_config_dict(to_dict(config)) == config


@pytest.mark.parametrize(
  ('key', 'similar'),
  [
    ('lr', 'optim.critic.lr or optim.gen.lr'),
    ('train.lr', 'optim.critic.lr or optim.gen.lr'),
    ('optm.gen.b1', 'optim.critic.b1 or optim.gen.b1'),
    ('train.critic_step', 'train.critic_steps'),
    ('learning_rate', 'optim.critic.lr or optim.gen.lr'),
    ('optim.gen.learning_rate', 'optim.gen.lr'),
    ('batch', 'train.batch_size'),
    ('train.n_critic', 'train.critic_steps'),
    ('lambda', 'penalty.weight'),
    ('penalty.lambda_gp', 'penalty.weight'),
    ('epochs', 'train.steps'),
    ('train.iterations', 'train.steps'),
    ('latent_dim', 'net.latent_size'),
    ('ema', 'train.ema_decay'),
    ('beta1', 'optim.critic.b1 or optim.gen.b1'),
    ('trian', 'train'),
    ('net.widths', 'net.gen_widths or net.critic_widths'),
    ('wieght_decay', 'optim.critic.weight_decay or optim.gen.weight_decay'),
  ],
)
def test_an_unknown_key_gets_the_similar_ones(key, similar):
  known = flatten(to_dict(config_lib.Config()))
  sentence = config_lib.unknown_key(key, known)
  assert sentence == f'Unknown config key {key}; did you mean {similar}?'


def test_a_section_is_no_key():
  known = ['optim.gen.lr', 'optim.gen.b1', 'seed']
  sentence = 'optim.gen is a section; name one of its keys, such as'
  assert sentence in config_lib.unknown_key('optim.gen', known)


def test_replace_copies_what_it_changes():
  values = {'optim': {'gen': {'lr': 1.0, 'b1': 0.5}}, 'seed': 0}
  new = config_lib.replace(values, {'optim.gen.lr': 2.0, 'train.steps': 3})
  assert new == {
    'optim': {'gen': {'lr': 2.0, 'b1': 0.5}},
    'seed': 0,
    'train': {'steps': 3},
  }
  assert values == {'optim': {'gen': {'lr': 1.0, 'b1': 0.5}}, 'seed': 0}
