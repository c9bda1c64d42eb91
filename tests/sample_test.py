"""The sample command on a run with labels and codes."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import small

from jaxgan.config import Data, from_config_dict
from jaxgan.evaluation import evaluator as evaluation
from jaxgan.evaluation import reference_data, restore
from jaxgan.gan import sharding as mesh_lib
from jaxgan.training import train

ROOT = pathlib.Path(__file__).parents[1]


def run(folder, **net):
  config = from_config_dict(
    {
      'data': {'name': 'digits'},
      'net': {
        'name': 'mlp', 'latent_size': 4, 'gen_widths': (8,), 'conv': 'lax',
        'critic_widths': (8,), **net,
      },
      'train': {'steps': 1, 'critic_steps': 1, 'batch_size': 8},
      'eval': {'metrics': ('w1_15_pixels', 'asked15_digits')},
      'log': {'tensorboard': False},
    }
  )  # fmt: skip
  train.train_and_evaluate(config, folder)
  return folder


@pytest.fixture(scope='module')
def told(tmp_path_factory):
  """A run with ten classes, a choice of three, and a number."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    cache = tmp_path_factory.mktemp('cache')
    patch.setenv('XDG_CACHE_HOME', str(cache))
    codes = {'code_classes': 3, 'code_size': 1}
    return run(tmp_path_factory.mktemp('told'), classes=10, **codes)


def sample(workdir, *arguments):
  return subprocess.run(
    [sys.executable, '-m', 'jaxgan.sample', f'--workdir={workdir}', *arguments],
    cwd=ROOT, env=os.environ | {'XLA_FLAGS': ''}, text=True,
    capture_output=True,
  )  # fmt: skip


def test_a_class_is_asked_for(told, tmp_path):
  done = sample(told, f'--out={tmp_path}/s.npz', '--num=3', '--label=7')
  assert done.returncode == 0, done.stderr
  found = np.load(tmp_path / 's.npz')['images']
  generator = restore.load(told)
  z, _ = generator.latents.asked('random', small.jax.random.key(0), 3, 7)
  np.testing.assert_allclose(found, next(generator.stream(z)), atol=1)


def test_a_label_for_rows_of_all_labels_gets_one_sentence(told, tmp_path):
  rows = '--latents=labels', '--label=7'
  done = sample(told, f'--out={tmp_path}/s.npz', *rows)
  assert done.returncode == 2
  assert 'The label is 7 and the latents are rows of all labels' in done.stderr
  assert 'Traceback' not in done.stderr


def test_as_many_classes_as_the_data_have(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  with pytest.raises(ValueError, match=r'net\.classes is 7 and digits has 10'):
    run(tmp_path, classes=7)


def test_a_critic_that_is_told_labels_has_no_gap_without(told):
  with pytest.raises(ValueError, match=r'is told labels .*cannot be measured'):
    restore.load_critic(told)


def test_a_run_is_measured_in_the_proportions_of_its_data(
  told, tmp_path, monkeypatch
):
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
  real = reference_data.of_data(Data(name='digits'))
  generator = restore.load(told)
  sizes = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
  assert np.bincount(generator.labels(1797)).tolist() == sizes
  lines = (told / 'evaluation.jsonl').read_text().splitlines()
  before = [json.loads(line)['value'] for line in lines[-2:]]
  names = ['w1_15_pixels', 'asked15_digits']
  evaluator = evaluation.Evaluator(names, real)
  source = evaluation.Source('told', 'ema', 1)
  again = evaluator(evaluation.draw_from(generator, 0), source)
  assert [found.value for found in again] == pytest.approx(before, rel=1e-5)
  unknown = generator._replace(class_counts=())
  in_turn = evaluator(evaluation.draw_from(unknown, 0), source)
  assert in_turn[0].value != pytest.approx(before[0], rel=1e-5)
  assert in_turn[1].value == before[1]
