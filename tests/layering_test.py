"""The module graph of CONTRIBUTING.md is true: imports point upwards only."""

import ast
import re

import pytest


def drawn_order(root):
  """The modules of the graph in CONTRIBUTING.md, top to bottom."""
  text = (root / 'CONTRIBUTING.md').read_text()
  graph = re.search(r'```\njaxgan/\n(.*?)```', text, re.DOTALL).group(1)
  return re.findall(r'^  ([a-z_]+)/?(?:\.py)?  ', graph, re.MULTILINE)


def modules(root):
  """(layer, path) for each file, the layer a module or a package."""
  package = root / 'jaxgan'
  for path in sorted(package.rglob('*.py')):
    first = path.relative_to(package).parts[0].removesuffix('.py')
    if first != '__init__':
      yield first, path


def imports(path):
  """The full names that a file imports, at any depth of its code."""
  for node in ast.walk(ast.parse(path.read_text())):
    if isinstance(node, ast.Import):
      yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
      for alias in node.names:
        yield f'{node.module}.{alias.name}'


def test_the_graph_draws_every_module(root):
  assert sorted(drawn_order(root)) == sorted({m for m, _ in modules(root)})


def test_a_module_imports_only_modules_above_it(root):
  order = drawn_order(root)
  for layer, path in modules(root):
    for name in imports(path):
      parts = name.split('.')
      if parts[0] == 'jaxgan' and parts[1] in order:
        below = order.index(parts[1]) > order.index(layer)
        assert not below, f'{path.name} imports {name}, which is below it'


@pytest.mark.parametrize(
  ('package', 'layers'),
  [
    ('orbax', {'checkpoint'}),
    ('tensorboardX', {'writers'}),
    ('tensorflow_datasets', {'data'}),
    ('ml_collections', {'main', 'search', 'study'}),
    ('optuna', {'search'}),
    ('sqlalchemy', {'search'}),
    ('optax', {'games', 'metrics', 'optim', 'state', 'step'}),
    (
      'flax',
      {
        'describe',
        'metrics',
        'nets',
        'players',
        'replicas',
        'reporter',
        'sampling',
        'state',
        'step',
        'study',
        'timing',
      },
    ),
  ],
)
def test_a_dependency_is_used_in_its_place_only(root, package, layers):
  users = {
    layer
    for layer, path in modules(root)
    if any(name.split('.')[0] == package for name in imports(path))
  }
  assert users <= layers
  assert users


def test_where_and_how_strong_do_not_know_each_other(root):
  games = root / 'jaxgan' / 'games'
  for one, other in (('points', 'controller'), ('controller', 'points')):
    names = list(imports(games / f'{one}.py'))
    assert not any(f'games.{other}' in name for name in names)
