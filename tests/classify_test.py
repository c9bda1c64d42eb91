"""Training of the digit classifier, and its command `jaxgan.classify`."""

import json
import pathlib
import shutil
import subprocess
import sys

import chex
import jax
import numpy as np
import pytest
import small
from data_testing import random_images, write_folder

from jaxgan.data.sources import Dataset
from jaxgan.metrics import (
  classifier_files,
  classifier_net,
  classifier_training,
  features,
  photo_net,
)
from jaxgan.metrics.classifier_training import Settings
from jaxgan.metrics.photo_net import PhotoNet

ROOT = pathlib.Path(__file__).parents[1]
pytestmark = pytest.mark.usefixtures('optimized')
TINY = Settings(split='train[:10%]', test_split='train[90%:]', epochs=2)
FLAGS = ('--split=train[:10%]', '--test_split=train[90%:]', '--epochs=2')


def command(*arguments, status=0):
  done = subprocess.run(
    [sys.executable, '-m', 'jaxgan.classify', *arguments],
    cwd=ROOT, env=small.environment(), text=True,
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
  )  # fmt: skip
  assert done.returncode == status, done.stdout
  return done.stdout


def replace(**values):
  return Settings(**{**TINY.__dict__, **values})


def folder(tmp_path, num, classes, shape=(8, 8, 1)):
  names = [f'{i % (classes or 1)}/{i:04d}.png' for i in range(num)]
  if not classes:
    names = None
  return str(write_folder(tmp_path, random_images(num, *shape), names))


# The training.


@pytest.fixture(scope='module')
def made(tmp_path_factory):
  """File and output of the command: two epochs on a tenth of the digits."""
  out = tmp_path_factory.mktemp('made') / 'new' / 'digits.npz'
  return out, command(*FLAGS, f'--out={out}')


@pytest.fixture(scope='module')
def tiny(made):
  return classifier_files.load(made[0])


def test_the_record_holds_the_settings(tiny):
  record = tiny.record
  assert json.loads(json.dumps(record)) == record
  expected = {
    'data': 'digits', 'split': 'train[:10%]', 'test_split': 'train[90%:]',
    'seed': 0, 'epochs': 2, 'shape': [8, 8, 1], 'train_images': 180,
    'test_images': 180, 'jax': jax.__version__, 'backend': 'cpu',
  }  # fmt: skip
  assert {key: record[key] for key in expected} == expected
  assert set(record) - set(expected) == {'train_sha256', 'accuracy', 'sha256'}


@pytest.mark.slow
def test_it_learns_and_seeds_differ():
  net = classifier_training.train(replace(split='train[:50%]', epochs=20))
  assert net.accuracy >= 0.9
  digests = {
    classifier_training.train(replace(seed=seed)).digest for seed in (0, 1)
  }
  assert len(digests) == 2


def test_the_accuracy_is_that_of_the_held_out_images(tiny):
  images = random_images(120, 8, 8, 1)
  answers = tiny.predict(images).logits.argmax(axis=1)
  labels = np.where(np.arange(120) < 90, answers, (answers + 1) % 10)
  data = Dataset(images, labels.astype(np.int32), 10, 'noise')
  assert classifier_training.accuracy(tiny, data) == 0.75


def test_the_rate_rises_and_falls():
  rates = [classifier_training.learning_rate(step, 200) for step in range(200)]
  assert rates[0] == pytest.approx(3e-3 / 30)
  assert rates[29:31] == [3e-3, 3e-3]
  assert rates[115] == pytest.approx(1.5e-3)
  assert 0 < rates[-1] < 1e-5
  assert max(rates) == 3e-3
  assert classifier_training.learning_rate(0, 1) == 3e-3


@pytest.mark.slow
def test_a_loss_that_is_not_finite_stops_the_training(tiny, monkeypatch):
  broken = jax.tree.map(lambda x: x * np.nan, tiny.params)
  monkeypatch.setattr(classifier_net, 'init', lambda *args: broken)
  with pytest.raises(FloatingPointError, match='The loss is nan after step 1;'):
    classifier_training.train(TINY)


# Rejected data.


