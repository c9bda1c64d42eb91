"""Measures many networks and precisions in one call, within a time budget.

For each case, jaxgan and the PyTorch peer are compiled first and then timed in
turn, so that their ratio is of one device within seconds. The file of results
is written after each case; the same command goes on with the cases that it
lacks. One case may be the last that a lent machine has time for.
"""

import dataclasses
import itertools
import json
import pathlib
import shlex
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from jaxgan.benchmark.programs import Program, jaxgan
from jaxgan.storage import atomic

Figures = dict[str, Any]

_HEAD = 'net', 'batch', 'precision', 'program', 'seconds', 'ratio'


@dataclasses.dataclass(frozen=True)
class Settings:
  """Settings of the measurement: flags of `jaxgan.benchmark`.

  Attributes:
    out: file of results, JSON.
    peer: command line of the peer; empty for jaxgan alone.
    nets, batches, precisions: each combination is a case.
    convs: algorithms of jaxgan's convolutions, one program each.
    modes: modes of the peer, one program each.
    device: device of the peer.
    seeds: if more than 1, each net has another case in the first precision:
      so many replicas one after another (map) and side by side (vmap).
    critic_steps: critic updates per iteration.
    warmup: iterations that are not counted.
    rounds: turns of each program.
    window_seconds: about the time of a turn.
    budget_seconds: no case starts when less is left than the longest took.
    in_turn: whether programs compile one after another, not all at once.
    tpu: file of rows of docs/tpu_table.py that are copied to the results.
  """

  out: str
  peer: str
  nets: Sequence[str]
  batches: Sequence[str]
  precisions: Sequence[str]
  convs: Sequence[str]
  modes: Sequence[str]
  device: str
  seeds: int
  critic_steps: int
  warmup: int
  rounds: int
  window_seconds: float
  budget_seconds: int
  in_turn: bool
  tpu: str


def measure(settings: Settings) -> Iterator[str]:
  """Measures the cases that the file of results lacks.

  Yields:
    Rows of a Markdown table: seconds per iteration, and the seconds of the
    case's first program, which is jaxgan's, over those of this one.

  Raises:
    ValueError: --out is missing, or is no file of results.
  """
  if not settings.out:
    raise ValueError('--out is missing; it must name a file for the results.')
  path = pathlib.Path(settings.out)
  start = time.monotonic()
  deadline = start + settings.budget_seconds
  results = _load(path) | {'left_out': [], 'tpu': _rows(settings.tpu)}
  yield from (_row(_HEAD), '|' + '---|' * len(_HEAD))
  longest = 0.0
  for key, commands in _cases(settings):
    if _is_done(results['cases'], key, commands):
      continue
    begin = time.monotonic()
    if begin + longest > deadline:
      results['left_out'].append(key)
      continue
    programs = _measure_case(commands, settings, deadline)
    case = key | {'programs': _compared(programs, key['seeds'])}
    case['wall_seconds'] = time.monotonic() - begin
    longest = max(longest, case['wall_seconds'])
    others = [c for c in results['cases'] if not key.items() <= c.items()]
    results['cases'] = [*others, case]
    _save(path, results)
    yield from _table(case)
  _save(path, results)
  for key in results['left_out']:
    name = f'{key["seeds"]} replicas' if key['seeds'] > 1 else 'all'
    yield _row([*(str(key[n]) for n in _HEAD[:3]), name, 'left out', ''])


def _cases(settings: Settings) -> Iterator[tuple[Figures, dict[str, list]]]:
  """Yields (key of a case, name of a program -> its command)."""
  for net, batch, precision in itertools.product(
    settings.nets, settings.batches, settings.precisions
  ):
    case: Figures = {'net': net, 'batch': int(batch), 'precision': precision}
    case['critic_steps'] = settings.critic_steps
    own = {
      'jaxgan' if conv == 'auto' else f'jaxgan {conv}': jaxgan(
        **case, warmup=settings.warmup, conv=conv
      )
      for conv in settings.convs
    }
    peers = {
      f'torch {mode}': _peer(settings, case, mode)
      for mode in settings.modes
      if settings.peer
    }
    yield case | {'seeds': 1}, own | peers
  if settings.seeds > 1:
    precision, size = settings.precisions[0], int(settings.batches[0])
    for net in settings.nets:
      case = {'net': net, 'batch': size, 'precision': precision}
      case |= {'critic_steps': settings.critic_steps, 'seeds': settings.seeds}
      yield (
        case,
        {
          f'jaxgan {replicas}': jaxgan(
            **case, warmup=settings.warmup, replicas=replicas
          )
          for replicas in ('map', 'vmap')
        },
      )


