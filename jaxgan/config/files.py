"""Config files: Python files with `get_config(variant)`, read by name or path.

ml_collections is imported only when a file is read, so that the package itself
imports nothing heavy.
"""

import dataclasses
import pathlib
import re
import runpy
import sys
from collections.abc import Collection, Mapping
from typing import Any

from jaxgan.config.parse import (
  flatten,
  from_config_dict,
  replace,
  to_dict,
  unknown_key,
)
from jaxgan.config.presets import PRESETS
from jaxgan.config.schema.objective import Penalty
from jaxgan.config.schema.run import Config

ROOT = pathlib.Path(__file__).parents[2]  # The folder with jaxgan and configs.
_FILE_ERRORS = (AttributeError, ImportError, KeyError, NameError, SyntaxError)


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
    if key not in known:
      raise ValueError(unknown_key(key, known))
  return from_config_dict(apply_preset(replace(values, changes), changes))


def apply_preset(
  values: Mapping[str, Any], given: Collection[str]
) -> dict[str, Any]:
  """Lets a preset that the user names replace the penalty of the config file.

  The file tuned the other keys of `penalty` for its own preset. They become
  None, and so take the values of the new one.

  Args:
    values: nested values of the file, with the user's changes in them.
    given: dotted keys of these changes.

  Raises:
    ValueError: a weight is given, and the preset is one without a penalty.
  """
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
  path, _, variant = name.rpartition(':')
  if not path or not variant.isidentifier():  # As in C:\configs\digits.py.
    path, variant = name, ''
  paths = (ROOT / 'configs' / f'{path}.py', pathlib.Path(path), ROOT / path)
  file = next((p for p in paths if p.suffix == '.py' and p.is_file()), None)
  if file is None:
    raise ValueError(
      f'There is no config {path!r}; it must be the path of a .py file or one '
      f'of {", ".join(names())}.'
    )
  if str(ROOT) not in sys.path:  # Config files import each other.
    sys.path.append(str(ROOT))
  try:
    module = runpy.run_path(str(file))
    if 'get_config' in module:
      return module['get_config'](variant)
  except _FILE_ERRORS as error:
    hints = re.findall(r'Did you mean.*\?', str(error))  # Of ml_collections.
    cause = hints[0] if hints else str(error)
    raise ValueError(f'{file} cannot be read ({cause}).') from error
  raise ValueError(f'{file} has no get_config(variant); it must have one.')


def names() -> list[str]:
  """Returns the names of the config files for single runs."""
  folder = ROOT / 'configs'
  files = [*folder.glob('*.py'), *folder.glob('zoo/*.py')]
  names = (f.relative_to(folder).with_suffix('').as_posix() for f in files)
  return sorted(name for name in names if name != 'zoo/base')


def default_config_dict() -> Any:
  """Returns a locked ConfigDict with every key of the schema.

  In `penalty`, all keys but `preset` are None: the preset gives their values.
  """
  return _config_dict(Config()).lock()


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
