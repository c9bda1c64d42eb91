"""The workdir of a run: its configuration, its data set and its lock.

A workdir belongs to one configuration (config.json) and one data set
(data.json). A later start with different values is refused; the error message
lists the keys that differ.
"""

import contextlib
import itertools
import json
import pathlib
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import filelock

from jaxgan.config import Config, flatten, from_config_dict, to_dict
from jaxgan.storage import atomic

Facts = dict[str, Any]

_MAX_ITEMS = 8  # Items of a list that an error message shows.


def open_run(
  workdir: pathlib.Path, config: Config, *, accept_new_config: bool = False
) -> None:
  """Creates a workdir for a configuration, or checks an existing one.

  Args:
    workdir: created if missing.
    config: written to config.json in a new workdir.
    accept_new_config: continues with a configuration that differs from that of
      the workdir; the old config.json is renamed to config.1.json, and so on.

  Raises:
    ValueError: the workdir is not writable, or belongs to another
      configuration; the message names the keys that differ.
  """
  make(workdir)
  path = workdir / 'config.json'
  if path.exists():
    changed = differences(to_dict(load_config(workdir)), to_dict(config))
    if not changed:
      return
    if not accept_new_config:
      raise ValueError(
        f'{workdir} holds a run of another configuration, which differs in '
        f'{changed}; choose another workdir, or continue with the new '
        'configuration by accept_new_config.'
      )
    backups = (workdir / f'config.{n}.json' for n in itertools.count(1))
    path.rename(next(backup for backup in backups if not backup.exists()))
  _write(path, to_dict(config))


@contextlib.contextmanager
def lock(
  workdir: pathlib.Path, name: str = '.lock', *, wait: bool = False
) -> Iterator[None]:
  """Holds an exclusive lock on a workdir during a `with` block.

  The operating system releases the lock when the process ends, also after a
  crash or `kill -9`. The empty lock file stays.

  Args:
    workdir: an existing folder.
    name: of the lock file in it.
    wait: waits until the lock is free, instead of raising.

  Raises:
    ValueError: another process holds the lock.
  """
  try:
    acquired = filelock.FileLock(workdir / name).acquire(-1 if wait else 0)
  except filelock.Timeout as error:
    raise ValueError(
      f'{workdir} is in use by another process; wait for it or choose '
      'another workdir.'
    ) from error
  with acquired:
    yield


def check_data(workdir: pathlib.Path, facts: Facts) -> None:
  """Writes data.json, or checks that it describes the same data set.

  Args:
    workdir: of the run.
    facts: name, shape, num_classes and num_examples of the data set, the
      number of examples per class, the attributes that define the classes, and
      the columns of a table. Keys that an older version did not write are
      added to the file.

  Raises:
    ValueError: the run was started with another data set.
  """
  path = workdir / 'data.json'
  saved = read(path) if path.exists() else facts
  common = {key: value for key, value in facts.items() if key in saved}
  write_or_compare(path, common, 'a run on other data')
  if len(common) < len(facts):
    _write(path, {**saved, **facts})


def write_or_compare(path: pathlib.Path, values: Facts, content: str) -> None:
  """Writes values to a JSON file, or compares them with an existing file.

  Args:
    path: of the JSON file in a workdir.
    values: JSON values.
    content: the words after "WORKDIR holds" in the error message.

  Raises:
    ValueError: the file holds other values; the message lists them.
  """
  if not path.exists():
    _write(path, values)
  elif changed := differences(read(path), values):
    raise ValueError(
      f'{path.parent} holds {content}: {changed}; choose another workdir.'
    )


def rollbacks(workdir: pathlib.Path) -> list[Facts]:
  """Reads the rollbacks of a run: step restored (`to`), reason (`because`).

  Raises:
    ValueError: rollbacks.json is damaged.
  """
  path = workdir / 'rollbacks.json'
  if not path.exists():
    return []
  values = read(path)
  if not isinstance(values, dict) or 'rollbacks' not in values:
    raise ValueError(f'{path} is damaged; it must hold a list of rollbacks.')
  return values['rollbacks']


def add_rollback(workdir: pathlib.Path, facts: Facts) -> None:
  """Appends one rollback to rollbacks.json."""
  records = [*rollbacks(workdir), facts]
  _write(workdir / 'rollbacks.json', {'rollbacks': records})


def load_config(workdir: pathlib.Path) -> Config:
  """Reads the configuration of a run.

  Raises:
    ValueError: the folder holds no run, or config.json is damaged.
  """
  return from_config_dict(read(workdir / 'config.json'))


def load_data(workdir: pathlib.Path) -> Facts:
  """Reads the description of a run's data set (see `check_data`).

  Raises:
    ValueError: the folder holds no run, or data.json is damaged.
  """
  return read(workdir / 'data.json')


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
  """Lists the keys whose JSON values differ, as text; empty if none do."""
  old, new = (flatten(json.loads(json.dumps(x))) for x in (old, new))
  names = [k for k in {**old, **new} if old.get(k) != new.get(k)]
  return ', '.join(
    f'{k} ({_shorten(old.get(k))} there, {_shorten(new.get(k))} now)'
    for k in names
  )


def read(path: pathlib.Path) -> dict[str, Any]:
  """Reads a JSON file of a workdir.

  Raises:
    ValueError: the file is missing or damaged.
  """
  try:
    return json.loads(path.read_text())
  except FileNotFoundError as error:
    raise ValueError(
      f'{path.parent} holds no run: {path.name} is missing.'
    ) from error
  except (OSError, ValueError) as error:
    raise ValueError(f'{path} cannot be read ({error}).') from error


def make(folder: pathlib.Path) -> None:
  """Creates a folder if it is missing and checks that it is writable.

  Raises:
    ValueError: it is not writable.
  """
  try:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
      pass
  except OSError as error:
    raise ValueError(
      f'{folder} cannot be written ({error.strerror}); choose a writable '
      'folder.'
    ) from error


def _write(path: pathlib.Path, values: Mapping[str, Any]) -> None:
  atomic.write_text(path, json.dumps(values, indent=2) + '\n')


def _shorten(value: Any) -> str:
  """Formats a value; of a long list, such as table columns, only its start."""
  if isinstance(value, list) and len(value) > _MAX_ITEMS:
    return f'{str(value[:_MAX_ITEMS])[:-1]}, ...]'
  return str(value)
