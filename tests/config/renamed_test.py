"""Keys of older versions still open, and contradict nothing in silence."""

import json
import re

import pytest

import jaxgan
from jaxgan.config import from_config_dict, help_text
from jaxgan.storage import workdir

OLD_FILE = """
from configs import default


def get_config(variant=''):
  config = default.get_config()
  config.net.compute_dtype = 'bfloat16'
  return config
"""


@pytest.fixture
def old_file(tmp_path):
  path = tmp_path / 'old.py'
  path.write_text(OLD_FILE)
  return str(path)


@pytest.mark.parametrize(
  ('old', 'new'), [('float32', 'float32'), ('bfloat16', 'bf16')]
)
def test_the_workdir_of_an_older_version_opens(old, new, tmp_path):
  values = {'net': {'name': 'mlp', 'compute_dtype': old}}
  (tmp_path / 'config.json').write_text(json.dumps(values))
  config = workdir.load_config(tmp_path)
  assert config.train.precision == new
  changed = {'net': {'name': 'mlp'}, 'train': {'precision': new}}
  workdir.check_config(tmp_path, from_config_dict(changed))
  changed['train']['precision'] = 'tf32'
  with pytest.raises(ValueError, match=rf'precision \({new} there, tf32 now\)'):
    workdir.check_config(tmp_path, from_config_dict(changed))


def test_an_old_config_file_still_means_the_same(old_file):
  assert jaxgan.load_config(old_file).train.precision == 'bf16'


def test_a_new_key_of_the_user_wins_over_an_old_one_of_the_file(old_file):
  for value in ('float32', 'tf32'):
    config = jaxgan.load_config(old_file, {'train.precision': value})
    assert config.train.precision == value


def test_an_old_key_of_the_user_wins_over_the_default():
  config = jaxgan.load_config('digits', {'net.compute_dtype': 'bfloat16'})
  assert config.train.precision == 'bf16'


def test_old_and_new_key_that_contradict_each_other_are_refused():
  both = {'net': {'compute_dtype': 'float32'}, 'train': {'precision': 'bf16'}}
  sentence = (
    "net.compute_dtype is 'float32' and train.precision is 'bf16'; the first "
    'is the old name of the second, so leave it out.'
  )
  with pytest.raises(ValueError, match=f'^{re.escape(sentence)}$'):
    from_config_dict(both)


def test_an_unknown_value_of_an_old_key_is_refused():
  sentence = (
    "net.compute_dtype is 'float16'; it is the old name of train.precision and "
    'must be one of float32, bfloat16.'
  )
  with pytest.raises(ValueError, match=f'^{re.escape(sentence)}$'):
    from_config_dict({'net': {'compute_dtype': 'float16'}})


def test_the_help_shows_the_new_key_alone(old_file):
  text = help_text.help_text(jaxgan.load_config(old_file))
  assert 'train.precision: str, one of float32, tf32, bf16' in text
  assert 'compute_dtype' not in text
