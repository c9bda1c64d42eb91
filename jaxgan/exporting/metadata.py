"""What is known of an export: metadata.json, and texts inside the files."""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import jax

from jaxgan import __version__
from jaxgan.config import Config, from_config_dict, to_dict
from jaxgan.data import untrusted
from jaxgan.exporting.nets import Net
from jaxgan.gan.problem import Problem
from jaxgan.storage import checkpoint, workdir

NAME = 'metadata.json'
ENDINGS: Mapping[str, str] = {
  'stablehlo': '.stablehlo',
  'onnx': '.onnx',
  'safetensors': '.safetensors',
}
_FORMAT = 'jaxgan-export'
_VERSION = 1
_BYTES = 2**24  # Of metadata.json.
_MOST = 2**28  # Numbers of one example.
_KEYS = {
  'format', 'format_version', 'kind', 'nets', 'config', 'example_shape', 'data',
  'step', 'weights', 'jaxgan',
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Licenses:
  """Licenses that the user states; no run records them.

  Attributes:
    weights: of the exported weights.
    data: of the data set.
  """

  weights: str = 'unknown'
  data: str = 'unknown'


def of_run(
  folder: pathlib.Path, problem: Problem, step: int, licenses: Licenses
) -> dict[str, Any]:
  """The facts of a run that all its exports state.

  Args:
    folder: workdir of the run.
    problem: of the run.
    step: after which the weights were saved.
    licenses: as the user states them.
  """
  config = problem.config
  data = workdir.load_data(folder)
  names = config.data.attributes
  return {
    'format': _FORMAT,
    'format_version': _VERSION,
    'jaxgan': __version__,
    'jax': jax.__version__,
    'run': folder.resolve().name,
    'step': step,
    'seed': config.seed,
    'license': licenses.weights,
    'net': config.net.name,
    'game': config.game,
    'precision': config.train.precision,
    'latents': None if problem.translation else problem.latents._asdict(),
    'classes': {
      'number': config.net.classes,
      # A label is a number; of attributes, the first is its highest bit.
      'attributes': list(names) if config.net.classes else [],
    },
    'example_shape': list(problem.shape),
    'data': {
      'name': data['name'],
      'num_examples': data['num_examples'],
      'license': licenses.data,
      'columns': data.get('columns'),
    },
    'config': to_dict(_without_folders(config)),
  }


def _without_folders(config: Config) -> Config:
  """The configuration without the names of the user's folders."""
  path = pathlib.Path(config.data.path).name if config.data.path else ''
  data = dataclasses.replace(config.data, path=path, dir='')
  return dataclasses.replace(config, data=data)


def of_net(net: Net, file: str, content: bytes) -> dict[str, Any]:
  """The facts of one exported network."""

  def port(port: Any) -> dict[str, Any]:
    return {**port._asdict(), 'shape': ['batch', *port.shape]}

  return {
    'file': file,
    'sha256': hashlib.sha256(content).hexdigest(),
    'weights_sha256': checkpoint.digest(net.variables),
    'inputs': [port(each) for each in net.inputs],
    'output': port(net.output),
    'batch_multiple': net.multiple,
  }


def texts(facts: Mapping[str, Any]) -> dict[str, str]:
  """Facts as strings, for files whose metadata are strings."""
  return {
    key: value if isinstance(value, str) else json.dumps(value)
    for key, value in facts.items()
  }


def read(folder: pathlib.Path) -> dict[str, Any]:
  """Reads metadata.json of an export, and checks what loading relies on.

  Raises:
    ValueError: it is missing, damaged, or of a newer version.
  """
  path = folder / NAME
  if path.stat().st_size > _BYTES:
    raise ValueError(f'{path} has more than {_BYTES:,} bytes, the limit.')
  try:
    facts = json.loads(untrusted.read_file(path))
  except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
    raise ValueError(f'{path} is damaged ({error}).') from error
  if not isinstance(facts, dict) or _KEYS - facts.keys():
    raise ValueError(f'{path} is damaged; it is not that of an export.')
  if (facts['format'], facts['format_version']) != (_FORMAT, _VERSION):
    raise ValueError(
      f'{path} is of format version {facts["format_version"]!r}; this version '
      f'of jaxgan reads {_VERSION}.'
    )
  if not _is_sound(facts):
    raise ValueError(f'{path} is damaged; its shapes or files do not fit.')
  return facts


def config_of(facts: Mapping[str, Any]) -> Config:
  """The configuration of an exported run.

  Raises:
    ValueError: it is damaged.
  """
  return from_config_dict(facts['config'])


def _is_sound(facts: Mapping[str, Any]) -> bool:
  """Whether the parts that loading relies on have their types and sizes."""
  shape, nets, kind = (facts[key] for key in ('example_shape', 'nets', 'kind'))
  if not isinstance(shape, list) or len(shape) not in (1, 3):
    return False
  product = 1
  for size in shape:
    if type(size) is not int or not 0 < size <= _MOST:
      return False
    product *= size
  if kind not in ENDINGS or not isinstance(nets, dict):
    return False
  for name, net in nets.items():
    if name not in ('generator', 'critic') or not isinstance(net, dict):
      return False
    # So no file outside of the folder is read.
    if net.get('file') != name + ENDINGS[kind]:
      return False
  return product <= _MOST and isinstance(facts['data'], dict)
