"""The configuration of a run: changed keys, all keys, and the commands."""

import dataclasses
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jaxgan.config import Config, flatten, to_dict
from jaxgan.config.presets import PRESETS
from jaxgan.report import measured
from jaxgan.report.collect import Run
from jaxgan.report.markup import Safe, element, muted, section, table

_FEW_METRICS = 4  # Of a proposed command.


def changed(config: Config) -> dict[str, tuple[Any, Any]]:
  """Keys that differ from the default: key -> (value, default).

  The defaults of `penalty` are those of its preset.
  """
  values, defaults = flatten(to_dict(config)), flatten(to_dict(Config()))
  preset = PRESETS[config.penalty.preset]
  defaults |= {
    f'penalty.{k}': list(v) if isinstance(v, tuple) else v
    for k, v in preset.items()
  }
  return {
    key: (value, defaults[key])
    for key, value in values.items()
    if value != defaults[key]
  }


def differing(configs: Sequence[Config]) -> dict[str, list[Any]]:
  """Keys in which configurations differ: key -> the value of each."""
  flat = [flatten(to_dict(config)) for config in configs]
  columns = {key: [values[key] for values in flat] for key in flat[0]}
  return {k: v for k, v in columns.items() if any(x != v[0] for x in v)}


def config_section(run: Run) -> Safe:
  """Changed keys with their meaning, and all keys in a part that opens."""
  docs = documents(Config())
  rows = [
    (key, show(value), show(default), muted(docs[key]))
    for key, (value, default) in changed(run.config).items()
  ]
  heads = ('key', 'value', 'default', 'meaning')
  first = table(heads, rows, 'Keys that differ from the default')
  if not rows:
    first = element('p', 'All keys have their default.')
  everything = flatten(to_dict(run.config))
  all_rows = [(key, show(value)) for key, value in everything.items()]
  return section(
    'Configuration',
    first,
    element(
      'details',
      element('summary', f'All {len(all_rows)} keys'),
      table(('key', 'value'), all_rows, 'All keys of the configuration'),
    ),
    name='config',
  )


def commands_section(run: Run) -> Safe:
  """Command lines that continue, sample and evaluate the run."""
  parts: list[str] = []
  for number, (title, command) in enumerate(commands(run).items()):
    parts += [
      element('h3', title),
      element(
        'div',
        element('pre', element('code', command, id=f'command-{number}')),
        element(
          'button',
          'Copy',
          type='button',
          class_='copy',
          hidden=True,
          aria_label=f'Copy: {title}',
        ),
        class_='command',
      ),
    ]
  return section('Commands', *parts, name='commands')


def commands(run: Run) -> dict[str, str]:
  """Title -> command line for the workdir of the run."""
  folder = shlex.quote(f'--workdir={run.folder}')
  is_image = len(run.data['shape']) == 3
  lines = {
    'Continue (to train on, raise train.steps)': continuing(run),
    'Sample': f'python -m jaxgan.sample {folder} --num=64 '
    f'--out={"grid.png" if is_image else "samples.csv"}',
    'Evaluate': f'python -m jaxgan.evaluate {folder} {_metrics(run)}',
    'Training as a moving picture': f'python -m jaxgan.sample {folder} '
    '--training --out=training.gif',
  }
  if run.config.game == 'translation':
    lines['Sample'] = (
      f'python -m jaxgan.translate {folder} --input=photo.jpg --out=photo.png'
    )
  elif is_image:
    lines['Walk through the latents'] = (
      f'python -m jaxgan.sample {folder} --num=16 --walk=60 --out=walk.gif'
    )
  return lines


def continuing(run: Run) -> str:
  """The command that trains the run, with each changed key spelled out."""
  parts = [
    'python -m jaxgan.main --config=default',
    shlex.quote(f'--workdir={run.folder}'),
  ]
  parts += [
    shlex.quote(f'--config.{key}={_flag(value)}')
    for key, (value, _) in changed(run.config).items()
  ]
  return ' \\\n  '.join(parts)


def show(value: Any) -> str:
  """Formats a value of a configuration for a table."""
  if isinstance(value, list | tuple):
    return ', '.join(map(show, value)) or 'none'
  return 'none' if value == '' else str(value)


def documents(section: Any, prefix: str = '') -> dict[str, str]:
  """Key -> its meaning, from the schema."""
  return dict(_documents(section, prefix))


def _documents(section: Any, prefix: str) -> Iterator[tuple[str, str]]:
  for field in dataclasses.fields(section):
    value = getattr(section, field.name)
    if dataclasses.is_dataclass(value):
      yield from _documents(value, f'{prefix}{field.name}.')
    else:
      yield prefix + field.name, field.metadata['doc']


def _flag(value: Any) -> str:
  if not isinstance(value, list):
    return str(value)
  # With double quotes, since the shell's are single ones.
  items = [json.dumps(item) for item in value]
  return f'({", ".join(items)}{"," if len(items) == 1 else ""})'


def _metrics(run: Run) -> str:
  """The flags of an evaluation: the metrics that the run has, or neighbors."""
  names = [group.metric for group in measured.groups(run.records)]
  names = list(dict.fromkeys([*run.config.eval.metrics, *names]))
  names = [name for name in names if measured.can_be_measured(name)]
  if not names:
    return '--neighbours=neighbours.png'
  return f'--metrics={",".join(names[:_FEW_METRICS])}'


def facts(values: Mapping[str, str]) -> Safe:
  """A list of names and values."""
  pairs = [
    element('div', element('dt', name), element('dd', value))
    for name, value in values.items()
  ]
  return element('dl', *pairs, class_='facts')
