"""A run on a user's table: standardised inside, the table's units outside."""

import csv
import dataclasses
import gc
import json
import os
import pathlib
import subprocess
import sys

import jax
import numpy as np
import pytest
import small
from absl.testing import flagsaver
from PIL import Image

from jaxgan import evaluate
from jaxgan.evaluation import reference_data, restore
from jaxgan.gan import sharding as mesh_lib
from jaxgan.storage import export, workdir
from jaxgan.training import train

NAMES = ('height, in m', 'weight', 'one')
METRICS = 'w1_40_pixels', 'swd40_pixels'


def rows(num, seed=0):
  """Rows of very unlike columns, one of them constant."""
  rng = np.random.default_rng(seed)
  normal = rng.normal(size=(num, 3)) * [0.1, 20, 0] + [1.7, 70, 1]
  return normal.astype(np.float32)


def write(path, values, names=NAMES):
  with path.open('w', newline='') as file:
    lines = csv.writer(file)
    lines.writerow(names)
    lines.writerows(values.astype(str))
  return path


def config(files, **sections):
  data = {
    'name': 'table', 'path': str(files / 'real.csv'), 'split': 'train[:60]',
    'dir': str(files / 'prepared'),
  }  # fmt: skip
  return small.config(
    data=data,
    train={'batch_size': 8, 'critic_steps': 1, 'steps': 2},
    eval={'floor_split': 'train[60:]', 'metrics': METRICS},
    log={'tensorboard': False},
    **sections,
  )


@pytest.fixture(scope='module')
def files(tmp_path_factory):
  """A table, and the workdir of a run on most of its rows."""
  files = tmp_path_factory.mktemp('table')
  write(files / 'real.csv', rows(100))
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv('XDG_CACHE_HOME', str(files / 'cache'))
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    train.train_and_evaluate(config(files), files / 'run')
    yield files
  gc.collect()


def judge(*flags):
  """`jaxgan.evaluate` in this process, which has imported it all."""
  with flagsaver.flagsaver():
    evaluate.flags.FLAGS(['evaluate', *flags])
    return evaluate.main(['evaluate'])


def draw(files, out):
  """What `jaxgan.sample` does."""
  run = restore.load(files / 'run')
  z = run.latents.draw(jax.random.key(0), 20)
  export.write(out, run.stream(z), count=20, table=run.columns)


def test_the_units_are_stored_with_the_run(files):
  found = workdir.load_data(files / 'run')['columns']
  assert found['names'] == list(NAMES)
  np.testing.assert_allclose(found['location'], rows(100).mean(axis=0), 1e-5)
  # Of the whole file, not of the split that was trained on.
  np.testing.assert_allclose(
    found['scale'][:2], rows(100).std(axis=0)[:2], 1e-5
  )
  assert found['scale'][2] == 1


def test_a_stream_is_in_units_of_the_table(files):
  run = restore.load(files / 'run')
  z = run.latents.draw(jax.random.key(0), 300)
  inside = run._replace(columns=None)
  outside, within = (np.concatenate(list(x.stream(z))) for x in (run, inside))
  facts = workdir.load_data(files / 'run')['columns']
  expected = within * np.array(facts['scale']) + facts['location']
  np.testing.assert_allclose(outside, expected, rtol=1e-5)
  assert outside.dtype == np.float32
  assert abs(outside[:, 1].mean()) > 20 > abs(within[:, 1].mean())


def test_samples_need_no_table(files, tmp_path):
  hidden = (files / 'real.csv').rename(files / 'hidden.csv')
  try:
    subprocess.run(
      [sys.executable, '-m', 'jaxgan.sample', f'--workdir={files}/run',
       '--num=20', f'--out={tmp_path}/x.csv'],
      check=True, cwd=pathlib.Path(__file__).parents[2],
      env=os.environ | {'XLA_FLAGS': ''},
    )  # fmt: skip
    draw(files, tmp_path / 'x.npz')
  finally:
    hidden.rename(files / 'real.csv')
  with (tmp_path / 'x.csv').open(newline='') as file:
    header, *lines = csv.reader(file)
  assert tuple(header) == NAMES
  with np.load(tmp_path / 'x.npz') as archive:
    vectors = archive['vectors']
  found = np.array(lines, np.float32)
  np.testing.assert_allclose(found, vectors, rtol=1e-4)


def test_a_picture_is_of_deviations(files, tmp_path):
  draw(files, tmp_path / 'x.png')
  with Image.open(tmp_path / 'x.png') as page:
    # All but the constant would lie outside of [-3, 3].
    assert (np.asarray(page)[:128, 129:257] < 255).any()


