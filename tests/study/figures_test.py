"""Tests of figures: files, sizes, equal bytes, lines, error messages."""

import sys

import pytest
import study_curves as made
from study_curves import STEPS

from jaxgan.study import figures, report
from jaxgan.study import summary as summary_lib

ARMS = ('base', 'ours', 'broken', 'never')
KINDS = ('learning', 'waiting', 'forest', 'traces', 'overshoot')


def full():
  """A study with gaps: an arm that diverged, one without runs."""
  arms = ['ours', 'broken', 'never', *(f'arm{i}' for i in range(9))]
  study = made.study(arms, seeds=4)
  rows = [x for x in made.rows(study, [('ours', 0.7)]) if x.arm != 'never']
  for seed in range(4):
    gone = dict.fromkeys(range(500, STEPS + 1, 100), float('nan'))
    rows = made.changed(rows, 'broken', seed, gone)
  return study, rows


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  """The figures of one summary."""
  study, rows = full()
  path = tmp_path_factory.mktemp('summary')
  summary = summary_lib.summarize(study, rows)
  report.draw(study, rows, summary, path, ARMS)
  return path


@pytest.mark.slow
def test_a_task_has_its_figures_under_the_limit(folder):
  sizes = {path.stem: path.stat().st_size for path in folder.glob('*.png')}
  assert set(sizes) == {f'rings_{kind}' for kind in KINDS}
  assert max(sizes.values()) < 300_000
  assert min(sizes.values()) > 5_000


@pytest.mark.slow
def test_the_same_runs_give_the_same_bytes(folder, tmp_path):
  study, rows = full()
  summary = summary_lib.summarize(study, rows)
  report.draw(study, rows, summary, tmp_path, ARMS)
  for kind in KINDS:
    one, two = (
      (path / f'rings_{kind}.png').read_bytes() for path in (folder, tmp_path)
    )
    assert one == two
    assert b'Software' not in one


def test_figures_draw_the_requested_arms(tmp_path, monkeypatch):
  drawn = {}

  def keep(figure, path):
    drawn[path.stem.split('_')[1]] = figure

  monkeypatch.setattr(figures, '_save', keep)
  study, rows = full()
  summary = summary_lib.summarize(study, rows)
  report.draw(study, rows, summary, tmp_path, ['ours', 'never', 'base'])
  axes = drawn['learning'].axes[0]
  labels = axes.get_legend_handles_labels()[1]
  assert labels == ['ours', 'base']  # One of them has no runs.
  assert axes.get_yscale() == 'log'
  ours, base = axes.lines[:2]
  assert (ours.get_ydata() < base.get_ydata()).all()
  waiting = drawn['waiting'].axes[0].lines[0].get_ydata()
  assert waiting[0] == 1
  assert (waiting[:-1] >= waiting[1:]).all()
  assert len(drawn['forest'].axes[0].get_yticks()) == 12  # But base, never.
  titles = [x.get_title() for x in drawn['traces'].axes]
  assert titles[6:] == ["critic's distance", made.EXACT]


def test_shown_arms_start_with_the_baseline_and_skip_its_copy():
  study, _ = full()
  shown = report.shown_arms(study)
  assert shown[:3] == ('base', 'ours', 'broken')
  assert len(shown) == figures.MAX_ARMS
  assert 'again' not in shown


def test_each_arm_has_its_own_color():
  assert len(set(figures._COLORS)) == figures.MAX_ARMS


def test_unknown_or_too_many_arms_are_refused(tmp_path):
  study, rows = full()
  summary = summary_lib.summarize(study, rows)
  with pytest.raises(ValueError, match="arms is 'theirs'; it must be one of"):
    report.draw(study, rows, summary, tmp_path, ['theirs'])
  runs = dict.fromkeys(f'arm{i}' for i in range(9))
  with pytest.raises(ValueError, match='9 arms are too many for one figure'):
    figures.traces(tmp_path / 'x.png', study.tasks[0], runs, list(runs))


def test_tables_do_not_wait_for_matplotlib(tmp_path, monkeypatch):
  monkeypatch.setitem(sys.modules, 'matplotlib.figure', None)
  study, rows = full()
  with pytest.raises(ValueError, match=r"pip install 'jaxgan\[study\]'"):
    report.write(study, rows, tmp_path)
  assert (tmp_path / 'summary.md').exists()
