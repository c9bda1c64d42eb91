"""The model card of a run: Markdown with a YAML head, from its records alone.

The form is that of the Hugging Face Hub. What no record says is not written;
the card names what is unknown.
"""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

import jax

from jaxgan.config import Config
from jaxgan.gan.problem import Problem
from jaxgan.gan.state import GANState
from jaxgan.storage import workdir
from jaxgan.storage.writers import read_metrics

# Of a record: what makes two values comparable, and is shown.
_PROTOCOL = (
  'metric', 'weights', 'step', 'reference', 'split', 'real_num', 'fake_num',
  'seed',
)  # fmt: skip


def make(
  folder: pathlib.Path,
  problem: Problem,
  state: GANState,
  facts: Mapping[str, Any],
) -> str:
  """Writes the card.

  Args:
    folder: workdir of the run.
    problem: of the run.
    state: its restored state.
    facts: of the export, as metadata.json has them.

  Returns:
    Markdown.
  """
  path = folder / 'evaluation.jsonl'
  records = read_metrics(path) if path.exists() else []
  config = problem.config
  sections = {
    'Model description': _description(problem, state, facts),
    'Intended use': 'No record of the run states an intended use.',
    'Training data': _data(config, workdir.load_data(folder), facts),
    'Training procedure': _training(config, folder, facts),
    'Evaluation': _evaluation(records, facts),
    'Limitations': _limitations(records),
    'How to use': _use(facts),
  }
  parts = [_head(problem, facts), f'# {facts["run"]}']
  for title, text in sections.items():
    parts.append(f'## {title}\n\n{text}')
  return '\n\n'.join(parts) + '\n'


def _head(problem: Problem, facts: Mapping[str, Any]) -> str:
  tags = ['jax', 'gan', facts['net']]
  lines = [
    f'license: {json.dumps(facts["license"])}',
    'library_name: jaxgan',
    'tags:',
    *(f'- {tag}' for tag in tags),
  ]
  if problem.translation:
    lines.append('pipeline_tag: image-to-image')
  elif len(problem.shape) == 3:
    lines.append('pipeline_tag: unconditional-image-generation')
  return '\n'.join(['---', *lines, '---'])


def _description(
  problem: Problem, state: GANState, facts: Mapping[str, Any]
) -> str:
  net = problem.config.net
  rows = {
    'networks': f'{net.name}, generator {_count(state.variables.gen):,} and '
    f'critic {_count(state.variables.critic):,} parameters',
    'output': _shape(problem.shape),
    'generator weights': {
      'ema': 'moving average over the training (ema)',
      'raw': 'of the last step (raw)',
    }[facts['weights']],
    'step': f'{facts["step"]:,} of {problem.config.train.steps:,}',
    'seed': facts['seed'],
    'jaxgan': facts['jaxgan'],
  }
  if problem.translation:
    rows['input'] = f'an image, {problem.translation.settings.input}'
  else:
    rows['latent'] = f'{net.latent_size} {net.latent} numbers'
    if net.code_classes or net.code_size:
      sizes = f'{net.code_classes} choices, {net.code_size} numbers'
      rows['code'] = sizes
  if net.classes:
    rows['classes'] = f'{net.classes}, as a label'
  if facts['classes']['attributes']:
    names = ', '.join(facts['classes']['attributes'])
    rows['attributes'] = f'{names}: the bits of the label, the highest first'
  text = 'A generative adversarial network, trained by jaxgan.'
  return f'{text}\n\n{_table(("", ""), rows.items())}'


def _data(
  config: Config, data: Mapping[str, Any], facts: Mapping[str, Any]
) -> str:
  rows = {
    'data set': data['name'],
    'license': facts['data']['license'],
    'split': config.data.split,
    'examples': f'{data["num_examples"]:,}',
    'one example': _shape(data['shape']),
    'mirrored': 'half of the examples' if config.data.flip else 'no',
  }
  if config.data.mock_examples:
    rows['mock_examples'] = 'random images in place of the data set'
  if data['num_classes']:
    rows['classes'] = data['num_classes']
  if data.get('columns'):
    names = data['columns']['names']
    rows['columns'] = ', '.join(names) or len(data['columns']['scale'])
  return _table(('', ''), rows.items())