def test_a_run_goes_on_with_the_same_table_only(files):
  train.train_and_evaluate(config(files), files / 'run')
  whole = (files / 'real.csv').read_text()
  write(files / 'real.csv', rows(100) * [1, 2, 1])
  try:
    with pytest.raises(ValueError, match='a run on other data') as caught:
      train.train_and_evaluate(config(files), files / 'run')
  finally:
    (files / 'real.csv').write_text(whole)
  assert 'columns.scale' in str(caught.value)
  assert 'num_examples' not in str(caught.value)


def measured(folder, *flags):
  """The records of an evaluation, by the names of metrics."""
  folder.mkdir(exist_ok=True)
  out = folder / 'out.jsonl'
  status = judge(f'--out={out}', *flags)
  assert status == 0
  lines = out.read_text().splitlines()
  return {row['metric']: row for row in map(json.loads, lines)}


def test_a_run_measures_the_same_inside_and_afterwards(files, tmp_path):
  lines = (files / 'run' / 'evaluation.jsonl').read_text().splitlines()
  during = [json.loads(line) for line in lines][-len(METRICS) :]
  assert {row['step'] for row in during} == {2}
  after = measured(
    tmp_path, f'--workdir={files}/run', f'--metrics={",".join(METRICS)}'
  )
  for row in during:
    again = after[row['metric']]
    assert again['value'] == pytest.approx(row['value'], rel=1e-4)
    assert again['reference_sha256'] == row['reference_sha256']


def test_files_are_compared_in_deviations(files, tmp_path):
  # Ten kilograms more are half a deviation, a metre more would be ten.
  write(files / 'heavier.csv', rows(100) + np.float32([0, 10, 0]))
  named = '--reference=table', f'--path={files}/real.csv'
  flags = f'--generated={files}/heavier.csv', '--metrics=w1_100_pixels'
  (by_name,) = measured(tmp_path / 'a', *flags, *named).values()
  assert by_name['value'] == pytest.approx(0.5, rel=0.1)
  (as_it_is,) = measured(
    tmp_path / 'b', *flags, f'--reference={files}/real.csv'
  ).values()
  assert as_it_is['value'] == pytest.approx(10, rel=1e-3)


def test_a_run_beside_another_file_of_the_same_units(files, tmp_path):
  write(files / 'same.csv', rows(100))
  flags = f'--workdir={files}/run', '--metrics=w1_100_pixels'
  (own,) = measured(tmp_path / 'a', *flags, '--split=train').values()
  (file,) = measured(
    tmp_path / 'b', *flags, f'--reference={files}/same.csv'
  ).values()
  assert file['value'] == pytest.approx(own['value'], rel=1e-4)


def test_training_rows_are_brought_to_the_references_unit(files):
  write(files / 'far.csv', rows(100, seed=1) * np.float32([1, 9, 1]))
  own = config(files).data
  far = dataclasses.replace(own, path=str(files / 'far.csv'))
  found = reference_data.of_data(far, train=own)
  assert found.columns.scale[1] > 100
  restored = found.columns.restore(found.train)
  expected = rows(100)[:, 1]
  assert len(restored) == 60
  for weight in restored[:, 1]:
    assert np.abs(expected - weight).min() < 1e-3


def test_the_critics_gap_is_of_its_own_table(files, tmp_path, capsys):
  write(files / 'other.csv', rows(100, seed=1))
  gap = f'--workdir={files}/run', '--gap=20', f'--out={tmp_path}/x.jsonl'
  assert judge(*gap) == 0
  other = '--reference=table', f'--path={files}/other.csv'
  assert judge(*gap, *other) == 2
  assert 'learnt from a table of other means' in capsys.readouterr().err


@pytest.mark.parametrize(
  ('names', 'values', 'words'),
  [
    (('weight', 'height, in m', 'one'), rows(9), 'Column 1 of --generated'),
    (('a',), rows(9)[:, :1], 'Column 1 of --generated'),
    ((), rows(9)[:, :2], 'the table has 3 columns'),
  ],
)
def test_other_columns_are_refused(
  files, tmp_path, capsys, names, values, words
):
  write(tmp_path / 'x.csv', values, names)
  status = judge(
    f'--generated={tmp_path}/x.csv', '--reference=table',
    f'--path={files}/real.csv', '--metrics=w1_9_pixels',
  )  # fmt: skip
  assert status == 2
  assert words in capsys.readouterr().err.splitlines()[-1]
