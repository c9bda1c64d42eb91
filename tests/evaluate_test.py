"""Tests of `jaxgan.evaluate` and of the evaluations of a run."""

import io
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest
import small
from absl.testing import flagsaver
from PIL import Image

from jaxgan import evaluate

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope='module', autouse=True)
def environment(tmp_path_factory):
  """Uses one device and new caches."""
  own = tmp_path_factory.mktemp('own')
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv('XLA_FLAGS', small.environment()['XLA_FLAGS'])
    patch.setenv('XDG_CACHE_HOME', str(own / 'cache'))
    yield


def command(module, *flags):
  return subprocess.run(
    [sys.executable, '-m', f'jaxgan.{module}', *flags],
    cwd=ROOT, text=True, capture_output=True,
  )  # fmt: skip


def measure(*flags):
  """Runs `jaxgan.evaluate` in this process."""
  with flagsaver.flagsaver():
    evaluate.flags.FLAGS(['evaluate', *flags])
    return evaluate.main(['evaluate'])


def rows(path):
  return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope='module')
def work(tmp_path_factory):
  """A run on three quarters of the digits, with evaluations."""
  work = tmp_path_factory.mktemp('runs') / 'run'
  metrics = "('kid200_digits','memorising100_pixels','labelkl200_digits')"
  done = command(
    'main', '--config=configs/digits.py:tiny', f'--workdir={work}',
    '--config.data.split=train[:75%]', f'--config.eval.metrics={metrics}',
    '--config.eval.floor_split=train[75%:]',
    '--config.checkpoint.best_metric=kid200_digits',
    '--config.train.precision=tf32',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  return work


def test_a_run_is_evaluated_during_training(work):
  found = rows(work / 'evaluation.jsonl')
  assert [(r['metric'], r['step']) for r in found[:9]] == [
    (name, step)
    for step in (0, 3, 6)  # Before the first step, too.
    for name in ('kid200_digits', 'memorising100_pixels', 'labelkl200_digits')
  ]
  for row in found[:9]:
    assert row['floor'] < row['value']
    assert (row['split'], row['weights']) == ('train[:75%]', 'ema')
    assert row['train_precision'] == 'tf32'
  for row in found[1:9:3]:
    assert row['floor'] == pytest.approx(1, abs=0.2)
    assert row['real_num'] == 1348 + 100
  scalars = rows(work / 'metrics.jsonl')
  assert {row['train_precision'] for row in scalars} == {'tf32'}
  scalars = [row for row in scalars if 'kid200_digits' in row]
  assert [r['kid200_digits'] for r in scalars] == [
    found[i]['value'] for i in (0, 3, 6)
  ]  # fmt: skip


def test_evaluating_again_gives_the_same_numbers(work, tmp_path, capsys):
  status = measure(
    f'--workdir={work}', f'--out={tmp_path}/out.jsonl',
    '--metrics=kid200_digits,memorising100_pixels,labelkl200_digits',
  )  # fmt: skip
  output = capsys.readouterr()
  assert status == 0, output.err
  assert output.out.startswith('metric')
  assert '\r' not in output.err  # The bar needs a terminal.
  again = rows(tmp_path / 'out.jsonl')
  before = rows(work / 'evaluation.jsonl')[6:9]
  for one, other in zip(again, before, strict=True):
    assert one['value'] == pytest.approx(other['value'], rel=1e-5)
    same = {'value', 'error', 'ceiling', 'floor', 'details'}
    assert {k: v for k, v in one.items() if k not in same} == {
      k: v for k, v in other.items() if k not in same
    }


def test_nearest_neighbors_and_the_gap_of_the_critic(
  work, tmp_path, capsys, monkeypatch
):
  terminal = io.StringIO()
  terminal.isatty = lambda: True
  monkeypatch.setattr(sys, 'stderr', terminal)
  status = measure(
    f'--workdir={work}', f'--out={tmp_path}/out.jsonl',
    f'--neighbours={tmp_path}/new/n.png', '--space=digits', '--gap=200',
  )  # fmt: skip
  assert status == 0, terminal.getvalue()
  for stage in ('neighbors', 'features of digits', 'memorising449_digits'):
    assert stage in terminal.getvalue()
  with Image.open(tmp_path / 'new/n.png') as page:
    assert page.height > 384
    assert 'Generated' in page.text['Source']
  first, *table = capsys.readouterr().out.splitlines()
  assert 'distances of 1000 samples to the nearest training example' in first
  assert [line.split()[0] for line in table] == [
    'metric', 'memorising449_digits', 'gap200_critic',
  ]  # fmt: skip
  ratio, gap = rows(tmp_path / 'out.jsonl')
  assert ratio['value'] > 1
  assert set(gap['details']) == {'train', 'heldout', 'fake'}
  assert (gap['source'], gap['step']) == ('run', 6)
  assert gap['train_precision'] == ratio['train_precision'] == 'tf32'
  assert gap['train_sha256'] == ratio['train_sha256']
  assert gap['heldout_sha256'] == ratio['heldout_sha256']


def test_without_held_out_data_there_is_a_picture_and_no_ratio(
  tmp_path, capsys
):
  np.savez(tmp_path / 'x.npz', images=np.zeros((20, 8, 8, 1), np.uint8))
  path = tmp_path / 'x.npz'
  status = measure(
    f'--generated={path}', f'--reference={path}',
    f'--train={path}', f'--neighbours={tmp_path}/n.png',
    f'--out={tmp_path}/out.jsonl',
  )  # fmt: skip
  assert status == 0
  out = capsys.readouterr().out
  assert 'no ratio of distances; it needs held-out real' in out
  assert 'ceiling' not in out  # No table without a record.
  assert (tmp_path / 'n.png').exists()


def test_samples_from_an_archive_and_real_data_from_a_folder(tmp_path):
  rng = np.random.default_rng(0)
  images = rng.integers(0, 256, (40, 8, 8, 1), np.uint8)
  np.savez(tmp_path / 'fake.npz', images=images)
  np.savez(tmp_path / 'train.npz', images=np.roll(images, 1, axis=1))
  folder = tmp_path / 'real'
  folder.mkdir()
  for i, image in enumerate(images[::-1]):
    Image.fromarray(image[:, :, 0]).save(folder / f'{i}.png')
  done = command(
    'evaluate', f'--generated={tmp_path}/fake.npz', f'--reference={folder}',
    f'--train={tmp_path}/train.npz', f'--out={tmp_path}/out.jsonl',
    '--metrics=w2_40_pixels,memorising40_pixels,fid40_pixels',
  )  # fmt: skip
  assert done.returncode == 0, done.stderr
  # One sentence, without a line of the source.
  assert '\nA Frechet distance from 40 samples' in f'\n{done.stderr}'
  assert not re.search(r'FewSamplesWarning|\.py:\d|frechet\(', done.stderr)
  row, memory, _ = rows(tmp_path / 'out.jsonl')
  assert row['value'] == pytest.approx(0, abs=1e-4)  # The same images.
  assert (row['source'], row['weights']) == ('fake.npz', 'none')
  assert row['train_precision'] == ''
  assert memory['value'] == pytest.approx(1)


@pytest.mark.parametrize(
  ('flags', 'words'),
  [
    (('--metrics=fid1k_digits',), '--workdir or from --generated'),
    (('--metrics=no', '--generated=x'), "'no' is not a metric"),
    (('--metrics=fid9_digits', '--generated=x'), '--reference is empty'),
    (('--metrics=fid9_digits', '--generated=x', '--reference=nothing'),
     'nothing'),
    (('--generated=x',), 'There is nothing to measure'),
    (('--neighbours=x.jpg', '--workdir=x'), 'it must end in .png'),
    (('--neighbours=x.png', '--generated=x'), 'give --train'),
    (('--gap=1', '--workdir=x'), 'it must be at least 2'),
    (('--gap=9', '--generated=x'), 'needs the critic of a --workdir'),
    (('--gap=9', '--workdir=x', '--train=y'), 'knows its training data'),
    (('--gap=9', '--workdir=nothing'), 'nothing holds no run'),
    (('--metrics=fid9_digits', '--generated=x', '--reference=configs',
      '--split=test'), '--split is'),
  ],
)  # fmt: skip
def test_bad_flags_have_an_error_message(flags, words, capsys):
  assert measure(*flags) == 2
  sentence = capsys.readouterr().err.splitlines()[-1]
  assert sentence.startswith('jaxgan: ')
  assert words in sentence


@pytest.fixture(scope='module')
def real(tmp_path_factory):
  """Images of side 8 and 10, in files and folders, one of which is broken."""
  path, rng = tmp_path_factory.mktemp('real'), np.random.default_rng(0)
  for side in (8, 10):
    images = rng.integers(0, 256, (20, side, side, 1), np.uint8)
    np.savez(path / f'{side}.npz', images=images)
  for folder in ('mixed', 'broken', 'empty'):
    (path / folder).mkdir()
  for side in (8, 10):
    image = Image.fromarray(np.zeros((side, side), np.uint8))
    image.save(path / 'mixed' / f'{side}.png')
  (path / 'broken' / '1.png').write_bytes(b'no image')
  return path


@pytest.mark.parametrize(
  ('flags', 'words'),
  [
    (('--reference={}/10.npz', '--metrics=w1_9_pixels'),
     r'samples are uint8 of shape \[8, 8, 1\] .* \[10, 10, 1\]; both must be'),
    (('--reference={}/8.npz', '--train={}/10.npz', '--neighbours=n.png'),
     r'training examples are uint8 of shape \[10, 10, 1\] .* of one shape'),
    (('--reference={}/mixed', '--metrics=w1_9_pixels'),
     r'is 10 x 10 .* 8 x 8; all images must have one size\.'),
    (('--reference=folder', '--path={}/mixed', '--metrics=w1_9_pixels'),
     r'is 10 x 10 .* 8 x 8; all images must have one size\.'),
    (('--reference={}/broken', '--metrics=w1_9_pixels'),
     r'1\.png is not .*; repair or remove it\.'),
    (('--reference={}/empty', '--metrics=w1_9_pixels'),
     r'--reference is .*empty.* holds no image'),
    (('--reference=folder', '--metrics=w1_9_pixels'),
     '--path is empty and --reference is folder; --path must be'),
    (('--reference=digits', '--split=no', '--metrics=w1_9_pixels'),
     "The split is 'no'"),
    (('--reference={}/8.npz', '--metrics=memorising9_pixels'),
     'training examples of the generator; give --train'),
    (('--reference={0}/8.npz', '--train={0}/8.npz',
      '--metrics=memorising9_pixels'), r'held-out .*\(--reference or --split'),
  ],
)  # fmt: skip
def test_advice_names_flags_of_the_command(flags, words, real, capsys):
  flags = [flag.format(real) for flag in flags]
  assert measure(f'--generated={real}/8.npz', *flags) == 2
  sentence = capsys.readouterr().err.splitlines()[-1]
  assert re.search(f'jaxgan: .*{words}', sentence)
  assert 'data.' not in sentence


def test_the_gap_needs_a_reference_like_the_training_data(work, real, capsys):
  status = measure(f'--workdir={work}', f'--reference={real}/10.npz', '--gap=9')
  assert status == 2
  words = r'training examples are .*\[8, 8, 1\] and the reference .*\[10, 10'
  assert re.search(words, capsys.readouterr().err)