def _peer(settings: Settings, case: Figures, mode: str) -> list[str]:
  flags = [f'--{name.replace("_", "-")}={case[name]}' for name in case]
  flags += [f'--mode={mode}', f'--device={settings.device}', '--serve']
  return [*shlex.split(settings.peer), *flags]


def _measure_case(
  commands: dict[str, list[str]], settings: Settings, deadline: float
) -> dict[str, Figures]:
  """Compiles the programs of a case and times them in turn."""
  programs: dict[str, Program] = {}
  try:
    # Some of the time is for timing: late programs do not spoil the others.
    turns = len(commands) * (settings.rounds + 2)
    compiled = deadline - 2 * turns * settings.window_seconds
    for name, command in commands.items():
      programs[name] = Program(command)
      if settings.in_turn:
        programs[name].wait(compiled)
    if not settings.in_turn:
      for program in programs.values():
        program.wait(compiled)
    _time(programs, settings, deadline)
    first, *_ = programs.values()
    first.figures |= first.ask('peak', deadline)
  finally:
    for program in programs.values():
      program.close()
  return {name: program.figures for name, program in programs.items()}


def _time(
  programs: dict[str, Program], settings: Settings, deadline: float
) -> None:
  """Adds `seconds`, per iteration and turn, to the figures of programs."""
  counts: dict[str, int] = {}
  for name, program in programs.items():
    program.ask(str(settings.warmup), deadline)
    answer = program.ask(str(settings.warmup), deadline)
    each = answer.get('seconds', 0) / settings.warmup
    counts[name] = max(1, round(settings.window_seconds / max(each, 1e-6)))
    program.figures['seconds'] = []
  for _ in range(settings.rounds):
    for name, program in programs.items():
      answer = program.ask(str(counts[name]), deadline)
      if answer:
        times = program.figures['seconds']
        program.figures |= answer
        program.figures['seconds'] = [*times, answer['seconds'] / counts[name]]


def _compared(programs: dict[str, Figures], seeds: int) -> dict[str, Figures]:
  """Adds medians, and ratios of the first program over each, by turn."""
  first = next(iter(programs.values()))['seconds']
  for figures in programs.values():
    times = figures['seconds']
    if not times:
      continue
    figures['seconds_median'] = statistics.median(times)
    ratios = [a / b for a, b in zip(first, times, strict=False)]
    if ratios:
      figures['ratio'] = statistics.median(ratios)
      figures['ratio_least'], figures['ratio_most'] = min(ratios), max(ratios)
    if figures.get('flops') and 'peak_flops_per_second' in figures:
      rate = seeds * figures['flops'] / figures['seconds_median']
      figures['share_of_peak'] = rate / figures['peak_flops_per_second']
  return programs


def _is_done(
  cases: Sequence[Figures], key: Figures, names: Iterable[str]
) -> bool:
  """Whether all programs of a case were measured without an error."""
  found = (c['programs'] for c in cases if key.items() <= c.items())
  return any(
    all('error' not in programs.get(n, {'error': ''}) for n in names)
    for programs in found
  )


def _table(case: Figures) -> Iterator[str]:
  values = [str(case[name]) for name in _HEAD[:3]]
  for name, figures in case['programs'].items():
    name = f'{name} x {case["seeds"]}' if case['seeds'] > 1 else name
    cells = [f'error: {figures["error"]}', ''] if 'error' in figures else [
      f'{figures["seconds_median"]:.5f}', f'{figures["ratio"]:.2f}'
    ]  # fmt: skip
    yield _row([*values, name, *cells])


def _load(path: pathlib.Path) -> Figures:
  if not path.exists():
    return {'cases': []}
  try:
    results: Figures = json.loads(path.read_text())
    if isinstance(results['cases'], list):
      return results
  except (KeyError, TypeError, ValueError):
    pass
  raise ValueError(
    f'--out is {path}, which is no file of results; it must be one of '
    '--mode=accelerator, or a new file.'
  )


def _rows(path: str) -> list[Figures]:
  """Rows of a JSONL file; none if there is no such file."""
  file = pathlib.Path(path)
  if not path or not file.is_file():
    return []
  return [json.loads(line) for line in file.read_text().splitlines()]


def _save(path: pathlib.Path, results: Figures) -> None:
  atomic.write_text(path, json.dumps(results, indent=1) + '\n')


def _row(cells: Sequence[str]) -> str:
  return '| ' + ' | '.join(cells) + ' |'
