"""A table of ratios: jaxgan's benchmark in turn with another program's.

  python -m jaxgan.compare --peer='python torch_wgan_gp.py' \
    --nets=mnist,dcgan64 --batches=64 --precisions=fp32 --modes=eager,compile

The peer is a command that takes --net, --batch, --critic-steps, --steps,
--precision, --mode and --device and prints, as its last line, JSON with
`seconds_median`. Each case runs both programs one after the other, `--rounds`
times; what is compared is the median of the ratios, since machines drift. When
`--budget_seconds` are over, the cases that are left are said to be left out.
"""

import json
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from absl import app, flags

from jaxgan import cli

_PEER = flags.DEFINE_string('peer', None, 'Its command.', required=True)
_NETS = flags.DEFINE_list('nets', ['mnist'], 'Of both programs.')
_BATCHES = flags.DEFINE_list('batches', ['64'], 'Images per update.')
_PRECISIONS = flags.DEFINE_list('precisions', ['fp32'], 'fp32, tf32, bf16.')
_MODES = flags.DEFINE_list('modes', ['eager'], 'Of the peer.')
_DEVICE = flags.DEFINE_string('device', 'cpu', 'Of the peer.')
_STEPS = flags.DEFINE_integer('steps', 10, 'Timed iterations.', 1)
_CRITIC_STEPS = flags.DEFINE_integer('critic_steps', 5, 'Updates.', 1)
_ROUNDS = flags.DEFINE_integer('rounds', 1, 'Of each case.', 1)
_BUDGET = flags.DEFINE_integer('budget_seconds', 540, 'For all cases.', 1)

_ROW = '| {net} | {batch} | {precision} | {mode} | {ours} | {peer} | {ratio} |'


def main(argv: list[str]) -> int:
  """Parses flags, compares, prints a table, and returns the exit status."""
  cli.no_more(argv)
  return cli.run(_compare)


def cases() -> Iterator[dict[str, str]]:
  """Every combination of the flags, one dictionary each."""
  for net in _NETS.value:
    for batch in _BATCHES.value:
      for precision in _PRECISIONS.value:
        yield {'net': net, 'batch': batch, 'precision': precision}


def _compare() -> None:
  names = ('net', 'batch', 'precision', 'mode', 'ours', 'peer', 'ratio')
  _say(_ROW.format(**{name: name for name in names}))
  _say('|' + '---|' * len(names))
  deadline = time.monotonic() + _BUDGET.value
  for case in cases():
    for row in _rows(case, deadline):
      _say(_ROW.format(**case, **row))


def _rows(case: dict[str, str], deadline: float) -> Iterator[dict[str, str]]:
  """A row for each mode of the peer; one run of ours serves them all."""
  found: dict[str, list[tuple[float, float]]] = {m: [] for m in _MODES.value}
  for _ in range(_ROUNDS.value):
    if time.monotonic() > deadline:
      break
    ours = _seconds(_our_command(case))
    for mode in _MODES.value:
      found[mode].append((ours, _seconds(_peer_command(case, mode))))
  for mode, pairs in found.items():
    row = {'mode': mode, 'ours': 'left out', 'peer': '', 'ratio': ''}
    if pairs:
      row['ours'], row['peer'] = (
        f'{statistics.median(side):.4f}' for side in zip(*pairs, strict=True)
      )
      row['ratio'] = f'{statistics.median(a / b for a, b in pairs):.2f}'
    yield row


def _our_command(case: dict[str, str]) -> list[str]:
  flags_ = {
    **case,
    'steps': _STEPS.value,
    'critic_steps': _CRITIC_STEPS.value,
  }
  options = [f'--{name}={value}' for name, value in flags_.items()]
  return [sys.executable, '-m', 'jaxgan.benchmark', *options]


def _peer_command(case: dict[str, str], mode: str) -> list[str]:
  flags_ = {
    **case,
    'steps': _STEPS.value,
    'critic-steps': _CRITIC_STEPS.value,
    'mode': mode,
    'device': _DEVICE.value,
  }
  options = [f'--{name}={value}' for name, value in flags_.items()]
  return [*shlex.split(_PEER.value), *options]


def _seconds(command: Sequence[str]) -> float:
  """The median that a benchmark prints; NaN, and its words, where it fails."""
  done = subprocess.run(command, capture_output=True, text=True, check=False)
  try:
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return float(figures['seconds_median'])
  except (IndexError, ValueError, KeyError):
    said = (done.stderr or done.stdout).strip().splitlines()[-1:]
    sys.stderr.write(f'{" ".join(command)} failed: {" ".join(said)}\n')
    return float('nan')


def _say(line: str) -> None:
  sys.stdout.write(line + '\n')
  sys.stdout.flush()


def run() -> None:
  """The console entry."""
  app.run(main)


if __name__ == '__main__':
  run()
