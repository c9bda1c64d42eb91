"""Records: differences, JSON lines and the text table."""

import dataclasses
import json

import pytest

from jaxgan.metrics import record

RECORD = record.Record(
  'fid10k_mnist', 3.0, None, 'mnist', 'ab', 'none', 'mnist', 'cd', 'test',
  10_000, 10_000, 0, 'run', 'ema', 100,
)  # fmt: skip


def test_records_of_one_protocol_compare():
  other = dataclasses.replace(RECORD, value=1.0, seed=1, step=7, source='x')
  assert record.difference(RECORD, other) == 2.0


@pytest.mark.parametrize('field', record.PROTOCOL)
def test_records_of_different_protocols_do_not_compare(field):
  changed = 7 if field.endswith('num') else 'changed'
  other = dataclasses.replace(RECORD, **{field: changed})
  with pytest.raises(ValueError, match=f'differ in {field} '):
    record.difference(RECORD, other)


def test_runs_of_two_precisions_compare():
  """The precision belongs to the run, as its learning rate does."""
  coarse = dataclasses.replace(RECORD, value=5.0, train_precision='bf16')
  assert record.difference(coarse, RECORD) == 2.0


def test_a_record_of_an_older_version_still_reads():
  values = dataclasses.asdict(RECORD)
  del values['train_precision']
  assert record.Record(**values).train_precision == ''


def test_lines_are_added(tmp_path):
  other = dataclasses.replace(RECORD, details={'counts': [1, 2]})
  for result in (RECORD, other):
    record.append(tmp_path / 'x.jsonl', [result])
  lines = (tmp_path / 'x.jsonl').read_text().splitlines()
  assert [json.loads(x)['details'] for x in lines] == [None, {'counts': [1, 2]}]


def test_the_table_marks_missing_values():
  head, row = record.table([RECORD]).splitlines()
  assert head.split() == ['metric', 'value', 'error', 'floor', 'ceiling']
  assert row.split() == ['fid10k_mnist', '3', '-', '-', '-']
