"""Compiles configs for TPUs and writes the table of docs/tpu.md.

  python docs/tpu_table.py --configs=digits,mnist --topologies=v5e:1x1,v5e:2x2

Each row is appended to docs/tpu.jsonl once it is measured. The same command
skips the rows that are there, so it may be stopped and started again. All
configs: --configs=all. Needs the extra `tpu`.
"""

import argparse
import json
import pathlib
import sys

import jaxgan
from jaxgan.training import chips, plan

DOCS = pathlib.Path(__file__).resolve().parent
ROWS, PAGE = DOCS / 'tpu.jsonl', DOCS / 'tpu.md'
START, END = '<!-- table -->\n', '<!-- end of the table -->\n'
ALL = (
  'digits', 'toy', 'mnist', 'cifar10', 'celeba',
  *(f'zoo/{p.stem}' for p in sorted((DOCS.parent / 'configs/zoo').glob('*.py'))
    if p.stem != 'base'),
)  # fmt: skip
HEAD = (
  '| config | chips | batch | updates | arguments | temporaries | program '
  '| fits | GFLOP | at least | compiling |\n' + '|---' * 11 + '|\n'
)


def main() -> None:
  """Measures the rows that are missing; writes the table after each."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--configs', default='digits')
  parser.add_argument('--topologies', default='v5e:1x1,v5e:2x2')
  parser.add_argument('--batch', type=int, help='Replaces train.batch_size.')
  parser.add_argument('--critic_steps', type=int)
  args = parser.parse_args()
  configs = ALL if args.configs == 'all' else args.configs.split(',')
  changes = {'train.batch_size': args.batch}
  changes['train.critic_steps'] = args.critic_steps
  changes = {key: value for key, value in changes.items() if value}
  write()
  for name in configs:
    for topology in args.topologies.split(','):
      measure(name, topology, changes)


def measure(name: str, topology: str, changes: dict[str, int]) -> None:
  """Appends one row, unless it is there."""
  config = jaxgan.load_config(name, changes)
  key = {
    'config': name,
    'topology': topology,
    'batch': plan.largest(config),
    'critic_steps': config.train.critic_steps,
  }
  if any(key.items() <= row.items() for row in rows()):
    return
  try:
    found = plan.make(config, chips.parse(topology))
  except ValueError as error:  # A batch that the chips cannot share.
    sys.stderr.write(f'{name} on {topology}: {error}\n')
    return
  memory = found.memory._asdict() if found.memory else {}
  row = key | memory | {
    'fits': found.fits,
    'flops': found.flops,
    'least_seconds': found.least_seconds,
    'compile_seconds': round(found.compile_seconds, 1),
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
  """Replaces the table of the page."""
  before, _, rest = PAGE.read_text().partition(START)
  _, _, after = rest.partition(END)
  table = HEAD + ''.join(map(line, rows()))
  PAGE.write_text(f'{before}{START}{table}{END}{after}')


def line(row: dict) -> str:
  """One row in Markdown."""

  def mib(name: str) -> str:
    return f'{row[name] / 2**20:.1f} MiB' if name in row else ''

  cells = (
    f'`{row["config"]}`', row['topology'], row['batch'], row['critic_steps'],
    mib('arguments'), mib('temporaries'), mib('program'),
    'yes' if row['fits'] else 'no', f'{row["flops"] / 1e9:.3f}',
    f'{row["least_seconds"] * 1e6:.0f} us', f'{row["compile_seconds"]:.0f} s',
  )  # fmt: skip
  return f'| {" | ".join(map(str, cells))} |\n'


if __name__ == '__main__':
  main()
