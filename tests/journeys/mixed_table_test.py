"""A run on a table with categories, from a file to rows and their metrics."""

import csv
import gc
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import small
from absl.testing import flagsaver

import jaxgan
from jaxgan import evaluate
from jaxgan.config import from_config_dict
from jaxgan.evaluation import restore, rows
from jaxgan.gan import sharding as mesh_lib
from jaxgan.storage import export
from jaxgan.training import describe, table_model, train

ROOT = pathlib.Path(__file__).parents[2]
NAMES = ['size', 'price', 'day', 'kind', '=odd', 'same']


def table(num=160):
  rng = np.random.default_rng(0)
  kinds = rng.integers(0, 3, num)
  return [
    [
      str(round(rng.normal(50 * kind, 5))),
      '' if i % 8 == 0 else f'{rng.gamma(2):.2f}',
      str(np.datetime64(19_000 + int(rng.integers(90)), 'D')),
      ['round', 'flat', '-thin'][kind],
      ['no', 'yes'][i % 2],
      'x',
    ]
    for i, kind in enumerate(kinds)
  ]


def write(path, lines, names=NAMES):
  with path.open('w', newline='') as file:
    csv.writer(file).writerows([names, *lines])
  return path


def config(files, **data):
  data = {
    'name': 'mixed_table', 'path': str(files / 'real.csv'), 'condition': 'all',
    'dir': str(files / 'prepared'), 'split': 'train[:75%]', **data,
  }  # fmt: skip
  return from_config_dict(
    {
      'data': data,
      'net': {
        'name': 'table_mlp', 'latent_size': 4, 'gen_widths': (8,), 'pack': 2,
        'critic_widths': (8,), 'gen_norm': 'batch',
      },
      'train': {'batch_size': 8, 'critic_steps': 1, 'steps': 2},
      'eval': {'metrics': ('shapes40_rows',), 'split': 'train[75%:]'},
      'log': {'tensorboard': False},
    }
  )  # fmt: skip


@pytest.fixture(scope='module')
def files(tmp_path_factory):
  """A folder with a table and the workdir of a run on it."""
  files = tmp_path_factory.mktemp('mixed')
  write(files / 'real.csv', table())
  with pytest.MonkeyPatch.context() as patch:
    patch.setenv('XDG_CACHE_HOME', str(files / 'cache'))
    patch.setattr(mesh_lib, 'make_mesh', small.mesh)
    train.train_and_evaluate(config(files), files / 'run')
    yield files
  gc.collect()


def run_evaluate(**flags):
  given = [f'--{name}={value}' for name, value in flags.items()]
  with flagsaver.flagsaver():
    evaluate.flags.FLAGS(['evaluate', *given])
    return evaluate.main(['evaluate'])


def sample(files, name, num, where=None, **options):
  """Writes rows as the command does."""
  generator = restore.load(files / 'run')
  chunks = rows.draw(generator, num, 0, where)
  out = files / name
  export.write(out, chunks, count=num, table=generator.columns, **options)
  return out


def read(path):
  with path.open(newline='') as file:
    return list(csv.reader(file))


def test_rows_have_the_columns_and_types_of_the_table(files, caplog):
  out = sample(files, 'rows.csv', 300)
  header, *lines = read(out)
  assert (header, len(lines)) == (NAMES, 300)
  real = [*zip(*table(), strict=True)]
  made = [*zip(*lines, strict=True)]
  sizes, days = [int(x) for x in made[0]], {*made[2]}
  assert min(map(int, real[0])) <= min(sizes)
  assert max(sizes) <= max(map(int, real[0]))
  prices = [x for x in made[1] if x]
  assert 0 < len(prices) < 300  # Some are missing.
  assert all(len(x.partition('.')[2]) == 2 for x in prices)
  assert min(days) >= min(real[2])
  assert max(days) <= max(real[2])
  for i in (3, 4, 5):
    assert {*made[i]} <= {*real[i]}
  assert "gets cells such as '-thin' in column kind" in caplog.text


def test_rows_have_the_category_that_is_asked_for(files):
  out = sample(files, 'thin.csv', 50, {'kind': '-thin'}, escape=True)
  header, *lines = read(out)
  assert header[4] == "'=odd"
  assert {line[3] for line in lines} == {"'-thin"}
  assert len(lines) == 50


@pytest.mark.parametrize(
  ('texts', 'sentence'),
  [
    (['kind'], 'it must be COLUMN=CATEGORY'),
    (['size=3'], "names 'size'; it must be a column of categories"),
    (['kind=blue'], "asks for kind 'blue'; it must be one of"),
  ],
)
def test_bad_conditions_end_with_a_sentence(texts, sentence, files):
  generator = restore.load(files / 'run')
  with pytest.raises(ValueError, match=sentence):
    next(rows.draw(generator, 5, 0, rows.parse_where(texts)))


