"""The pages of the Python API: which modules they show."""

import pathlib
import textwrap
from typing import NamedTuple


class Page(NamedTuple):
  """A page of the API.

  Attributes:
    title: its heading.
    text: what it is for.
    modules: whose public functions and classes it shows, in this order.
  """

  title: str
  text: str
  modules: tuple[str, ...]


PAGES = {
  'runs': Page(
    'Train, sample, evaluate',
    'Trains a GAN from Python, and opens a run that exists.',
    ('jaxgan', 'jaxgan.evaluation.run'),
  ),
  'training': Page(
    'Losses, penalties, controllers',
    'The parts of a training step, to build a GAN of your own from. They are '
    'pure functions of arrays and work under `jit` and `vmap`. '
    '[The method](../method.md) has their formulas.',
    (
      'jaxgan.gan.losses', 'jaxgan.gan.points', 'jaxgan.gan.penalty',
      'jaxgan.gan.controller', 'jaxgan.gan.distances', 'jaxgan.gan.augment',
    ),
  ),
  'networks': Page(
    'Nets',
    'Builds generators and critics by name ([all nets](../nets.md)).',
    ('jaxgan.nets.catalog',),
  ),
  'metrics': Page(
    'Metrics',
    'Distances of arrays of features or images, on the host, without a GAN. '
    '[Metrics](../metrics.md) says what each means.',
    (
      'jaxgan.metrics.frechet', 'jaxgan.metrics.kid',
      'jaxgan.metrics.precision_recall', 'jaxgan.metrics.inception_score',
      'jaxgan.metrics.transport', 'jaxgan.metrics.diversity',
      'jaxgan.metrics.modes', 'jaxgan.metrics.neighbors',
      'jaxgan.metrics.similarity',
    ),
  ),
}  # fmt: skip

IMPORTS = """import jax
import jax.numpy as jnp
import numpy as np

import jaxgan
from jaxgan.config import Loss, Net, Penalty, Regularizers
"""


def page(name: str) -> str:
  """Returns a page of PAGES as Markdown."""
  content = PAGES[name]
  parts = [f'# {content.title}', content.text]
  if name != 'runs':
    package = content.modules[0].rpartition('.')[0]
    names = ', '.join(m.rpartition('.')[2] for m in content.modules)
    code = f'{IMPORTS}from {package} import {names}'
    if len(names) > 50:
      code = f'{IMPORTS}from {package} import (\n  {_wrapped(names)},\n)'
    parts += ['The examples are tested. They begin after']
    parts += [f'```python\n{code}\n```']
  else:
    parts.append('The examples are tested, one after the other.')
  parts += [_module(module) for module in content.modules]
  return '\n\n'.join(parts) + '\n'


def _wrapped(names: str) -> str:
  return '\n'.join(textwrap.wrap(names, 76, subsequent_indent='  '))


def examples(module: str) -> str:
  """Returns the examples that are not in the docstrings of a module."""
  file = pathlib.Path(__file__).with_name(f'{module.split(".")[-1]}.txt')
  return file.read_text() if file.is_file() else ''


def _module(name: str) -> str:
  parts = [f'## {name}']
  for paragraph in examples(name).split('\n\n'):
    code = paragraph.startswith('>>>')
    parts.append(f'```pycon\n{paragraph}\n```' if code else paragraph)
  parts.append(f'```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```')
  return '\n\n'.join(parts)
