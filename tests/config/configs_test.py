"""Every config file trains at :tiny, without a network or files."""

import importlib

import jax
import numpy as np
import pytest
import small

from configs import celeba, default
from jaxgan.config import from_config_dict
from jaxgan.evaluation import names, restore
from jaxgan.gan import sharding as mesh_lib
from jaxgan.nets import catalog as nets
from jaxgan.storage.writers import read_metrics
from jaxgan.training import train

SHAPES = {
  'default': (8, 8, 1),
  'digits': (8, 8, 1),
  'mnist': (28, 28, 1),
  'cifar10': (32, 32, 3),
  'celeba': (32, 32, 3),
  'flowers': (32, 32, 3),
  'folder': (32, 32, 3),
  'table': (8,),
  'toy': (2,),
  **{
    f'zoo.{name}': (8, 8, 1)
    for name in (
      'gan', 'dcgan', 'lsgan', 'hinge', 'relativistic', 'wgan', 'wgan_gp',
      'ebgan', 'sngan', 'cgan', 'acgan', 'projection', 'infogan', 'sagan',
      'biggan', 'stylegan', 'multiscale', 'r3gan',
    )
  },
}  # fmt: skip

# Translations, which have no variant :mnist.
PAIRED = ('zoo.pix2pix', 'zoo.cyclegan')  # Data of two images each.
TRANSLATIONS = ('zoo.colorize', 'zoo.superres', 'zoo.inpaint', *PAIRED)

# Tables with categories: the numbers of an encoded row.
ROWS = {'adult': 8, 'mixed_table': 8}

# Their nets and losses are tried elsewhere, and they are built below.
SIMILAR = {
  f'zoo.{name}'
  for name in (
    'gan',
    'dcgan',
    'sngan',
    'lsgan',
    'hinge',
    'relativistic',
    'wgan',
    'wgan_gp',
    'cgan',
    'acgan',
  )
}


@pytest.mark.parametrize(
  'name',
  small.quick(
    [n for n in SHAPES if n not in SIMILAR],
    'digits',
  ),
)
def test_a_tiny_run_goes_from_data_to_samples(name, tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  settings = importlib.import_module(f'configs.{name}').get_config('tiny')
  settings.net.conv = 'lax'  # It compiles faster, and runs hardly at all.
  settings.net.depth = 1
  settings.train.steps = 2
  settings.train.critic_steps = 1
  state = train.train_and_evaluate(from_config_dict(settings), tmp_path)
  assert int(state.step) == 2
  rows = read_metrics(tmp_path / 'metrics.jsonl')
  assert [row['step'] for row in rows] == [1, 2]
  run = restore.load(tmp_path)
  assert (run.step, run.shape) == (2, SHAPES[name])
  z = run.latents.draw(jax.random.key(0), 3)
  (samples,) = run.stream(z)
  assert samples.shape == (3, *SHAPES[name])


@pytest.mark.slow
@pytest.mark.parametrize('name', ROWS)
def test_a_tiny_table_goes_from_data_to_rows(name, tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  settings = importlib.import_module(f'configs.{name}').get_config('tiny')
  settings.train.steps = 2
  settings.train.critic_steps = 1
  train.train_and_evaluate(from_config_dict(settings), tmp_path)
  run = restore.load(tmp_path)
  (samples,) = run.stream(run.latents.draw(jax.random.key(0), 3))
  assert samples.shape == (3, ROWS[name])


@pytest.mark.parametrize('name', small.quick(TRANSLATIONS, 'zoo.inpaint'))
def test_a_tiny_translation_goes_from_data_to_images(
  name, tmp_path, monkeypatch
):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  settings = importlib.import_module(f'configs.{name}').get_config('tiny')
  settings.net.conv = 'lax'
  settings.train.steps = 2
  settings.train.critic_steps = 1
  train.train_and_evaluate(from_config_dict(settings), tmp_path)
  run = restore.load(tmp_path)
  halves = 2 if name in PAIRED else 1
  shape = (3, halves * 32, 32, 3)
  images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
  z = run.inputs(jax.random.key(0), 3, images=images)
  (outputs,) = run.stream(z)
  assert outputs.shape == (3, 32, 32, 3)


def test_every_config_file_is_tried(root):
  files = [
    *(root / 'configs').glob('*.py'),
    *(root / 'configs/zoo').glob('*.py'),
  ]
  names = {'.'.join(f.relative_to(root / 'configs').parts)[:-3] for f in files}
  assert names - {'zoo.base'} == {*SHAPES, *TRANSLATIONS, *ROWS}


@pytest.mark.parametrize('name', [n for n in SHAPES if n.startswith('zoo')])
def test_the_zoo_fits_mnist_too(name):
  settings = importlib.import_module(f'configs.{name}').get_config('mnist')
  config = from_config_dict(settings)
  assert (config.data.name, config.eval.metrics[0]) == ('mnist', 'fid10k_mnist')
  assert config.train.steps == 20_000
  names.check(config)
  nets.build(config.net, (28, 28, 1))
  tiny = importlib.import_module(f'configs.{name}').get_config('tiny')
  names.check(from_config_dict(tiny))


@pytest.mark.slow
def test_faces_are_asked_for_by_their_attributes(tmp_path, monkeypatch):
  monkeypatch.setattr(mesh_lib, 'make_mesh', small.mesh)
  settings = default.finish(celeba.get_config('attributes'), 'tiny')
  settings.data.mock_examples, settings.data.image_size = 16, 8
  settings.net.gen_widths = settings.net.critic_widths = (8,)
  settings.net.conv = 'lax'
  settings.train.steps = settings.train.critic_steps = 1
  train.train_and_evaluate(from_config_dict(settings), tmp_path)
  run = restore.load(tmp_path)
  assert (run.shape, run.latents.classes) == ((8, 8, 3), 4)
  # Two others are as many classes, and mean something else.
  settings.data.attributes = ('Young', 'Bald')
  config = from_config_dict(settings)
  with pytest.raises(ValueError, match=r"attributes \(\['Male', 'Smiling'\]"):
    train.train_and_evaluate(config, tmp_path, accept_new_config=True)


def test_a_variant_that_is_none_is_refused():
  with pytest.raises(ValueError, match="no variant 'huge'; it has :tiny"):
    importlib.import_module('configs.zoo.gan').get_config('huge')