@pytest.mark.slow
def test_the_command_samples_rows(files):
  def command(*flags):
    return subprocess.run(
      [sys.executable, '-m', 'jaxgan.sample', f'--workdir={files}/run', *flags],
      cwd=ROOT, env=small.environment(), text=True, capture_output=True,
    )  # fmt: skip

  out = files / 'command.csv'
  done = command(f'--out={out}', '--num=9', '--where=kind=flat', '--escape')
  assert done.returncode == 0, done.stderr
  assert {line[3] for line in read(out)[1:]} == {'flat'}
  done = command(f'--out={files}/none.csv', '--num=9', '--label=1')
  assert done.returncode == 2
  assert 'use --where=COLUMN=CATEGORY' in done.stderr


def test_equal_seeds_give_equal_rows(files):
  generator = restore.load(files / 'run')
  one, other, third = (
    np.concatenate([*rows.draw(generator, 40, seed)]) for seed in (1, 1, 2)
  )
  np.testing.assert_array_equal(one, other)
  assert (one != third).any()
  where = {'kind': 'flat', '=odd': 'yes'}
  part = np.concatenate([*rows.draw(generator, 30, 1, where)])
  decoded = rows.values(generator.columns, part)
  assert decoded == jaxgan.load_run(files / 'run').rows(30, 1, where)
  with pytest.raises(ValueError, match=r'by Run\.rows'):
    jaxgan.load_run(files / 'run').sample(3)
  assert {*decoded['kind']} == {'flat'}
  assert {*decoded['=odd']} == {'yes'}
  assert {type(x) for x in decoded['size']} == {int}
  assert {type(x) for x in decoded['price']} <= {float, type(None)}


def test_a_run_is_measured_beside_baselines(files, capsys):
  flags = {'workdir': str(files / 'run'), 'out': str(files / 'e.jsonl')}
  kinds = ('shapes400', 'trends400', 'copies400', 'closest40')
  metrics = ','.join(f'{kind}_rows' for kind in kinds)
  assert run_evaluate(metrics=metrics, baselines=True, **flags) == 0
  lines = (files / 'e.jsonl').read_text().splitlines()
  records = [json.loads(line) for line in lines]
  values = {(r['source'], r['metric']): r['value'] for r in records}
  assert len(values) == 12
  for name in ('independent', 'copula'):
    assert values[name, 'shapes400_rows'] > 0.8
    assert values[name, 'shapes400_rows'] > values['run', 'shapes400_rows']
  assert 'independent' in capsys.readouterr().out


def test_files_of_rows_are_measured(files, capsys):
  flags = {'reference': 'mixed_table', 'path': str(files / 'real.csv')}
  generated = str(write(files / 'half.csv', table()[:80]))
  out = str(files / 'f.jsonl')
  metrics = 'shapes80_rows'
  flags |= {'generated': generated, 'metrics': metrics, 'out': out}
  assert run_evaluate(**flags) == 0
  record = json.loads((files / 'f.jsonl').read_text())
  assert record['value'] > 0.9
  blue = ['1', '1.00', '2022-01-08', 'blue', 'no', 'x']
  write(files / 'half.csv', [blue] * 80)
  assert run_evaluate(**flags) == 2
  assert "Column kind holds 'blue'" in capsys.readouterr().err


def test_the_columns_are_described(files):
  text = describe.describe(config(files))
  assert 'kind' in text
  assert '3 categories*  ' in text
  assert 'nothing (constant)' in text
  assert max(map(len, text.splitlines())) <= 80


@pytest.mark.slow
def test_a_run_resumes_only_with_the_same_columns(files):
  state = train.train_and_evaluate(config(files), files / 'run')
  assert int(state.step) == 2
  kinds = files / 'kinds.json'
  kinds.write_text('{"price": "drop"}')
  other = config(files, columns=str(kinds))
  with pytest.raises(ValueError, match='columns'):
    train.train_and_evaluate(other, files / 'run')


@pytest.mark.slow
def test_a_table_in_memory_is_fitted(files):
  data = dict(zip(NAMES, map(list, zip(*table(), strict=True)), strict=True))
  data['size'] = [int(x) for x in data['size']]
  data['price'] = [float(x) if x else None for x in data['price']]
  changes = {
    'train.steps': 2, 'train.batch_size': 20, 'net.gen_widths': (8,),
    'net.critic_widths': (8,), 'data.dir': str(files / 'prepared'),
    'log.tensorboard': False,
  }  # fmt: skip
  model = jaxgan.fit_table(
    data, files / 'fitted', kinds={'same': 'drop'}, changes=changes
  )
  made = model.sample(20, where={'kind': 'flat'})
  assert [*made] == NAMES[:-1]
  assert {len(x) for x in made.values()} == {20}
  assert {*made['kind']} == {'flat'}
  assert model.sample(3, seed=5) == model.sample(3, seed=5)
  with pytest.raises(ValueError, match='num is 0'):
    model.sample(0)
  with pytest.raises(ValueError, match='differ in length'):
    table_model.fit({'a': [1], 'b': [1, 2]}, files / 'bad', {}, {})
  with pytest.raises(ValueError, match='it must be a path'):
    table_model.fit([1, 2], files / 'bad', {}, {})
