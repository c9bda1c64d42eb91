"""The table of ratios, with a peer that only says a number."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]


def compare(tmp_path, peer, *arguments):
  script = tmp_path / 'peer.py'
  script.write_text(peer)
  done = subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.compare',
      f'--peer={sys.executable} {script}',
      '--nets=toy', '--batches=8', '--steps=2', '--critic_steps=1', *arguments,
    ],
    cwd=ROOT, check=True, capture_output=True, text=True,
    env=os.environ | {'XLA_FLAGS': ''},
  )  # fmt: skip
  rows = [
    [cell.strip() for cell in line.strip('|').split('|')]
    for line in done.stdout.splitlines()[2:]
  ]
  return rows, done.stderr


def test_each_mode_of_the_peer_is_a_row(tmp_path):
  peer = "print('words')\nprint('{\"seconds_median\": 2.0}')"
  rows, _ = compare(tmp_path, peer, '--modes=eager,compile')
  assert [row[:4] for row in rows] == [
    ['toy', '8', 'fp32', 'eager'],
    ['toy', '8', 'fp32', 'compile'],
  ]
  for *_, ours, theirs, ratio in rows:
    assert theirs == '2.0000'
    assert float(ratio) == pytest.approx(float(ours) / 2, abs=0.006)


def test_a_peer_that_fails_is_a_row_and_a_sentence(tmp_path):
  rows, errors = compare(tmp_path, "raise SystemExit('no such net')")
  assert rows[0][-1] == 'nan'
  assert 'failed: no such net' in errors


def test_what_does_not_fit_the_budget_is_said_to_be_left_out(tmp_path):
  peer = 'import time; time.sleep(2)\nprint(\'{"seconds_median": 1}\')'
  rows, _ = compare(tmp_path, peer, '--budget_seconds=1', '--batches=8,16')
  assert rows[1][4] == 'left out'
