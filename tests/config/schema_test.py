"""Every key is documented; its choices are the names that the code knows."""

import dataclasses
import math

import pytest

from jaxgan import config as config_lib
from jaxgan.config import from_config_dict
from jaxgan.config.schema.fields import range_text
from jaxgan.gan import augment, controller, losses, optimizers, points
from jaxgan.nets import catalog, initializers, layers


def fields(section=None, prefix=''):
  """(key with dots, field) of every key."""
  section = section or config_lib.Config()
  for field in dataclasses.fields(section):
    if dataclasses.is_dataclass(field.default):
      yield from fields(field.default, f'{prefix}{field.name}.')
    else:
      yield prefix + field.name, field


@pytest.mark.parametrize(('key', 'field'), [*fields()])
def test_every_key_has_a_sentence(key, field):
  sentence = field.metadata['doc']
  assert sentence.endswith('.'), key
  assert not sentence.startswith(' ')
  assert '  ' not in sentence


TABLES = {
  'net.name': catalog.NETS,
  'net.init': {'default', *initializers.INITS},
  'net.gen_activation': {'default', *layers.ACTIVATIONS},
  'net.critic_activation': {'default', *layers.ACTIVATIONS},
  'loss.name': losses.LOSSES,
  'penalty.preset': config_lib.PRESETS,
  'penalty.points': {*points.LAWS, 'dragan', 'real_and_fake'},
  'penalty.controller': {*controller.WEIGHTS, 'replay'},
  'penalty.distance': controller.DISTANCES,
  'optim.gen.name': optimizers.OPTIMIZERS,
  'optim.critic.name': optimizers.OPTIMIZERS,
  'optim.gen.schedule': optimizers.SCHEDULES,
  'optim.critic.schedule': optimizers.SCHEDULES,
  'regularisers.augment': augment.AUGMENTS,
}


@pytest.mark.parametrize('key', TABLES)
def test_choices_are_the_names_that_the_code_knows(key):
  choices = dict(fields())[key].metadata['choices']
  assert len(set(choices)) == len(choices)
  assert set(choices) == set(TABLES[key])


@pytest.mark.parametrize('key', [*TABLES, 'game'])
def test_an_unknown_name_lists_the_known(key):
  choices = dict(fields())[key].metadata['choices']
  name = ('magic',) if key == 'regularisers.augment' else 'magic'
  sentence = f"{key} is 'magic'; it must be one of {', '.join(sorted(choices))}"
  with pytest.raises(ValueError, match=sentence):
    from_config_dict(config_lib.replace({}, {key: name}))


@pytest.mark.parametrize(
  ('low', 'high', 'text'),
  [
    (1, math.inf, 'at least 1'),
    (-math.inf, 0, 'at most 0'),
    (0, 1, 'between 0 and 1'),
    (-math.inf, math.inf, 'any number'),
  ],
)
def test_ranges_are_in_words(low, high, text):
  assert range_text(low, high) == text