def _training(
  config: Config, folder: pathlib.Path, facts: Mapping[str, Any]
) -> str:
  train, penalty = config.train, config.penalty
  rows = {
    'loss': config.loss.name,
    'penalty': f'points {penalty.points}, controller {penalty.controller}, '
    f'weight {penalty.weight:g}',
    'batch size': train.batch_size,
    'critic updates per step': train.critic_steps,
    'precision': train.precision,
    'rollbacks': len(workdir.rollbacks(folder)),
  }
  source = folder / 'init.json'
  if source.exists():
    nets = workdir.read(source)['nets']
    rows['start'] = f'networks of another run ({nets})'
  for name, one in (
    ('generator', config.optim.gen), ('critic', config.optim.critic),
  ):  # fmt: skip
    rows[f'optimizer of the {name}'] = (
      f'{one.name}, learning rate {one.lr:g}, schedule {one.schedule}'
    )
  whole = json.dumps(facts['config'], indent=1)
  return (
    f'{_table(("", ""), rows.items())}\n\n<details><summary>The whole '
    f'configuration</summary>\n\n```json\n{whole}\n```\n\n</details>'
  )


def _evaluation(
  records: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]
) -> str:
  known = [r for r in records if r.get('step') == facts['step']]
  # The newest record of each protocol.
  newest = {tuple(r.get(key) for key in _PROTOCOL): r for r in known}
  if not newest:
    return f'No metric was recorded at step {facts["step"]:,}.'
  columns = ('metric', 'value', 'error', 'floor', 'ceiling', *_PROTOCOL[1:])
  rows = [
    [_number(record.get(column)) for column in columns]
    for record in newest.values()
  ]
  return (
    f'{_table(columns, rows)}\n\n'
    'Floor: the same metric of other real data. Ceiling: of uniform noise. '
    'Values are comparable only with an equal metric name and protocol.'
  )


def _limitations(records: Sequence[Mapping[str, Any]]) -> str:
  lines = [
    'No record of the run states which biases the data have, or whether the '
    'generator has memorized training examples.',
  ]
  if not any(record.get('floor') is not None for record in records):
    lines.append('No metric was compared with other real data (floor).')
  return '\n'.join(f'- {line}' for line in lines)


def _use(facts: Mapping[str, Any]) -> str:
  if facts['kind'] == 'card':
    return (
      'The weights are in the workdir of the run: `python -m jaxgan.sample '
      f'--workdir={facts["run"]} --num=64 --out=samples`.'
    )
  package = {
    'stablehlo': 'jax', 'onnx': 'onnxruntime', 'safetensors': 'safetensors',
  }[facts['kind']]  # fmt: skip
  rows = [
    (net['file'], port['name'], port['dtype'], port['shape'], port['meaning'])
    for net in facts['nets'].values()
    for port in (*net['inputs'], net['output'])
  ]
  table = _table(('file', 'array', 'type', 'shape', 'meaning'), rows)
  text = f'The files are read with {package}; `metadata.json` has all facts.'
  if 'generator' not in facts['nets'] or facts['game'] == 'translation':
    return f'{text}\n\n{table}'
  return (
    f'{text} The last array of a file is its output.\n\n{table}\n\nWith '
    'jaxgan:\n\n```python\nimport jaxgan\n\n'
    f"samples = jaxgan.load_run('FOLDER').sample(16, seed=0)\n```"
  )


def _count(variables: Mapping[str, Any]) -> int:
  return sum(int(x.size) for x in jax.tree.leaves(variables['params']))


def _shape(shape: Sequence[int]) -> str:
  if len(shape) == 1:
    return f'a vector of {shape[0]} numbers'
  return f'an image, {shape[0]}x{shape[1]}, {shape[2]} channel(s)'


def _number(value: Any) -> str:
  if value is None:
    return '-'
  return f'{value:.5g}' if isinstance(value, float) else str(value)


def _table(head: Sequence[str], rows: Any) -> str:
  lines = [head, ['---'] * len(head), *rows]
  return '\n'.join(
    f'| {" | ".join(str(cell).replace("|", "/") for cell in line)} |'
    for line in lines
  )
