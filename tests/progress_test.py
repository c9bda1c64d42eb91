"""Tests of the progress: a bar on a terminal, lines elsewhere."""

import io
import sys

from jaxgan.progress import Progress


class Clock:
  """A clock that a test moves."""

  now = 0.0

  def __call__(self):
    return self.now


def test_a_log_gets_a_line_each_half_minute(capsys):
  clock = Clock()
  with Progress(1000, 'step', title='toy', clock=clock) as progress:
    for second in range(100):
      clock.now = float(second)
      progress.note(f'gap {second}')
      progress.update(10)
  assert capsys.readouterr().err.splitlines() == [
    'toy: 60 of 1000 steps, 10 steps per second, time left 01:34; gap 5',
    'toy: 360 of 1000 steps, 10 steps per second, time left 01:04; gap 35',
    'toy: 660 of 1000 steps, 10 steps per second, time left 00:34; gap 65',
    'toy: 960 of 1000 steps, 10 steps per second, time left 00:04; gap 95',
    'toy: 1000 of 1000 steps, 10 steps per second; gap 99',
  ]


def test_short_work_writes_no_line_and_long_work_its_first_at_once(capsys):
  with Progress(9, 'step', clock=Clock()) as progress:
    progress.update(9)
  with Progress(9, 'step', hidden=True, first_seconds=0, clock=Clock()):
    pass
  assert capsys.readouterr().err == ''
  with Progress(9, 'step', first_seconds=0, clock=Clock()):
    assert capsys.readouterr().err == '0 of 9 steps\n'


def test_a_rollback_and_an_unknown_total_have_lines(capsys):
  clock = Clock()
  with Progress(None, 'image', done=50, clock=clock) as progress:
    progress.update()
    progress.go_to(20)
    progress.update()
    clock.now = 10.0
    progress.update(5)
  assert capsys.readouterr().err == '26 images, 0.5 images per second\n'


def test_a_terminal_gets_a_bar(monkeypatch):
  terminal = io.StringIO()
  terminal.isatty = lambda: True
  monkeypatch.setattr(sys, 'stderr', terminal)
  with Progress(9, 'step', title='toy', done=2) as progress:
    progress.update()
    progress.note('gap 1')
  assert 'toy:  33%|' in terminal.getvalue()
  assert terminal.getvalue().split()[-1] == '1]'  # tqdm pads to a width.
  assert terminal.getvalue().count('\n') == 1
