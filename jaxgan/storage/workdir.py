"""The folder of a run: whose it is, and what was decided for it.

A workdir belongs to one configuration and one data set. `config.json` and
`data.json` say which, and a start with another is refused by the names of what
differs.
"""

import contextlib
import fcntl
import json
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

from jaxgan import config as config_lib
from jaxgan.config import Config

Facts = dict[str, Any]

_MOST_SHOWN = 8  # Of the values of a list, in a sentence.


def open_run(
  workdir: pathlib.Path, config: Config, *, accept_new_config: bool = False
) -> None:
  """Claims a workdir for a configuration.

  Args:
    workdir: made where it is missing.
    config: written to config.json in a new workdir.
    accept_new_config: goes on under a configuration that differs from that of
      the workdir; the old config.json stays beside the new one.

  Raises:
    ValueError: the workdir cannot be written, or it is of another
      configuration; the sentence names the keys that differ.
  """
  make(workdir)
  values = _plain(config_lib.to_dict(config))
  path = workdir / 'config.json'
  if not path.exists():
    _write(path, values)
    return
  old = _plain(config_lib.to_dict(load_config(workdir)))
  if old == values:
    return
  if not accept_new_config:
    raise ValueError(
      f'{workdir} holds a run of another configuration, which differs in '
      f'{differences(old, values)}; choose another workdir, or go on under '
      'the new one with accept_new_config.'
    )
  _keep_beside(path)
  _write(path, values)


@contextlib.contextmanager
def held(
  workdir: pathlib.Path, name: str = '.lock', *, wait: bool = False
) -> Iterator[None]:
  """Keeps a second process out of a run for as long as it lasts.

  The system lets go of the lock when the process ends, however it ends.

  Args:
    workdir: of the run; it exists.
    name: of the lock there.
    wait: for the other process to end, instead of raising.

  Raises:
    ValueError: another process trains there.
  """
  with (workdir / name).open('w') as file:
    try:
      fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as error:
      raise ValueError(
        f'{workdir} is in use by another process; wait for it or choose '
        'another workdir.'
      ) from error
    yield


def check_data(workdir: pathlib.Path, facts: Facts) -> None:
  """Writes data.json, or compares with the one that is there.

  Args:
    workdir: of the run.
    facts: name, shape, num_classes and num_examples of the data set, the sizes
      of its classes, the attributes that they are made of, and the columns of
      a table. What an earlier version did not note is added.

  Raises:
    ValueError: the run was started on other data.
  """
  path = workdir / 'data.json'
  known = read(path) if path.exists() else facts
  same = {key: value for key, value in facts.items() if key in known}
  settle(path, same, 'a run on other data')
  if len(same) < len(facts):
    _write(path, _plain({**known, **facts}))


def settle(path: pathlib.Path, values: Facts, other: str) -> None:
  """Writes values, or compares them with those that are there.

  Args:
    path: of the JSON in a folder.
    values: plain ones.
    other: what the folder holds if they differ, for the sentence.

  Raises:
    ValueError: they differ; the sentence names where.
  """
  if not path.exists():
    _write(path, _plain(values))
    return
  found = differences(read(path), values)
  if found:
    raise ValueError(
      f'{path.parent} holds {other}: {found}; choose another workdir.'
    )


def rollbacks(workdir: pathlib.Path) -> list[Facts]:
  """Every time that the run went back: why, from where, and to which step.

  Raises:
    ValueError: rollbacks.json is damaged.
  """
  path = workdir / 'rollbacks.json'
  if not path.exists():
    return []
  found = read(path)
  if not isinstance(found, dict) or 'rollbacks' not in found:
    raise ValueError(f'{path} is damaged; it must hold a list of rollbacks.')
  return found['rollbacks']


def add_rollback(workdir: pathlib.Path, facts: Facts) -> None:
  """Adds one to rollbacks.json."""
  records = [*rollbacks(workdir), facts]
  _write(workdir / 'rollbacks.json', {'rollbacks': records})


def load_config(workdir: pathlib.Path) -> Config:
  """The configuration of a run.

  Raises:
    ValueError: the folder holds no run, or one whose config.json is damaged.
  """
  return config_lib.from_config_dict(read(workdir / 'config.json'))


def load_data(workdir: pathlib.Path) -> Facts:
  """The facts of a run's data set.

  Raises:
    ValueError: the folder holds no run, or one whose data.json is damaged.
  """
  return read(workdir / 'data.json')


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
  """Where nested plain values differ, in words; empty if they do not."""
  old, new = config_lib.flatten(_plain(old)), config_lib.flatten(_plain(new))
  names = [k for k in {**old, **new} if old.get(k) != new.get(k)]
  return ', '.join(
    f'{k} ({_brief(old.get(k))} there, {_brief(new.get(k))} now)' for k in names
  )


def read(path: pathlib.Path) -> dict[str, Any]:
  """The values of a JSON in a workdir.

  Raises:
    ValueError: it is missing or damaged.
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
  """Makes a folder and makes sure that it can be written.

  Raises:
    ValueError: it cannot.
  """
  try:
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f'.probe{os.getpid()}'
    probe.touch()
    probe.unlink()
  except OSError as error:
    raise ValueError(
      f'{folder} cannot be written ({error.strerror}); choose a folder that '
      'you may write to.'
    ) from error


def _write(path: pathlib.Path, values: Mapping[str, Any]) -> None:
  """In one move, so that no crash leaves half a file."""
  new = path.with_name(f'{path.name}.{os.getpid()}')
  new.write_text(json.dumps(values, indent=2) + '\n')
  new.replace(path)


def _keep_beside(path: pathlib.Path) -> None:
  number = 1
  while (old := path.with_name(f'config.{number}.json')).exists():
    number += 1
  path.rename(old)


def _plain(values: Any) -> Any:
  """What JSON makes of them: tuples are lists."""
  return json.loads(json.dumps(values))


def _brief(value: Any) -> str:
  """A table may have thousands of columns, and a sentence may not."""
  if isinstance(value, list) and len(value) > _MOST_SHOWN:
    return f'{str(value[:_MOST_SHOWN])[:-1]}, ...]'
  return str(value)
