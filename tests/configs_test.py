"""Every config file trains at :tiny, without a network or files."""

import importlib

import jax
import pytest
import small

from jaxgan import mesh as mesh_lib
from jaxgan import train, trained
from jaxgan.config import from_config_dict
from jaxgan.writers import read_metrics

SHAPES = {
  'default': (8, 8, 1),
  'digits': (8, 8, 1),
  'mnist': (28, 28, 1),
  'cifar10': (32, 32, 3),
  'celeba': (64, 64, 3),
  'folder': (32, 32, 3),
  'toy': (2,),
}


@pytest.mark.parametrize('name', SHAPES)
def test_a_tiny_run_goes_from_data_to_samples(name, tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  settings = importlib.import_module(f'configs.{name}').get_config('tiny')
  settings.net.conv = 'lax'  # It compiles faster, and runs hardly at all.
  settings.train.steps = 2
  settings.train.critic_steps = 1
  state = train.train_and_evaluate(from_config_dict(settings), tmp_path)
  assert int(state.step) == 2
  rows = read_metrics(tmp_path / 'metrics.jsonl')
  assert [row['step'] for row in rows] == [1, 2]
  run = trained.load(tmp_path)
  assert (run.step, run.shape) == (2, SHAPES[name])
  z = jax.random.normal(jax.random.key(0), (3, run.latents.size))
  (samples,) = run.stream(z)
  assert samples.shape == (3, *SHAPES[name])
