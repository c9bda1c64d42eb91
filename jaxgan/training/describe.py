"""Describes a run before training: the columns of a table, and the networks."""

from jaxgan.config import Config
from jaxgan.data import sources
from jaxgan.data.mixed import Column, Mixed
from jaxgan.evaluation import names
from jaxgan.gan import problem as problem_lib

_LONGEST = 34  # Characters of the values of a column.


def describe(config: Config) -> str:
  """Formats the networks of a run as tables of at most about 80 columns.

  Only shapes are computed; data are prepared only if nothing else gives the
  shape of an example.

  Args:
    config: the run, as `config.from_config_dict` returns it.

  Returns:
    A table of the columns, if the data are a table with categories. A table
    each for generator and critic, called without training: modules in call
    order, output shapes, numbers of trainable parameters. Ends with a newline.

  Raises:
    ValueError: a bad configuration or data set.
    FileNotFoundError: `data.path` or a file in it is missing.
  """
  names.check(config)
  facts = sources.facts(config.data)
  problem = problem_lib.build(
    config,
    facts.shape,
    num_classes=facts.num_classes,
    columns=facts.columns,
  )
  name = 'inputs' if problem.translation else 'latents'
  latent = f'[B, {problem.networks.latents.width}]'
  shape, columns = facts.shape, ''
  if isinstance(facts.columns, Mixed):
    shape, columns = problem.shape, f'{_columns(facts.columns)}\n'
  example = f'[B, {", ".join(map(str, shape))}]'
  return (
    f'{config.data.name}: {name} {latent}, examples {example}; B is the size '
    f'of a batch.\n\n{columns}{problem.networks.tabulate()}'
  )


def _columns(mixed: Mixed) -> str:
  """One line per column: name, kind, encoding, values."""
  rows = [('column', 'kind', 'encoded as', 'values')]
  rows += [
    (_cut(c.name, 24), c.kind, _encoding(c, i in mixed.conditions), _values(c))
    for i, c in enumerate(mixed.columns)
  ]
  widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
  lines = (
    '  '.join(f'{c:<{w}}' for c, w in zip(row, widths, strict=True)).rstrip()
    for row in rows
  )
  starred = '* Rows can be drawn for a category of it.\n'
  note = starred if mixed.conditions else ''
  return '\n'.join(lines) + f'\n{note}'


def _encoding(column: Column, conditions: bool) -> str:
  if not column.width:
    return 'nothing (constant)'
  if column.discrete:
    return f'{column.choices} categories{"*" if conditions else ""}'
  missing = '' if column.missing is None else ', missing'
  return f'{len(column.modes.means)} modes{missing}'


def _values(column: Column) -> str:
  if column.discrete:
    return _cut(', '.join(text or '(empty)' for text in column.texts), _LONGEST)
  return f'{column.text(column.low)} to {column.text(column.high)}'


def _cut(text: str, most: int) -> str:
  return text if len(text) <= most else f'{text[: most - 3]}...'
