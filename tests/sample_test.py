"""Tests of `jaxgan.sample` on a conditional run with a code."""

import dataclasses
import json
import pathlib
import subprocess
import sys
import types

import numpy as np
import pytest
import report_testing
import small
from PIL import Image

from jaxgan.config import Data, from_config_dict
from jaxgan.evaluation import reference_data, restore, walk
from jaxgan.evaluation.evaluator import Evaluator, Source, make_draw
from jaxgan.gan import sharding as mesh_lib
from jaxgan.storage import pictures
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
def conditional(tmp_path_factory):
  """A run with ten classes, a categorical code and a continuous code."""
  with pytest.MonkeyPatch.context() as patch:
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    cache = tmp_path_factory.mktemp('cache')
    patch.setenv('XDG_CACHE_HOME', str(cache))
    codes = {'code_classes': 3, 'code_size': 1}
    return run(tmp_path_factory.mktemp('conditional'), classes=10, **codes)


def sample(workdir, *arguments):
  return subprocess.run(
    [sys.executable, '-m', 'jaxgan.sample', f'--workdir={workdir}', *arguments],
    cwd=ROOT, env=small.environment(), text=True,
    capture_output=True,
  )  # fmt: skip


@pytest.mark.slow
def test_the_label_is_the_class_of_all_samples(conditional, tmp_path):
  done = sample(conditional, f'--out={tmp_path}/s.npz', '--num=3', '--label=7')
  assert done.returncode == 0, done.stderr
  images = np.load(tmp_path / 's.npz')['images']
  generator = restore.load(conditional)
  z, _ = generator.latents.grid('random', small.jax.random.key(0), 3, 7)
  np.testing.assert_allclose(images, next(generator.stream(z)), atol=1)


def test_a_label_for_rows_of_all_labels_has_an_error_message(
  conditional, tmp_path
):
  rows = '--latents=labels', '--label=7'
  done = sample(conditional, f'--out={tmp_path}/s.npz', *rows)
  assert done.returncode == 2
  assert 'The label is 7 and the grid has all labels in each row' in done.stderr
  assert 'Traceback' not in done.stderr


def test_the_number_of_classes_must_be_that_of_the_data(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  with pytest.raises(ValueError, match=r'net\.classes is 7 and digits has 10'):
    run(tmp_path, classes=7)


def test_a_critic_that_needs_labels_has_no_gap(conditional):
  with pytest.raises(ValueError, match=r'needs labels .*cannot be measured'):
    restore.load_critic(conditional)


def test_a_run_is_evaluated_with_the_class_proportions_of_its_data(
  conditional, tmp_path, monkeypatch
):
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
  real = reference_data.of_data(Data(name='digits'))
  generator = restore.load(conditional)
  sizes = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
  assert np.bincount(generator.labels(1797)).tolist() == sizes
  lines = (conditional / 'evaluation.jsonl').read_text().splitlines()
  before = [json.loads(line)['value'] for line in lines[-2:]]
  names = ['w1_15_pixels', 'asked15_digits']
  evaluator = Evaluator(names, real)
  source = Source('conditional', 'ema', 1)
  again = evaluator(make_draw(generator, 0), source)
  assert [x.value for x in again] == pytest.approx(before, rel=1e-5)
  problem = dataclasses.replace(generator.problem, class_counts=())
  unknown = generator._replace(problem=problem)
  balanced = evaluator(make_draw(unknown, 0), source)
  assert balanced[0].value != pytest.approx(before[0], rel=1e-5)
  assert balanced[1].value == before[1]


@pytest.mark.slow
def test_a_walk_is_a_moving_picture_of_the_walking_latents(
  conditional, tmp_path
):
  out = tmp_path / 'walk.gif'
  rest = '--num=3', '--walk=5', '--label=7', '--fps=25'
  done = sample(conditional, f'--out={out}', *rest)
  assert done.returncode == 0, done.stderr
  generator = restore.load(conditional)
  z = generator.latents.walk(small.jax.random.key(0), 3, 5, 7)
  frame = pictures.picture(generator.generate(z[2]))
  with Image.open(out) as gif:
    assert (gif.n_frames, gif.info['duration']) == (5, 40)
    gif.seek(2)
    np.testing.assert_allclose(np.asarray(gif), frame[..., 0], atol=1)


def test_a_walk_needs_images(tmp_path):
  folder = report_testing.make_run(tmp_path, shape=(2,))
  z = np.zeros((2, 3, 4), np.float32)
  with pytest.MonkeyPatch.context() as patch:
    fake = lambda *arguments: types.SimpleNamespace(shape=(2,))
    patch.setattr(restore, 'load', fake)
    with pytest.raises(ValueError, match='vectors; a walk needs a run on im'):
      walk.frames(folder, z)


@pytest.mark.parametrize(
  ('arguments', 'sentence'),
  [
    (['--walk=1'], 'must be 0 or at least 2'),
    (['--walk=4', '--training'], 'excludes --training and'),
    (['--walk=4', '--latents=labels'], 'excludes --training and --latents'),
  ],
)
def test_flags_of_moving_pictures_exclude_others(arguments, sentence):
  done = sample('w', '--out=x.gif', *arguments)
  assert done.returncode == 1
  assert sentence in done.stderr
