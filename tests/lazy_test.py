"""Imports are lazy: a training step needs neither tfds nor ml_collections."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]

BLOCKED = """
import sys
for name in ('tensorflow_datasets', 'array_record', 'ml_collections', 'sklearn',
             'PIL', 'tensorboardX'):
  sys.modules[name] = None
"""


def python(code):
  return subprocess.run(
    [sys.executable, '-c', code],
    cwd=ROOT, capture_output=True, text=True, check=True,
    env=os.environ | {'XLA_FLAGS': '', 'PYTHONPATH': str(ROOT / 'tests')},
  ).stdout  # fmt: skip


@pytest.mark.slow
def test_the_step_needs_neither_tfds_nor_ml_collections():
  code = """
import jaxgan, jaxgan.training.train, small
_, history = small.run(small.config(), 1)
print(sorted(history[0])[0], {'tensorflow', 'torch'} & set(sys.modules))
"""
  assert python(BLOCKED + code) == 'accuracy_fake set()\n'


@pytest.mark.parametrize(
  'command',
  [
    '__main__',
    'main',
    'sample',
    'evaluate',
    'export',
    'classify',
    'convert_inception',
    'report.__main__',
    'search.__main__',
  ],
)
def test_help_does_not_wait_for_jax(command):
  code = f"import jaxgan.{command}, sys; print('jax' in sys.modules)"
  assert python(code) == 'False\n'


def test_the_configuration_needs_the_standard_library_alone():
  code = """
import sys, jaxgan.config
names = ('jax', 'flax', 'numpy', 'ml_collections', 'absl')
print([name for name in names if name in sys.modules])
"""
  assert python(code) == '[]\n'


def test_the_package_itself_imports_nothing():
  code = "import jaxgan, sys; print('jax' in sys.modules)"
  assert python(code) == 'False\n'
