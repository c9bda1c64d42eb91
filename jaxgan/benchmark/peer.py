"""Compares the step time of jaxgan with that of another program, the peer.

The peer takes --net, --batch, --critic-steps, --steps, --precision, --mode and
--device. Its last line of output is JSON with `seconds_median`. Both programs
run in turn, `rounds` times. The table gives the median of the ratios, because
the speed of a shared machine changes over time.
"""

import dataclasses
import itertools
import json
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

_COLUMNS = ('net', 'batch', 'precision', 'mode', 'ours', 'peer', 'ratio')


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of a comparison: flags of `jaxgan.benchmark --mode=peer`.

  Attributes:
    peer: command line of the peer.
    nets, batches, precisions: each combination is a case.
    modes: modes of the peer, such as eager and compile.
    device: device of the peer.
    steps: timed iterations of each run.
    critic_steps: critic updates per iteration.
    rounds: repetitions of each case.
    budget_seconds: cases that would start later are left out.
  """

  peer: str
  nets: Sequence[str]
  batches: Sequence[str]
  precisions: Sequence[str]
  modes: Sequence[str]
  device: str
  steps: int
  critic_steps: int
  rounds: int
  budget_seconds: int


def compare(settings: Settings) -> Iterator[str]:
  """Yields a Markdown table with a row for each case and mode of the peer.

  The columns `ours` and `peer` are seconds per iteration; `ratio` is ours over
  the peer's.

  Raises:
    ValueError: the command of the peer is missing, or a program fails.
  """
  if not settings.peer:
    raise ValueError('--peer is missing; --mode=peer needs a command to run.')
  deadline = time.monotonic() + settings.budget_seconds
  head = [_row(_COLUMNS), '|' + '---|' * len(_COLUMNS)]
  for values in itertools.product(
    settings.nets, settings.batches, settings.precisions
  ):
    case = dict(zip(_COLUMNS[:3], values, strict=True))
    rows = _compare_case(settings, case, deadline)
    yield from [*head, *rows]
    head = []  # Printed with the first rows, so not if the first case fails.


def _compare_case(
  settings: Settings, case: Mapping[str, str], deadline: float
) -> list[str]:
  """Measures a case and returns a table row for each mode of the peer."""
  flags = [f'--{name}={value}' for name, value in case.items()]
  flags += [f'--steps={settings.steps}']
  program = [sys.executable, '-m', 'jaxgan.benchmark', *flags]
  program += [f'--critic_steps={settings.critic_steps}']
  peer = [*shlex.split(settings.peer), *flags, f'--device={settings.device}']
  peer += [f'--critic-steps={settings.critic_steps}']
  pairs: dict[str, list[tuple[float, float]]] = {m: [] for m in settings.modes}
  for _ in range(settings.rounds):
    if time.monotonic() > deadline:
      break
    # The peer first, so that a wrong command fails at once. One run of jaxgan
    # is compared with all modes.
    theirs = [_seconds([*peer, f'--mode={mode}']) for mode in pairs]
    ours = _seconds(program)
    for mode, seconds in zip(pairs, theirs, strict=True):
      pairs[mode].append((ours, seconds))
  return [_row([*case.values(), mode, *_cells(p)]) for mode, p in pairs.items()]


def _cells(pairs: Sequence[tuple[float, float]]) -> Sequence[str]:
  if not pairs:
    return 'left out', '', ''
  ours, peer = (statistics.median(side) for side in zip(*pairs, strict=True))
  ratio = statistics.median(a / b for a, b in pairs)
  return f'{ours:.4f}', f'{peer:.4f}', f'{ratio:.2f}'


def _seconds(command: Sequence[str]) -> float:
  """Runs a benchmark and returns the `seconds_median` that it prints.

  Raises:
    ValueError: it cannot start, fails, or prints no such line.
  """
  try:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = float(json.loads(done.stdout.splitlines()[-1])['seconds_median'])
    if seconds > 0:  # Not for NaN.
      return seconds
    reason = f'seconds_median is {seconds}'
  except OSError as error:
    reason = str(error)
  except subprocess.CalledProcessError as error:
    words = (error.stderr or error.stdout).strip().splitlines()[-1:]
    reason = ' '.join(words) or f'exit status {error.returncode}'
  except (IndexError, KeyError, TypeError, ValueError):
    reason = 'no such line was printed'
  raise ValueError(
    f'{shlex.join(command)} failed ({reason}); its last line must be JSON with '
    'a positive seconds_median.'
  )


def _row(cells: Sequence[str]) -> str:
  return '| ' + ' | '.join(cells) + ' |'
