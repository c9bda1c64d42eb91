"""Config files: Python files with `get_config(variant)`, read by name or path.

ml_collections is imported only when a file is read, so that the package itself
imports nothing heavy.
"""

import contextlib
import dataclasses
import pathlib
import re
import runpy
import sys
import types
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from jaxgan.config.parse import (
  flatten,
  from_config_dict,
  replace,
  to_dict,
  unknown_key,
)
from jaxgan.config.presets import PRESETS
from jaxgan.config.renamed import RENAMED, upgrade
from jaxgan.config.schema.objective import Penalty
from jaxgan.config.schema.run import Config

_PACKAGE = pathlib.Path(__file__).parents[1]
_INSTALLED = (_PACKAGE / 'configs').is_dir()  # From a wheel; else a checkout.
ROOT = _PACKAGE if _INSTALLED else _PACKAGE.parent  # The folder of configs/.
_FILE_ERRORS = (
  AttributeError, ImportError, KeyError, NameError, OSError, SyntaxError,
  TypeError,
)  # fmt: skip


def load_config(name: str, changes: Mapping[str, Any] | None = None) -> Config:
  """Reads a config file and changes some of its keys.

  Args:
    name: a file of configs/ such as 'digits' or 'zoo/sngan', or a path of a
      .py file; each with a variant after a colon, as in 'digits:tiny'.
    changes: values by dotted key, as in {'train.steps': 500}. A preset here
      replaces the penalty of the file (`apply_preset`).

  Raises:
    ValueError: no such file or variant, an unknown key, a value that is not
      allowed, or two changes that contradict each other.
  """
  values, known = read(name).to_dict(), flatten(to_dict(Config()))
  changes = changes or {}
  for key in changes:
    if key not in known and key not in RENAMED:
      raise ValueError(unknown_key(key, known))
  return from_config_dict(apply_preset(replace(values, changes), changes))


def apply_preset(
  values: Mapping[str, Any], given: Collection[str]
) -> dict[str, Any]:
  """Lets a preset that the user names replace the penalty of the config file.

  The file tuned the other keys of `penalty` for its own preset. They become
  None, and so take the values of the new one. Keys of older versions get their
  new names.

  Args:
    values: nested values of the file, with the user's changes in them.
    given: dotted keys of these changes.

  Raises:
    ValueError: a weight is given, and the preset is one without a penalty; or
      an old key contradicts its new one.
  """
  values = upgrade(values, given)
  penalty = values.get('penalty', {})
  if 'penalty.preset' in given:
    penalty = {
      key: value if f'penalty.{key}' in given else None
      for key, value in penalty.items()
    }
    values = {**values, 'penalty': penalty}
  preset = penalty.get('preset')
  weight = 'penalty.weight' in given and penalty['weight']
  if weight and PRESETS.get(str(preset), {}).get('weight') == 0:
    raise ValueError(
      f'penalty.preset is {preset!r} and penalty.weight is {weight!r}; this '
      'preset has no penalty, so leave the weight out or name another preset.'
    )
  return dict(values)


def read(name: str) -> Any:
  """Runs a config file, named as for `load_config`; returns its ConfigDict.

  Raises:
    ValueError: there is no such file or variant, or the file has an error.
  """
  file, variant = find(name)
  arguments = (variant,) if variant else ()
  config = call(file, 'get_config(variant)', *arguments)
  if not hasattr(config, 'to_dict'):
    kind = type(config).__name__
    raise ValueError(
      f'get_config(variant) of {file} returns {kind}; it must return a '
      'ConfigDict.'
    )
  return config


def find(name: str) -> tuple[pathlib.Path, str]:
  """Returns the file and the variant of a name or path.

  Raises:
    ValueError: there is no such file.
  """
  path, end, variant = name.partition('.py:')
  if end:
    path += '.py'
  else:
    path, _, variant = name.rpartition(':')
    if not path or not variant.isidentifier():  # As in C:\configs\digits.
      path, variant = name, ''
  files = [ROOT / 'configs' / f'{path}.py', pathlib.Path(path)]
  if not _INSTALLED:
    files.append(ROOT / path)
  for file in files:
    if file.suffix == '.py' and file.is_file():
      return file, variant
  known = path.removeprefix('configs/').removesuffix('.py')
  if (ROOT / 'configs' / f'{known}.py').is_file():
    raise ValueError(
      f'There is no file {path!r}; --config={known} is the one inside jaxgan.'
    )
  raise ValueError(
    f'There is no config {path!r}; it must be the path of a .py file or one '
    f'of {", ".join(names())}.'
  )


def call(file: pathlib.Path, function: str, *arguments: Any) -> Any:
  """Runs a Python file, calls a function of it, and returns the result.

  Args:
    file: may import config files, as in `from configs import default`.
    function: name and parameters, such as 'get_config(variant)'.
    *arguments: of the function.

  Raises:
    ValueError: the file has an error or lacks the function.
  """
  with _importable_configs(file):
    try:
      module = runpy.run_path(str(file))
      called = module.get(function.partition('(')[0])
      if called is not None:
        return called(*arguments)
    except _FILE_ERRORS as error:
      hints = re.findall(r'Did you mean.*\?', str(error))  # Of ml_collections.
      cause = hints[0] if hints else str(error)
      raise ValueError(f'{file} cannot be read ({cause}).') from error
  raise ValueError(f'{file} has no {function}; it must have one.')


@contextlib.contextmanager
def _importable_configs(file: pathlib.Path) -> Iterator[None]:
  """Lets a file import those of configs/, which is no package of its own.

  A file of the user also finds folders named `configs` in `sys.path`, first.
  """
  configs = str(ROOT / 'configs')
  own = file.resolve().is_relative_to(pathlib.Path(configs).resolve())
  package = types.ModuleType('configs')
  package.__path__ = [
    *([] if own else [str(pathlib.Path(x, 'configs')) for x in sys.path]),
    configs,
  ]
  before = _pop_configs()
  sys.modules['configs'] = package
  try:
    yield
  finally:
    _pop_configs()
    sys.modules.update(before)


def _pop_configs() -> dict[str, types.ModuleType]:
  """Removes `configs` and its modules from `sys.modules`; returns them."""
  names = [name for name in sys.modules if name.partition('.')[0] == 'configs']
  return {name: sys.modules.pop(name) for name in names}


def names() -> list[str]:
  """Returns the names of the config files for single runs."""
  folder = ROOT / 'configs'
  files = [*folder.glob('*.py'), *folder.glob('zoo/*.py')]
  names = (f.relative_to(folder).with_suffix('').as_posix() for f in files)
  return sorted(name for name in names if name != 'zoo/base')


def default_config_dict() -> Any:
  """Returns a locked ConfigDict with every key of the schema.

  In `penalty`, all keys but `preset` are None: the preset gives their values.
  So are keys of older versions, which old files may still set.
  """
  from ml_collections import config_dict

  values = _config_dict(Config())
  for key in RENAMED:
    section, _, name = key.partition('.')
    values[section][name] = config_dict.placeholder(str)
  return values.lock()


def _config_dict(section: Any) -> Any:
  from ml_collections import config_dict

  values = {}
  for field in dataclasses.fields(section):
    value = getattr(section, field.name)
    if dataclasses.is_dataclass(value):
      value = _config_dict(value)
    elif isinstance(section, Penalty) and field.name != 'preset':
      value = config_dict.placeholder(type(value))
    values[field.name] = value
  return config_dict.ConfigDict(values)
