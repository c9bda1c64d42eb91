"""The module graph of CONTRIBUTING.md is true: imports point upwards only."""

import ast
import os
import pathlib
import re
import subprocess
import sys

import files_in_step
import pytest

ROOT = pathlib.Path(__file__).parents[1]
MAX_FILES_IN_STEP = 15
MAX_LINES = 300
ANYWHERE = 'jaxgan.storage.atomic'  # Every package writes files atomically.


def drawn_order(root):
  """The packages of the graph in CONTRIBUTING.md, top to bottom."""
  text = (root / 'CONTRIBUTING.md').read_text()
  graph = re.search(r'```\njaxgan/\n(.*?)```', text, re.DOTALL).group(1)
  return re.findall(r'^  ([a-z_]+)/?(?:\.py)?  ', graph, re.MULTILINE)


def modules(root):
  """(package, path) of each file; a file at the top is its own package."""
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


def importers(root, prefix):
  """Files, relative to jaxgan/, that import a name with this prefix."""
  return {
    path.relative_to(root / 'jaxgan').as_posix()
    for _, path in modules(root)
    if any(f'{name}.'.startswith(f'{prefix}.') for name in imports(path))
  }


def test_the_graph_draws_every_package(root):
  assert sorted(drawn_order(root)) == sorted({m for m, _ in modules(root)})


def test_no_module_imports_a_package_that_imports_it(root):
  for start in (root / 'jaxgan').rglob('*/__init__.py'):
    package = '.'.join(start.parent.relative_to(root).parts)
    if not any(name.startswith(f'{package}.') for name in imports(start)):
      continue
    for path in set(start.parent.rglob('*.py')) - {start}:
      nodes = ast.walk(ast.parse(path.read_text()))
      from_ = {getattr(node, 'module', None) for node in nodes}
      assert package not in from_, path


def test_a_package_imports_only_packages_above_it(root):
  order = drawn_order(root)
  for package, path in modules(root):
    for name in imports(path):
      parts = name.split('.')
      if name.startswith(ANYWHERE):
        continue
      if parts[0] == 'jaxgan' and parts[1] in order:
        below = order.index(parts[1]) > order.index(package)
        assert not below, f'{path.name} imports {name}, which is below it'


@pytest.mark.parametrize(
  ('dependency', 'users'),
  [
    ('orbax', {'storage/checkpoint.py'}),
    ('tensorboardX', {'storage/writers.py'}),
    ('filelock', {'data/builders/builder.py', 'storage/workdir.py'}),
    ('tensorflow_datasets', {'data/'}),
    ('ml_collections', {'config/files.py', 'main.py', 'search/', 'study/'}),
    ('optuna', {'search/'}),
    ('sqlalchemy', {'search/'}),
    ('safetensors', {'exporting/tensors.py'}),
    ('onnx', {'exporting/onnx_'}),
    ('onnxruntime', {'exporting/'}),
    ('optax', {'gan/', 'metrics/classifier_training.py'}),
    ('flax', {'nets/', 'gan/networks.py', 'gan/state.py', 'metrics/'}),
    ('flax.linen', {'nets/', 'gan/networks.py', 'metrics/'}),
  ],
)
def test_a_dependency_is_used_in_its_place_only(root, dependency, users):
  found = importers(root, dependency)
  assert found
  for path in found:
    assert any(path.startswith(user) for user in users), path


def test_only_feature_nets_of_the_metrics_are_flax_modules(root):
  users = {p for p in importers(root, 'flax') if p.startswith('metrics/')}
  assert {p.split('/')[1].split('_')[0].removesuffix('.py') for p in users} == {
    'classifier',
    'inception',
    'photo',
  }


def test_points_and_weight_do_not_know_each_other(root):
  gan = root / 'jaxgan' / 'gan'
  for one, other in (('points', 'controller'), ('controller', 'points')):
    names = list(imports(gan / f'{one}.py'))
    assert not any(f'gan.{other}' in name for name in names)


def test_the_step_loads_neither_metrics_nor_data():
  code = (
    'import jaxgan.gan.step, sys; print([m for m in sys.modules '
    "if m.startswith(('jaxgan.metrics', 'jaxgan.data'))])"
  )
  out = subprocess.run(
    [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True,
    check=True, env=os.environ | {'XLA_FLAGS': ''},
  ).stdout  # fmt: skip
  assert out == '[]\n'


def test_few_files_run_in_one_step():
  files = files_in_step.files()
  assert 'gan/penalty.py' in files
  assert len(files) <= MAX_FILES_IN_STEP


def test_the_reading_list_of_one_step_has_twelve_files(root):
  text = (root / 'CONTRIBUTING.md').read_text()
  files = re.findall(r'^\d+\. `([a-z_/.]+)`', text, re.MULTILINE)
  assert len(files) == 12
  assert all((root / 'jaxgan' / name).is_file() for name in files)


def test_no_file_is_long(root):
  for _, path in modules(root):
    assert len(path.read_text().splitlines()) <= MAX_LINES, path
