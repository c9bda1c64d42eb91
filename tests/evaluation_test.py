"""Runs, folders and archives measured by command, and inside training."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from jaxgan import evaluation, examples
from jaxgan.evaluation import Evaluator, Reference, Source

ROOT = pathlib.Path(__file__).parents[1]
SOURCE = Source('run', 'none', -1)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
  monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))


def vectors(num, shift=0.0, seed=0):
  values = np.random.default_rng(seed).normal(shift, 1, (num, 2))
  return values.astype(np.float32)


def command(module, *flags):
  return subprocess.run(
    [sys.executable, '-m', f'jaxgan.{module}', *flags],
    cwd=ROOT, capture_output=True, text=True,
    env=os.environ | {'XLA_FLAGS': ''},
  )  # fmt: skip


def rows(path):
  return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_value_lies_between_floor_and_ceiling():
  real = Reference('g', '', vectors(400), vectors(400, seed=1))
  evaluator = Evaluator(['w1_300_pixels', 'energy300_pixels'], real)
  (w1, energy) = evaluator(lambda num: vectors(num, 0.5, seed=2), SOURCE)
  for found in (w1, energy):
    assert found.floor < found.value < found.ceiling
    assert (found.real_num, found.fake_num) == (300, 300)
  assert w1.reference == 'g'
  assert len(w1.reference_sha256) == 64


def test_without_other_real_data_there_is_no_floor():
  evaluator = Evaluator(['w1_50_pixels'], Reference('g', '', vectors(60), None))
  (found,) = evaluator(vectors, SOURCE)
  assert found.floor is None
  assert '-' in evaluation.table([found]).splitlines()[1]


def test_the_real_data_itself_is_at_distance_zero():
  evaluator = Evaluator(['w1_60_pixels'], Reference('g', '', vectors(60), None))
  assert evaluator(vectors, SOURCE)[0].value == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
  'samples',
  [np.zeros((60, 3), np.float32), np.zeros((60, 2)),
   np.zeros((60, 2), np.uint8)],
)  # fmt: skip
def test_samples_must_be_like_the_reference(samples):
  evaluator = Evaluator(['w1_50_pixels'], Reference('g', '', vectors(60), None))
  with pytest.raises(ValueError, match=r'both must be alike'):
    evaluator(lambda num: samples, SOURCE)


def test_a_run_measures_itself_and_keeps_the_best(tmp_path):
  work = tmp_path / 'run'
  done = command(
    'main', '--config=configs/digits.py:tiny', f'--workdir={work}',
    "--config.eval.metrics=('kid200_digits','w1_100_pixels')",
    '--config.eval.split=train[:50%]', '--config.eval.floor_split=train[50%:]',
    '--config.checkpoint.best_metric=w1_100_pixels',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  found = rows(work / 'evaluation.jsonl')
  assert [(r['metric'], r['step']) for r in found] == [
    ('kid200_digits', 3), ('w1_100_pixels', 3),
    ('kid200_digits', 6), ('w1_100_pixels', 6),
  ]  # fmt: skip
  for row in found:
    assert row['floor'] < row['value']
    assert (row['split'], row['weights']) == ('train[:50%]', 'ema')
  scalars = [r for r in rows(work / 'metrics.jsonl') if 'w1_100_pixels' in r]
  assert [r['w1_100_pixels'] for r in scalars] == [
    found[1]['value'], found[3]['value'],
  ]  # fmt: skip
  # The same numbers, measured afterwards.
  done = command(
    'evaluate', f'--workdir={work}', '--metrics=kid200_digits,w1_100_pixels',
    '--split=train[:50%]', '--floor_split=train[50%:]',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  assert done.stdout.startswith('metric')
  again = rows(work / 'evaluation.jsonl')[4:]
  assert [r['value'] for r in again] == pytest.approx(
    [r['value'] for r in found[2:]], rel=1e-5
  )


def test_folders_and_archives_by_command(tmp_path):
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (40, 8, 8, 1), np.uint8)
  np.savez(tmp_path / 'fake.npz', images=images)
  folder = tmp_path / 'real'
  folder.mkdir()
  for i, image in enumerate(images[::-1]):
    Image.fromarray(image[:, :, 0]).save(folder / f'{i}.png')
  done = command(
    'evaluate', f'--generated={tmp_path}/fake.npz', f'--reference={folder}',
    '--metrics=w2_40_pixels', f'--out={tmp_path}/out.jsonl',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  (row,) = rows(tmp_path / 'out.jsonl')
  assert row['value'] == pytest.approx(0, abs=1e-4)  # The same images.
  assert (row['source'], row['weights']) == ('fake.npz', 'none')


@pytest.mark.parametrize(
  ('flags', 'words'),
  [
    (('--metrics=fid1k_digits',), '--workdir or from --generated'),
    (('--metrics=no', '--generated=x'), "'no' is no metric"),
    (('--metrics=fid9_digits', '--generated=x'), '--reference is empty'),
    (('--metrics=fid9_digits', '--generated=x', '--reference=nothing'),
     'nothing'),
  ],
)  # fmt: skip
def test_bad_flags_get_a_sentence(flags, words):
  done = command('evaluate', *flags)
  assert done.returncode == 2
  assert words in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
  ('array', 'words'),
  [
    (np.zeros((3, 4, 4, 1), np.float32), 'holds float32 of shape'),
    (np.zeros((0, 4, 4, 1), np.uint8), r'uint8 of shape \[0, 4, 4, 1\]'),
    (np.zeros((3, 4, 4), np.uint8), 'uint8'),
  ],
)
def test_archives_of_the_wrong_kind(tmp_path, array, words):
  np.savez(tmp_path / 'x.npz', images=array)
  with pytest.raises(ValueError, match=words):
    examples.load(tmp_path / 'x.npz', '--generated')


def test_archives_that_are_none(tmp_path):
  path = tmp_path / 'x.npz'
  with pytest.raises(ValueError, match='where nothing is'):
    examples.load(path, '--generated')
  path.write_bytes(b'PK\x03\x04 and no more')
  with pytest.raises(ValueError, match='damaged'):
    examples.load(path, '--generated')
  np.savez(path, other=np.zeros(3))
  with pytest.raises(ValueError, match='neither images nor vectors'):
    examples.load(path, '--generated')
  np.savez(path, images=np.array([{}], object))
  with pytest.raises(ValueError, match='damaged'):
    examples.load(path, '--generated')
