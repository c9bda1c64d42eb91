"""A run on a user's table: standardized for the nets, exported in its units."""

import csv
import dataclasses
import gc
import json
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
  """Random rows whose columns differ in scale; one column is constant."""
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
  """A folder with a table and the workdir of a run on 60 of its 100 rows."""
  files = tmp_path_factory.mktemp('table')
  write(files / 'real.csv', rows(100))
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv('XDG_CACHE_HOME', str(files / 'cache'))
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    train.train_and_evaluate(config(files), files / 'run')
    yield files
  gc.collect()


def run_evaluate(*flags):
  """Runs `jaxgan.evaluate` in this process, which saves its imports."""
  with flagsaver.flagsaver():
    evaluate.flags.FLAGS(['evaluate', *flags])
    return evaluate.main(['evaluate'])


def draw(files, out):
  """Writes samples as `jaxgan.sample` does."""
  run = restore.load(files / 'run')
  z = run.latents.draw(jax.random.key(0), 20)
  export.write(out, run.stream(z), count=20, table=run.columns)


def test_the_columns_are_stored_with_the_run(files):
  stored = workdir.load_data(files / 'run')['columns']
  assert stored['names'] == list(NAMES)
  np.testing.assert_allclose(stored['location'], rows(100).mean(axis=0), 1e-5)
  # Computed from the whole file, not from the training split.
  np.testing.assert_allclose(
    stored['scale'][:2], rows(100).std(axis=0)[:2], 1e-5
  )
  assert stored['scale'][2] == 1


def test_samples_are_in_units_of_the_table(files):
  run = restore.load(files / 'run')
  z = run.latents.draw(jax.random.key(0), 300)
  samples = np.concatenate(list(run.stream(z)))
  standardized = run.generate(z)
  stored = workdir.load_data(files / 'run')['columns']
  expected = standardized * np.array(stored['scale']) + stored['location']
  np.testing.assert_allclose(samples, expected, rtol=1e-5, atol=1e-6)
  assert samples.dtype == np.float32
  assert abs(samples[:, 1].mean()) > 20 > abs(standardized[:, 1].mean())


@pytest.mark.slow
def test_sampling_does_not_need_the_table(files, tmp_path):
  hidden = (files / 'real.csv').rename(files / 'hidden.csv')
  try:
    subprocess.run(
      [sys.executable, '-m', 'jaxgan.sample', f'--workdir={files}/run',
       '--num=20', f'--out={tmp_path}/x.csv'],
      check=True, cwd=pathlib.Path(__file__).parents[2],
      env=small.environment(),
    )  # fmt: skip
    draw(files, tmp_path / 'x.npz')
  finally:
    hidden.rename(files / 'real.csv')
  with (tmp_path / 'x.csv').open(newline='') as file:
    header, *lines = csv.reader(file)
  assert tuple(header) == NAMES
  with np.load(tmp_path / 'x.npz') as archive:
    vectors = archive['vectors']
  table = np.array(lines, np.float32)
  np.testing.assert_allclose(table, vectors, rtol=1e-4)


def test_plots_show_standardized_values(files, tmp_path):
  draw(files, tmp_path / 'x.png')
  with Image.open(tmp_path / 'x.png') as page:
    # Unstandardized values would lie outside of the plotted range [-3, 3].
    assert (np.asarray(page)[:128, 129:257] < 255).any()


def test_a_run_resumes_only_with_the_same_table(files):
  train.train_and_evaluate(config(files), files / 'run')
  content = (files / 'real.csv').read_text()
  write(files / 'real.csv', rows(100) * [1, 2, 1])
  try:
    with pytest.raises(ValueError, match='a run on other data') as caught:
      train.train_and_evaluate(config(files), files / 'run')
  finally:
    (files / 'real.csv').write_text(content)
  assert 'columns.scale' in str(caught.value)
  assert 'num_examples' not in str(caught.value)


def measured(folder, *flags):
  """Runs an evaluation; returns its records by metric."""
  folder.mkdir(exist_ok=True)
  out = folder / 'out.jsonl'
  status = run_evaluate(f'--out={out}', *flags)
  assert status == 0
  lines = out.read_text().splitlines()
  return {row['metric']: row for row in map(json.loads, lines)}


def test_metrics_agree_during_and_after_training(files, tmp_path):
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


def test_files_are_compared_in_standard_deviations(files, tmp_path):
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


def test_a_file_as_reference_equals_the_data_set(files, tmp_path):
  write(files / 'same.csv', rows(100))
  flags = f'--workdir={files}/run', '--metrics=w1_100_pixels'
  (own,) = measured(tmp_path / 'a', *flags, '--split=train').values()
  (file,) = measured(
    tmp_path / 'b', *flags, f'--reference={files}/same.csv'
  ).values()
  assert file['value'] == pytest.approx(own['value'], rel=1e-4)


def test_training_rows_are_converted_to_units_of_the_reference(files):
  write(files / 'far.csv', rows(100, seed=1) * np.float32([1, 9, 1]))
  own = config(files).data
  far = dataclasses.replace(own, path=str(files / 'far.csv'))
  reference = reference_data.of_data(far, train=own)
  assert reference.columns.scale[1] > 100
  restored = reference.columns.unstandardize(reference.train)
  expected = rows(100)[:, 1]
  assert len(restored) == 60
  for weight in restored[:, 1]:
    assert np.abs(expected - weight).min() < 1e-3


def test_the_gap_is_refused_for_another_table(files, tmp_path, capsys):
  write(files / 'other.csv', rows(100, seed=1))
  gap = f'--workdir={files}/run', '--gap=20', f'--out={tmp_path}/x.jsonl'
  assert run_evaluate(*gap) == 0
  other = '--reference=table', f'--path={files}/other.csv'
  assert run_evaluate(*gap, *other) == 2
  assert 'trained on a table of other means' in capsys.readouterr().err


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
  status = run_evaluate(
    f'--generated={tmp_path}/x.csv', '--reference=table',
    f'--path={files}/real.csv', '--metrics=w1_9_pixels',
  )  # fmt: skip
  assert status == 2
  assert words in capsys.readouterr().err.splitlines()[-1]