@pytest.mark.parametrize(
  ('settings', 'sentence'),
  [
    ({'split': 'train[:90]'}, "--split is 'train.:90.', which has 90 images"),
    ({'test_split': 'train[:20]'}, '--test_split is .* must have at least 100'),
    ({'test_split': 'train[5%:15%]'}, 'are also in --split .*; choose two'),
    ({'data': 'gaussians8'}, r'are \[2\]; the classifier takes images'),
    ({'split': 'validation'}, "data.split is 'validation'"),
  ],
)
def test_unusable_data_are_rejected(settings, sentence, monkeypatch):
  monkeypatch.setattr('jaxgan.data.builders.toys.NUM_POINTS', 2000)
  with pytest.raises(ValueError, match=sentence) as caught:
    classifier_training.train(replace(**settings))
  assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
  ('num', 'classes', 'shape', 'sentence'),
  [
    (12, 0, (8, 8, 1), 'folder has no labels; a folder must have one sub-f'),
    (20, 3, (7, 8, 1), r'are \[7, 8, 1\]; .* sides are 8 to 256 pixels'),
    (20, 10, (8, 70, 1), r'are \[8, 70, 1\]; .* sides are 4 to 64 pixels'),
    (20, 10, (8, 8, 1), r"--split is 'train\[:50%\]', which has 10 images"),
  ],
)
def test_unusable_folders_are_rejected(tmp_path, num, classes, shape, sentence):
  settings = Settings(
    data='folder',
    path=folder(tmp_path, num, classes, shape),
    split='train[:50%]',
    test_split='train[50%:]',
  )
  with pytest.raises(ValueError, match=sentence):
    classifier_training.train(settings)


@pytest.mark.slow
def test_a_photo_net_is_saved_and_gives_features(tmp_path):
  shape = (8, 9, 3)
  record = {'data': 'x', 'shape': list(shape), 'accuracy': 0.5, 'classes': 3}
  params = classifier_net.init(shape, jax.random.key(0), 3)
  classifier_files.save(
    tmp_path / 'net.npz', classifier_net.make(params, record)
  )
  loaded = classifier_files.load(tmp_path / 'net.npz')
  assert isinstance(classifier_net.build(shape, loaded.classes), PhotoNet)
  chex.assert_trees_all_equal(loaded.params, params)
  weights = features.Files(classifier=str(tmp_path / 'net.npz'))
  assert features.load('classifier', weights).sha256 == loaded.digest
  with pytest.raises(ValueError, match=r'give the \.npz that jaxgan'):
    features.load('classifier')


@pytest.mark.slow
def test_photographs_of_any_classes_are_classified(tmp_path, monkeypatch):
  monkeypatch.setattr(photo_net, '_WIDTHS', (16, 32))  # Two blocks of four.
  colors = np.array([[250, 5, 5], [5, 250, 5], [5, 5, 250]], np.uint8)
  images = random_images(300, 8, 9, 3, seed=1) // 2
  images += colors[np.arange(300) % 3, None, None] // 2
  names = [f'{i % 3}/{i:04d}.png' for i in range(300)]
  path = str(write_folder(tmp_path, images, names))
  net = classifier_training.train(
    Settings('folder', path, 'train[:60%]', 'train[60%:]', epochs=8)
  )
  assert net.classes == net.record['classes'] == 3
  assert net.accuracy > 0.9
  assert net.predict(images[:5]).logits.shape == (5, 3)
  classifier_files.save(tmp_path / 'net.npz', net)
  loaded = classifier_files.load(tmp_path / 'net.npz')
  assert loaded.digest == net.digest
  weights = features.Files(classifier=str(tmp_path / 'net.npz'))
  outputs = features.load('classifier', weights).extract(images)
  np.testing.assert_allclose(
    outputs.logits, net.predict(images).logits, atol=1e-4
  )


# The command.


def test_the_command_prints_accuracy_and_hash(made, tiny):
  out, text = made
  assert 'of 180 held-out images of digits' in text
  assert tiny.digest in text
  assert [file.name for file in out.parent.iterdir()] == ['digits.npz']


@pytest.mark.slow
def test_equal_commands_give_equal_bytes(made, tmp_path):
  out = tmp_path / 'digits.npz'
  before = shutil.copy(made[0], out).read_bytes()
  # With other bytes it would refuse to replace the file.
  assert 'held-out images' in command(*FLAGS, f'--out={out}')
  assert out.read_bytes() == before


@pytest.mark.slow
def test_another_classifier_is_not_replaced(made):
  out, _ = made
  before = out.read_bytes()
  text = command(*FLAGS, '--seed=1', f'--out={out}', status=2)
  assert 'differ in seed (0 in the file, 1 now); choose another --out.' in text
  assert out.read_bytes() == before


@pytest.mark.slow
def test_a_foreign_file_is_not_replaced(tmp_path):
  out = tmp_path / 'samples.npz'
  np.savez(out, images=np.zeros(3))
  before = out.read_bytes()
  assert 'damaged or of another kind' in command(f'--out={out}', status=2)
  assert out.read_bytes() == before
  assert 'must end in .npz' in command('--out=digits.png', status=2)
  assert 'gs://x.npz is a URL' in command('--out=gs://x.npz', status=2)
