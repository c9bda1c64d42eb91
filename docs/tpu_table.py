"""Compiles configs for TPUs and writes the tables of docs/tpu.md.

  python docs/tpu_table.py --configs=digits,mnist --topologies=v5e:1x1,v5e:2x2
  python docs/tpu_table.py --configs=mnist --change=net.conv=matmul
  python docs/tpu_table.py --ratios

Each row is appended to docs/tpu.jsonl once it is measured. The same command
skips the rows that are there, so it may be stopped and started again. All
configs: --configs=all. --ratios prints what five critic updates cost over one.
Needs the extra `tpu`.
"""

import argparse
import ast
import json
import operator
import pathlib
import sys
import time
from typing import Any

import jax

import jaxgan
from jaxgan.storage import atomic
from jaxgan.training import chips, plan

DOCS = pathlib.Path(__file__).resolve().parent
ROWS, PAGE = DOCS / 'tpu.jsonl', DOCS / 'tpu.md'
ALL = (
  'digits', 'toy', 'mnist', 'cifar10', 'celeba',
  *(f'zoo/{p.stem}' for p in sorted((DOCS.parent / 'configs/zoo').glob('*.py'))
    if p.stem != 'base'),
)  # fmt: skip
HEADS = {
  'plans': (
    'config', 'chips', 'batch', 'updates', 'precision', 'arguments',
    'temporaries', 'program', 'fits', 'GFLOP', 'at least', 'CPU seconds',
  ),
  'changes': (
    'config', 'precision', 'change', 'program', 'temporaries', 'products',
    'GFLOP', 'CPU seconds',
  ),
  'ratios': (
    'config', 'chips', 'batch', 'precision', 'program', 'compiling',
    'CPU seconds',
  ),
}  # fmt: skip
# What makes two rows the same one.
KEYS = 'config', 'topology', 'batch', 'critic_steps', 'precision', 'changes'


