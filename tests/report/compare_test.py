"""The page that compares runs, and which metrics it compares."""

import pathlib

import numpy as np
import pytest
from report_testing import Page, make_run, measured

from jaxgan.report import compare, panels, write
from jaxgan.report import measured as measured_lib


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
  root = tmp_path_factory.mktemp('compared')
  both = [measured(0, 100.0), measured(900, 5.0)]
  other = [measured(0, 100.0, metric='kid100_digits', fake_num=100)]
  split = [measured(900, 2.0, metric='is100_digits', split='test')]
  train = [measured(900, 3.0, metric='is100_digits')]
  baseline = [measured(900, 1.0, weights='none', source='copy')]
  return (
    make_run(root / 'one', records=[*both, *other, *train]),
    make_run(root / 'two', records=[*both, *split, *baseline], rows=9,
             penalty={'preset': 'wgan_gp'}, eval={'every_steps': 7}),
  )  # fmt: skip


@pytest.fixture(scope='module')
def page(folders, tmp_path_factory):
  out = tmp_path_factory.mktemp('out') / 'new' / 'compared.html'
  assert write.compare(folders, out) == out
  return Page(out.read_text())


def test_only_metrics_of_one_protocol_are_compared(page):
  assert '5 ± 0.1 (step 900)' in page.text('td')
  sentences = page.text('p')
  assert (
    'kid100_digits is not compared, since it was not measured in two.'
  ) in sentences
  assert "differ in split ('train' and 'test')" in sentences
  titles = page.text('h3')
  assert 'fid100_digits' in titles
  assert 'is100' not in titles
  assert 'kid100' not in titles


@pytest.mark.parametrize('field', ['features_sha256', 'fake_num', 'weights'])
def test_unlike_protocols_are_refused(folders, field):
  runs = compare.read(folders)
  change = {field: 7 if field == 'fake_num' else 'raw'}
  alike, _ = measured_lib.compared([r._replace(records=[measured(1, 2.0)])
                                    for r in runs])  # fmt: skip
  assert len(alike) == 1
  records = [[measured(1, 2.0)], [measured(1, 2.0, **change)]]
  unlike = [r._replace(records=x) for r, x in zip(runs, records, strict=True)]
  alike, sentences = measured_lib.compared(unlike)
  assert alike == []
  assert f'differ in {field}' in sentences[0]


def test_keys_that_differ_are_listed_and_those_about_files_come_last(page):
  heads = page.text('th').split()
  assert heads.index('penalty.preset') < heads.index('eval.every_steps')
  assert 'train.steps' in heads
  assert 'net.name' not in heads


def test_each_run_has_a_color_and_each_line_a_dash(folders):
  runs = compare.read(folders)
  (losses,) = (p for p in panels.of_runs(runs) if p.title == 'Losses')
  lines = [(x.label, x.color, x.dash) for x in losses.series]
  assert lines == [
    ('one, critic', 0, 0),
    ('one, generator', 0, 1),
    ('two, critic', 1, 0),
    ('two, generator', 1, 1),
  ]


def test_the_last_grids_are_shown_together(page):
  alts = [image['alt'] for image in page.named('img')]
  assert alts == [
    '64 samples in a grid of one at step 200',
    '64 samples in a grid of two at step 200',
  ]


def test_runs_of_one_name_are_called_by_their_paths(tmp_path):
  folders = [make_run(tmp_path / x / 'run', grids=0) for x in 'ab']
  assert [run.name for run in compare.read(folders)] == list(map(str, folders))


def test_bad_workdirs_have_a_sentence(folders, tmp_path):
  one, two = folders
  with pytest.raises(
    ValueError, match=r'There are 1 workdirs; .* needs 2 to 8'
  ):
    compare.read([one])
  with pytest.raises(ValueError, match='one is given twice'):
    compare.read([one, two, one / '..' / 'one'])
  with pytest.raises(ValueError, match='holds no run'):
    compare.read([one, tmp_path])
  with pytest.raises(ValueError, match=r"'c.png'; it must end in .html"):
    write.compare(folders, pathlib.Path('c.png'))


def test_learning_rates_are_drawn_where_they_change(folders, tmp_path):
  assert 'Learning rates' not in {
    p.title for p in panels.of_runs(compare.read(folders))
  }
  optim = {'gen': {'lr': 0.1, 'schedule': 'linear', 'warmup_steps': 100}}
  folder = make_run(tmp_path / 'run', optim=optim, grids=0)
  runs = compare.read([folder, folders[0]])
  (panel,) = (p for p in panels.of_runs(runs) if p.title == 'Learning rates')
  gen = next(s for s in panel.series if s.label == 'run, generator')
  at = dict(zip(gen.steps.tolist(), gen.values.tolist(), strict=True))
  assert at[600] == pytest.approx(0.05, rel=1e-5)  # Half of 1,200 steps.
  assert at[48] == pytest.approx(0.1 * 0.96 * 0.49, rel=1e-5)  # Warm-up.
  critic = next(s for s in panel.series if s.label == 'run, critic')
  assert np.ptp(critic.values) == 0
