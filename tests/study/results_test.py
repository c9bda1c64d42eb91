"""Tests that rows read back equal, also from cut, packed or damaged files."""

import gzip
import json
import math

import pytest

from jaxgan.study import results
from jaxgan.study.results import Row

ROW = Row('ring', 'a', 3, 100, {'w1_1k_pixels': 0.25}, {'gap': -1.5})


@pytest.fixture
def path(tmp_path):
  return tmp_path / 'results.jsonl'


def test_rows_read_back(path):
  rows = [ROW, ROW._replace(seed=4, trace={})]
  results.append(path, rows)
  results.append(path, [ROW._replace(seed=5)])
  assert results.load(path) == [*rows, ROW._replace(seed=5)]


def test_rows_of_older_versions_lack_updates_and_seconds(path):
  results.append(path, [ROW._replace(updates=500, seconds=2.5)])
  assert results.load(path)[0][-2:] == (500, 2.5)
  old = {k: v for k, v in ROW._asdict().items() if k in Row._fields[:6]}
  path.write_text(json.dumps(old) + '\n')
  (row,) = results.load(path)
  assert row.updates is None
  assert math.isnan(row.seconds)


def test_a_diverged_metric_is_kept_as_nan(path):
  results.append(path, [ROW._replace(metrics={'w1_1k_pixels': math.nan})])
  assert 'NaN' not in path.read_text()
  assert math.isnan(results.load(path)[0].metrics['w1_1k_pixels'])


def test_six_digits_are_kept(path):
  results.append(path, [ROW._replace(trace={'gap': 1 / 3e-5})])
  assert results.load(path)[0].trace['gap'] == 33333.3


def test_a_line_cut_by_a_crash_is_dropped_and_the_file_goes_on(path):
  results.append(path, [ROW])
  with path.open('a') as file:
    file.write('{"task": "ring", "ar')
  assert results.load(path) == [ROW]
  results.append(path, [ROW._replace(seed=4)])
  assert results.load(path) == [ROW, ROW._replace(seed=4)]


def test_later_rows_of_the_same_step_count(path):
  later = ROW._replace(metrics={'w1_1k_pixels': 0.5})
  results.append(path, [ROW, later])
  assert results.load(path) == [later]


def test_packed_results_read_the_same(path, tmp_path):
  results.append(path, [ROW])
  packed = tmp_path / 'results.jsonl.gz'
  packed.write_bytes(gzip.compress(path.read_bytes()))
  assert results.load(packed) == [ROW]


@pytest.mark.parametrize(
  'text', ['[1]\n', '{"task": 1}\n', 'x\n', '{}\n', '\n']
)
def test_lines_that_are_no_rows_are_refused(path, text):
  path.write_text(text)
  with pytest.raises(ValueError, match='cannot be read as results'):
    results.load(path)


def test_a_missing_or_damaged_file_is_refused(path, tmp_path):
  packed = tmp_path / 'results.jsonl.gz'
  packed.write_bytes(gzip.compress(b'x' * 999)[:20])
  for file in (path, packed):
    with pytest.raises(ValueError, match='cannot be read as results'):
      results.load(file)
