"""The page of a run: sound HTML, alone in one file, and always escaped."""

import itertools
import json
import pathlib
import re

import numpy as np
import pytest
from report_testing import Page, make_run, measured, row

from jaxgan.report import collect, single, write
from jaxgan.report.markup import Safe, element
from jaxgan.storage import atomic, pictures, workdir

EVIL = '<script>alert(1)</script>&"\''


def page(folder, **options):
  return Page(single.build(collect.read(folder), **options))


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
  records = [
    measured(0, 140.0),
    measured(600, 30.0),
    measured(1200, 9.0),
    measured(1200, 7.0),
    measured(1200, 1.0, split='test'),
  ]
  return make_run(tmp_path_factory.mktemp('runs') / 'digits', records=records)


@pytest.fixture(scope='module')
def text(folder):
  return single.build(collect.read(folder))


def test_the_page_is_sound(text):
  whole = Page(text)
  ids = [a['id'] for _, a in whole.elements if 'id' in a]
  assert len(ids) == len(set(ids)) > 10
  references = re.findall(r'url\(#([\w-]+)\)', text)
  for _, attributes in whole.elements:
    link = attributes.get('href', attributes.get('src', 'data:'))
    assert link.startswith(('#', 'data:')), link
    references += [link[1:]] if len(link) > 1 and link[0] == '#' else []
    references += attributes.get('aria-labelledby', '').split()
  assert set(references) <= set(ids)
  assert all(image['alt'] for image in whole.named('img'))
  assert all(plot.get('aria-label') or 'aria-hidden' in plot
             for plot in whole.named('svg'))  # fmt: skip
  levels = [int(tag[1]) for tag, _ in whole.elements if re.match(r'h\d', tag)]
  assert levels[0] == 1
  assert levels.count(1) == 1
  assert all(b <= a + 1 for a, b in itertools.pairwise(levels))
  assert len(whole.named('script')) == len(whole.named('style')) == 1
  assert 'http' not in text
  assert '@import' not in text


def test_the_same_run_has_the_same_page(folder, text):
  assert single.build(collect.read(folder)) == text


def test_colors_of_plots_are_those_of_the_page(text):
  plots = re.findall(r'<svg class="plot".*?</svg>', text, re.DOTALL)
  assert len(plots) == 7
  for plot in plots:
    assert not re.search(r'(?:fill|stroke): #', plot)
    assert 'var(--c0)' in plot
    assert 'font-size: 9.5px' in plot
    assert 'font-family' not in plot
    assert 'font:' not in plot


def test_the_sections_say_what_the_workdir_holds(text):
  whole = Page(text)
  titles = whole.text('h2')
  assert titles == (
    'Samples Metrics Curves Failures Configuration Data and environment '
    'Commands'
  )
  assert 'The guard saw none' in whole.text('p')
  assert 'Lambda 10, Ratio 1' in whole.text('p')
  images = whole.named('img')
  assert len(images) == 2 + 3  # The newest, the real ones, and the strip.
  assert images[0]['src'] == images[-1]['src'] != images[1]['src']
  # One panel and one row for each protocol; the newer record replaced the old.
  cells = whole.text('td')
  assert ' 7 0.1 0.5 150 ' in cells
  assert 'split test' in whole.text('span')
  assert len(re.findall(r'fid100_digits', whole.text('h3'))) == 1


def test_nothing_of_a_run_becomes_markup(tmp_path):
  folder = make_run(
    tmp_path / '<b>&"run', data={'path': EVIL, 'name': 'digits'},
    records=[measured(0, 1.0, metric=EVIL, source=EVIL),
             measured(9, 2.0, metric=EVIL, weights='none', source=EVIL)],
  )  # fmt: skip
  workdir.add_rollback(folder, {'to': 3, 'because': EVIL})
  facts = workdir.load_data(folder) | {'name': EVIL}
  atomic.write_text(folder / 'data.json', json.dumps(facts))
  lines = [row(100, gap=EVIL, train_precision=EVIL), row(200), row(300)]
  text = ''.join(f'{json.dumps(x)}\n' for x in lines)
  (folder / 'metrics.jsonl').write_text(text)
  whole = page(folder)
  assert len(whole.named('script')) == 1
  assert whole.named('b') == []
  assert EVIL in whole.text('td')
  assert f'{EVIL} The run was rolled back to step 3.' in whole.text('li')
  assert '<b>&"run' in whole.text('h1')


def test_an_element_escapes_texts_and_attributes():
  inner = element('b', '<i>')
  assert element('p', 'a & b', inner, title='"x"', hidden=True, lang=None) == (
    '<p title="&quot;x&quot;" hidden>a &amp; b<b>&lt;i&gt;</b></p>'
  )
  assert isinstance(inner, Safe)


