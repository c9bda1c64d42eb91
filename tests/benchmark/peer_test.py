"""The table of ratios, with a peer that only prints a number."""

import pathlib
import subprocess
import sys

import pytest
import small

ROOT = pathlib.Path(__file__).parents[2]


def compare(*flags):
  return subprocess.run(
    [
      sys.executable, '-m', 'jaxgan.benchmark', '--mode=peer', '--nets=toy',
      '--batches=8', '--steps=2', '--critic_steps=1', *flags,
    ],
    cwd=ROOT, capture_output=True, text=True,
    env=small.environment(),
  )  # fmt: skip


def command(tmp_path, code):
  script = tmp_path / 'peer.py'
  script.write_text(code)
  return f'--peer={sys.executable} {script}'


def rows(done):
  assert done.returncode == 0, done.stderr
  return [
    [cell.strip() for cell in line.strip('|').split('|')]
    for line in done.stdout.splitlines()[2:]
  ]


@pytest.mark.slow
def test_each_mode_of_the_peer_is_a_row(tmp_path):
  peer = command(tmp_path, "print('words')\nprint('{\"seconds_median\": 2.0}')")
  table = rows(compare(peer, '--modes=eager,compile'))
  assert [row[:4] for row in table] == [
    ['toy', '8', 'fp32', 'eager'],
    ['toy', '8', 'fp32', 'compile'],
  ]
  for *_, ours, theirs, ratio in table:
    assert theirs == '2.0000'
    assert float(ratio) == pytest.approx(float(ours) / 2, abs=0.006)


@pytest.mark.parametrize(
  ('code', 'reason'),
  [
    ("raise SystemExit('no such net')", 'failed (no such net); its last line'),
    small.slow('raise SystemExit(7)', 'failed (exit status 7)'),
    small.slow("print('{}')", 'failed (no such line was printed)'),
    small.slow(
      'print(\'{"seconds_median": NaN}\')', 'failed (seconds_median is nan)'
    ),
    (None, "can't open file"),
  ],
)
def test_a_peer_that_fails_ends_the_comparison(code, reason, tmp_path):
  absent = f'--peer={sys.executable} {tmp_path / "absent.py"}'
  done = compare(command(tmp_path, code) if code else absent)
  assert done.returncode == 2
  assert not done.stdout
  assert len(done.stderr.splitlines()) == 1
  assert done.stderr.startswith(f'jaxgan: {sys.executable} {tmp_path}')
  assert reason in done.stderr


@pytest.mark.parametrize(
  ('peer', 'sentence'),
  [
    ('', 'jaxgan: --peer is missing'),
    ('./no_such_program', 'jaxgan: ./no_such_program --net=toy'),
  ],
)
def test_a_peer_that_cannot_start_is_a_sentence(peer, sentence):
  done = compare(f'--peer={peer}')
  assert done.returncode == 2
  assert done.stderr.startswith(sentence)


def test_a_failure_of_jaxgan_is_a_sentence(tmp_path):
  peer = command(tmp_path, 'print(\'{"seconds_median": 1}\')')
  done = compare(peer, '--nets=none')
  assert done.returncode == 2
  assert 'jaxgan.benchmark --net=none' in done.stderr


@pytest.mark.slow
def test_cases_beyond_the_budget_are_left_out(tmp_path):
  code = 'import time; time.sleep(2)\nprint(\'{"seconds_median": 1}\')'
  table = rows(
    compare(command(tmp_path, code), '--budget_seconds=1', '--batches=8,16')
  )
  assert table[1][4] == 'left out'
