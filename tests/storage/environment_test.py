"""environment.json: one entry for each change of versions and devices."""

import jax
import pytest

import jaxgan
from jaxgan.storage import environment


def test_an_environment_is_added_only_where_it_differs(tmp_path, monkeypatch):
  assert environment.read(tmp_path) == []
  environment.write(tmp_path, 0)
  environment.write(tmp_path, 50)
  (first,) = environment.read(tmp_path)
  assert (first['step'], first['jax']) == (0, jax.__version__)
  assert first['jaxgan'] == jaxgan.__version__
  assert first['devices'] == f'{jax.device_count()} cpu'
  monkeypatch.setattr(environment, '__version__', '9.9')
  environment.write(tmp_path, 70)
  steps = [(x['step'], x['jaxgan']) for x in environment.read(tmp_path)]
  assert steps == [(0, jaxgan.__version__), (70, '9.9')]


@pytest.mark.parametrize('text', ['[]', '{"starts": 3}', '{'])
def test_a_damaged_file_has_a_sentence(tmp_path, text):
  (tmp_path / 'environment.json').write_text(text)
  with pytest.raises(ValueError, match=r'environment.json (is damaged|cannot)'):
    environment.read(tmp_path)