def main() -> None:
  """Measures the rows that are missing; writes the tables after each."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--configs', default='')
  parser.add_argument('--topologies', default='v5e:1x1,v5e:2x2')
  parser.add_argument('--batch', type=int, help='Replaces train.batch_size.')
  parser.add_argument('--critic_steps', type=int)
  parser.add_argument('--precision', help='Replaces train.precision.')
  parser.add_argument(
    '--change', action='append', default=[], help='KEY=VALUE; may be repeated.'
  )
  parser.add_argument('--ratios', action='store_true', help='Prints a table.')
  args = parser.parse_args()
  configs = ALL if args.configs == 'all' else args.configs.split(',')
  sizes = {
    'train.batch_size': args.batch,
    'train.critic_steps': args.critic_steps,
    'train.precision': args.precision,
  }
  sizes = {key: value for key, value in sizes.items() if value}
  write()
  for name in filter(None, configs):
    for topology in args.topologies.split(','):
      measure(name, topology, sizes, dict(map(change, args.change)))
  if args.ratios:
    sys.stdout.write(tables(rows())['ratios'])


def change(text: str) -> tuple[str, Any]:
  """Parses KEY=VALUE."""
  key, _, value = text.partition('=')
  try:
    return key, ast.literal_eval(value)
  except (SyntaxError, ValueError):
    return key, value


def measure(
  name: str, topology: str, sizes: dict[str, Any], changes: dict[str, Any]
) -> None:
  """Appends one row, unless it is there."""
  config = jaxgan.load_config(name, sizes | changes)
  key = {
    'config': name,
    'topology': topology,
    'batch': plan.largest(config),
    'critic_steps': config.train.critic_steps,
    'precision': config.train.precision,
    'changes': changes,
  }
  if any(key.items() <= row.items() for row in rows()):
    return
  started = time.process_time()
  try:
    found = plan.make(config, chips.parse(topology))
  except ValueError as error:  # A batch that the chips cannot share.
    sys.stderr.write(f'{name} on {topology}: {error}\n')
    return
  memory = found.memory._asdict() if found.memory else {}
  row = key | memory | {
    'fits': found.fits,
    'flops': found.flops,
    'products': found.products,
    'least_seconds': found.least_seconds,
    'compile_seconds': round(found.compile_seconds, 1),
    'cpu_seconds': round(time.process_time() - started, 1),
    'jax': jax.__version__,
    'libtpu': chips.version(),
  }  # fmt: skip
  with ROWS.open('a') as file:
    file.write(json.dumps(row) + '\n')
  write()


def rows() -> list[dict]:
  """All rows so far."""
  if not ROWS.exists():
    return []
  return [json.loads(line) for line in ROWS.read_text().splitlines()]


def write() -> None:
  """Replaces the tables of the page."""
  page = PAGE.read_text()
  for name, table in tables(rows()).items():
    start, end = f'<!-- {name} -->\n', f'<!-- end of {name} -->\n'
    before, _, rest = page.partition(start)
    _, _, after = rest.partition(end)
    page = f'{before}{start}{table}{end}{after}'
  with atomic.replacing(PAGE) as path:
    path.write_text(page)


def tables(found: list[dict]) -> dict[str, str]:
  """The tables of the page in Markdown, by name."""
  plain = [row for row in found if not row['changes']]
  plain.sort(key=place)
  twin = operator.itemgetter('config', 'topology', 'precision')
  changed = {twin(row) for row in found if row['changes']}
  bodies = {
    'plans': [plan_cells(row) for row in plain],
    'changes': [
      change_cells(row)
      for row in sorted(found, key=lambda r: (r['config'], bool(r['changes'])))
      if row['critic_steps'] == 1 and twin(row) in changed
    ],
    'ratios': list(ratios(plain)),
  }
  return {name: markdown(HEADS[name], body) for name, body in bodies.items()}


def place(row: dict) -> tuple:
  """Sorts by config, batch and updates, precision, number of chips."""
  names = [*ALL, row['config']]
  size = chips.parse(row['topology']).chips
  updates = row['batch'], row['critic_steps']
  return names.index(row['config']), *updates, row['precision'], size


def plan_cells(row: dict) -> tuple:
  """A row of the main table."""
  return (
    f'`{row["config"]}`', row['topology'], row['batch'], row['critic_steps'],
    row['precision'], mib(row, 'arguments'), mib(row, 'temporaries'),
    mib(row, 'program'), 'yes' if row['fits'] else 'no',
    f'{row["flops"] / 1e9:.3f}', f'{row["least_seconds"] * 1e6:.0f} us',
    f'{row["cpu_seconds"]:.0f} s',
  )  # fmt: skip


def change_cells(row: dict) -> tuple:
  """A row of the table of changes; the first of a config has none."""
  changes = [f'`{key}={value}`' for key, value in row['changes'].items()]
  return (
    f'`{row["config"]}`', row['precision'], ', '.join(changes) or 'none',
    mib(row, 'program'),
    mib(row, 'temporaries'), row['products'], f'{row["flops"] / 1e9:.1f}',
    f'{row["cpu_seconds"]:.0f} s',
  )  # fmt: skip


def ratios(found: list[dict]) -> list[tuple]:
  """Rows with five critic updates over their twins with one."""
  pairs = [
    (five, one)
    for five in found
    for one in found
    if (five['critic_steps'], one['critic_steps']) == (5, 1)
    and all(five[k] == one[k] for k in KEYS if k != 'critic_steps')
  ]
  sizes = 'program', 'compile_seconds', 'cpu_seconds'
  return [
    (
      f'`{five["config"]}`',
      five['topology'],
      five['batch'],
      five['precision'],
      *(f'{five[name] / one[name]:.2f}' for name in sizes),
    )
    for five, one in pairs
  ]


def mib(row: dict, name: str) -> str:
  """A size in MiB; empty if the compiler refused the program."""
  return f'{row[name] / 2**20:.1f} MiB' if name in row else ''


def markdown(head: tuple, body: list[tuple]) -> str:
  """A table in Markdown."""
  lines = [head, ['---'] * len(head), *body]
  return ''.join(f'| {" | ".join(map(str, line))} |\n' for line in lines)


if __name__ == '__main__':
  main()
