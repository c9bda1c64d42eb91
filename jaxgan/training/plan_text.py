"""Formats the plan of a run on TPUs for a terminal."""

import jax

from jaxgan.config import Config
from jaxgan.training import chips, largest_batch, plan
from jaxgan.training.chips import CHIPS
from jaxgan.training.plan import Plan

_MIB = 2**20
_PASSES = {'float32': 6, 'tf32': 3}  # Of bfloat16, for one product.
_UNITS = (1.0, 's'), (1e-3, 'ms'), (1e-6, 'us')


def describe(config: Config, topology: str, *, search: bool = False) -> str:
  """Plans a run on a topology.

  Args:
    config: the run, as `config.from_config_dict` returns it.
    topology: chips that need not exist here, such as 'v5e:2x2'.
    search: whether to search the largest batch that fits; this compiles the
      step about six times.

  Returns:
    Memory, arithmetic and a lower bound on the time of an iteration, of the
    batch of `config` or of the largest one. Ends with a newline.

  Raises:
    ValueError: a bad configuration or topology, a batch that the chips cannot
      share evenly, or no libtpu.
    FileNotFoundError: `data.path` or a file in it is missing.
  """
  parsed = chips.parse(topology)
  if not search:
    return text(config, plan.make(config, parsed))
  found = largest_batch.find(config, parsed)
  if found is None:
    return (
      f'{config.data.name} on {parsed}: not even a batch of '
      f'{largest_batch.unit(config, parsed)} fits.\n'
    )
  unit = largest_batch.unit(config, parsed)
  tried = found.batch >= largest_batch.PER_DEVICE * unit
  note = 'larger ones were not tried' if tried else 'within a sixteenth'
  first = plan.largest(config)  # The search has tried it.
  refused = f'A batch of {first} does not fit. ' if first > found.batch else ''
  return (
    f'{refused}Largest batch that fits: {found.batch} ({note}).\n\n'
    f'{text(config, found)}'
  )


def text(config: Config, found: Plan) -> str:
  """Formats one plan: sentences and two tables."""
  if found.memory is None:
    return (
      f'{_title(config, found)}\nIt does not fit: {found.refusal} '
      '--largest_batch searches the batch that does.\n'
    )
  precision, note = config.train.precision, ''
  if precision in _PASSES:
    note = (
      f'XLA counts one pass of each product; {precision} takes '
      f'{_PASSES[precision]}.\n'
    )
  return (
    f'{_title(config, found)}\n{_memory(found)}\n{_time(found)}{note}\n'
    f'Compiled in {found.compile_seconds:.0f} s by libtpu {chips.version()} '
    f'and jax {jax.__version__}.\n'
    'Not counted: the data set, of which each chip holds a copy of up to 1 GiB '
    '(data.placement),\nand what evaluation needs.\n'
  )


def _title(config: Config, found: Plan) -> str:
  topology, train = found.topology, config.train
  devices = topology.chips * CHIPS[topology.chip].devices
  parts = '' if devices == topology.chips else f', {devices} devices'
  return (
    f'{config.data.name} with {config.net.name} on {topology}: '
    f'{topology.chips} chip(s){parts}, batch {found.batch} '
    f'({found.batch // devices} each), {train.critic_steps} critic update(s).\n'
  )


def _memory(found: Plan) -> str:
  assert found.memory is not None
  meaning = {
    'arguments': 'state and batch',
    'results': 'metrics; the state stays in place',
    'temporaries': 'activations, gradients',
    'program': f'machine code; {found.products} matrix products, convolutions',
  }
  lines = [
    f'{name:<12}{size / _MIB:>9.1f}  {meaning[name]}'
    for name, size in found.memory._asdict().items()
  ]
  verdict = 'fits' if found.fits else 'DOES NOT FIT (see --largest_batch)'
  total = f'{"total":<12}{found.memory.total / _MIB:>9.1f}'
  of = f'of {found.usable / _MIB:.0f} MiB that a program can use: {verdict}'
  head = f'each {_device(found)} holds, MiB'
  return '\n'.join([head, *lines, f'{total}  {of}', ''])


def _time(found: Plan) -> str:
  chip = CHIPS[found.topology.chip]
  rate, width = chip.flops / chip.devices, chip.bandwidth / chip.devices
  rows = (
    (
      'arithmetic',
      f'{found.flops / 1e9:.3f} GFLOP',
      found.arithmetic_seconds,
      f'at {rate / 1e12:.0f} TFLOP/s (bfloat16)',
    ),
    (
      'HBM',
      f'{found.touched / 1e6:.1f} MB',
      found.memory_seconds,
      f'at {width / 1e9:.0f} GB/s: arguments and results, once',
    ),
    (
      'all bytes',
      f'{found.bytes / 1e6:.1f} MB',
      found.bytes / width,
      'if none stayed beside the cores; no bound',
    ),
  )
  lines = [
    f'{name:<12}{amount:>16}{_seconds(time):>10}  {note}'
    for name, amount, time, note in rows
  ]
  return '\n'.join(
    [
      f'one iteration of each {_device(found)}, by XLA, at peak rates',
      *lines,
      f'Lower bound: {_seconds(found.least_seconds)} per iteration. A real one '
      'takes longer.',
      '',
    ]
  )


def _device(found: Plan) -> str:
  return 'chip' if CHIPS[found.topology.chip].devices == 1 else 'half of a chip'


def _seconds(value: float) -> str:
  unit, name = next((u for u in _UNITS if value >= u[0]), _UNITS[-1])
  return f'{value / unit:.3g} {name}'