@pytest.mark.slow
def test_a_page_stays_below_two_megabytes(tmp_path):
  rows = 3000
  folder = make_run(
    tmp_path / 'run', rows, [measured(i, i + 1.0) for i in range(500)],
    shape=(64, 64, 3), grids=40,
  )  # fmt: skip
  # Noise, which cannot be compressed.
  out = write.single(folder)
  assert out == folder / 'report.html'
  assert 1_000_000 < out.stat().st_size < 2_000_000
  whole = Page(out.read_text())
  assert len(whole.named('img')) == 2 + 17
  assert '17 of 40 moments' in whole.text('p')


def test_a_run_without_logs_and_samples_has_a_page(tmp_path):
  folder = make_run(tmp_path / 'run', rows=1, grids=0, shape=(2,))
  (folder / 'metrics.jsonl').unlink()
  whole = page(folder)
  for sentence in ('no samples yet', 'Nothing was measured', 'No scalars'):
    assert sentence in whole.text('p')


def test_failures_are_reported(tmp_path):
  folder = make_run(tmp_path / 'run', guard={'patience': 2})
  rows = [row(10 * i, diversity=0.01) for i in (1, 2)]
  rows.append(row(30, critic_loss=None))
  lines = [json.dumps(each) + '\n' for each in rows]
  (folder / 'metrics.jsonl').write_text(''.join(lines))
  workdir.add_rollback(folder, {'to': 5, 'because': 'It broke.'})
  failures = collect.read(folder).failures
  assert failures[0] == 'It broke. The run was rolled back to step 5.'
  assert failures[1].startswith('Mode collapse: diversity 0.01 is below')
  assert failures[2] == 'A loss was not finite at step 30.'
  assert 'Mode collapse' in page(folder).text('li')


def test_real_images_are_those_of_the_data_where_their_picture_is_lost(
  folder, tmp_path
):
  lost = make_run(tmp_path / 'run', data={'name': 'digits'})
  (lost / 'samples' / 'real.png').unlink()
  assert len(page(lost).named('img')) == 5
  lost = make_run(tmp_path / 'b', data={'name': 'folder', 'path': '/none'})
  (lost / 'samples' / 'real.png').unlink()
  whole = page(lost)
  assert len(whole.named('img')) == 4
  assert 'Real examples are left out: ' in whole.text('p')


def test_a_picture_of_neighbors_in_the_workdir_is_shown(tmp_path):
  folder = make_run(tmp_path / 'run')
  image = np.zeros((9, 9, 1), np.uint8)
  pictures.save_png(folder / 'neighbours.png', image, generated=True)
  text = write.single(folder, tmp_path / 'a' / 'x.html').read_text()
  assert 'Nearest neighbors' in Page(text).text('h2')
  (folder / 'neighbours.png').write_text('no picture')
  with pytest.raises(ValueError, match=r'neighbours.png is no PNG'):
    write.single(folder)


def test_bad_inputs_have_a_sentence(tmp_path):
  with pytest.raises(ValueError, match='holds no run: config'):
    write.single(tmp_path)
  with pytest.raises(ValueError, match=r"'x.pdf'; it must end in .html"):
    write.single(tmp_path, pathlib.Path('x.pdf'))
  (tmp_path / 'study.json').touch()
  with pytest.raises(ValueError, match=r'study summarise --workdir=.*reports'):
    write.single(tmp_path)
  folder = make_run(tmp_path / 'run')
  (folder / 'evaluation.jsonl').write_text('{"metric": "fid"}\n')
  with pytest.raises(ValueError, match=r'Line 1 of .* is no record'):
    write.single(folder)


def luminance(color):
  parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
  linear = [
    x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts
  ]
  return np.dot(linear, [0.2126, 0.7152, 0.0722])


def test_colors_have_enough_contrast(root):
  css = (root / 'jaxgan/report/static/page.css').read_text()
  themes = re.findall(r'--paper:.*?color-scheme', css, re.DOTALL)
  assert len(themes) == 3
  assert themes[1].split() == themes[2].split()
  for theme in themes:
    colors = dict(re.findall(r'--(\w+): (#\w{6})', theme))
    for ground in ('paper', 'card'):
      for name, color in colors.items():
        one, other = sorted(map(luminance, (color, colors[ground])))
        least = {'rule': 1, 'paper': 1, 'card': 1}.get(name, 4.5)
        least = 3 if re.fullmatch(r'c\d', name) else least
        assert (other + 0.05) / (one + 0.05) >= least, (name, ground)
