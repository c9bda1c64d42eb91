"""The workdir of a run: its configuration, its data set and its lock.

A workdir belongs to one configuration (config.json) and one data set
(data.json). A later start with different values is refused; the error message
lists the keys that differ. Both are written only when training can begin.
"""

import contextlib
import itertools
import json
import pathlib
import re
import tempfile
import types
from collections.abc import Iterator, Mapping
from typing import Any

import filelock

from jaxgan.config import Config, flatten, from_config_dict, to_dict
from jaxgan.storage import atomic

Facts = dict[str, Any]

_MAX_ITEMS = 8  # Items of a list that an error message shows.
_MAX_LETTERS = 200  # Of a value in a message.

# Sections that cannot change what was trained so far: when a run is logged,
# measured, saved or stopped. They, and a larger train.steps on which no decay
# depends, need no accept_new_config.
_FREE_SECTIONS = ('checkpoint.', 'eval.', 'guard.', 'log.')


def check_config(workdir: pathlib.Path, config: Config) -> None:
  """Checks that a workdir is new, or that its run may continue with `config`.

  Raises:
    ValueError: it belongs to another configuration; the message names the keys
      that differ and that may change what is trained.
  """
  if not (workdir / 'config.json').exists():
    return
  old = load_config(workdir)
  differ = changes(to_dict(old), to_dict(config))
  if texts := [differ[k] for k in differ if not _is_free(k, old, config)]:
    raise ValueError(
      f'{workdir} holds a run of another configuration, which differs in '
      f'{", ".join(texts)}; choose another workdir, or continue with the new '
      'configuration by --accept_new_config (Python: accept_new_config=True).'
    )


def write_config(workdir: pathlib.Path, config: Config) -> None:
  """Writes config.json; keeps a different one as config.1.json, and so on."""
  path = workdir / 'config.json'
  if path.exists():
    if load_config(workdir) == config:
      return
    backups = (workdir / f'config.{n}.json' for n in itertools.count(1))
    backup = next(backup for backup in backups if not backup.exists())
    atomic.write_text(backup, path.read_text())
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
  """Checks that data.json, if there is one, describes the same data set.

  Args:
    workdir: of the run.
    facts: name, shape, num_classes and num_examples of the data set, the
      number of examples per class, the attributes that define the classes, and
      the columns of a table.

  Raises:
    ValueError: the run was started with another data set.
  """
  path = workdir / 'data.json'
  if path.exists():
    saved = read(path)
    # An older version did not write all of them.
    common = {key: value for key, value in facts.items() if key in saved}
    write_or_compare(path, common, 'a run on other data')


def write_data(workdir: pathlib.Path, facts: Facts) -> None:
  """Writes data.json, or adds the facts that an older version did not write."""
  path = workdir / 'data.json'
  saved = read(path) if path.exists() else {}
  if not saved or facts.keys() - saved.keys():
    _write(path, {**saved, **facts})


def write_or_compare(
  path: pathlib.Path,
  values: Facts,
  content: str,
  defaults: Mapping[str, Any] = types.MappingProxyType({}),
) -> None:
  """Writes values to a JSON file, or compares them with an existing file.

  Args:
    path: of the JSON file in a workdir.
    values: JSON values.
    content: the words after "WORKDIR holds" in the error message.
    defaults: values of keys that one of both lacks, as a file of an older
      version does.

  Raises:
    ValueError: the file holds other values; the message lists them.
  """
  if not path.exists():
    _write(path, values)
    return
  old, new = (
    {**flatten(defaults), **flatten(each)} for each in (read(path), values)
  )
  if changed := differences(old, new):
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


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, str]:
  """Maps each key whose JSON values differ to 'KEY (1 there, 2 now)'."""
  old, new = (flatten(json.loads(json.dumps(x))) for x in (old, new))
  return {
    k: f'{k} ({_shorten(old.get(k))} there, {_shorten(new.get(k))} now)'
    for k in {**old, **new}
    if old.get(k) != new.get(k)
  }


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
  """Lists the keys whose JSON values differ, as text; empty if none do."""
  return ', '.join(changes(old, new).values())


def read(path: pathlib.Path) -> dict[str, Any]:
  """Reads a JSON file of a workdir.

  Raises:
    ValueError: the file is missing or damaged, or the workdir is a URL.
  """
  local(path.parent)
  try:
    return json.loads(path.read_text())
  except FileNotFoundError as error:
    raise ValueError(
      f'{path.parent} holds no run: {path.name} is missing.'
    ) from error
  except (OSError, ValueError) as error:
    raise ValueError(f'{path} cannot be read ({error}).') from error


def local(folder: str | pathlib.Path) -> pathlib.Path:
  """Returns the path of a folder, which must be local or mounted.

  Raises:
    ValueError: it is a URL, such as gs://bucket/run.
  """
  path = pathlib.Path(folder)  # Of a URL, pathlib leaves gs:/bucket/run.
  scheme = re.match(r'([A-Za-z][\w+.-]+:)/+[^/]', path.as_posix())
  if scheme and not pathlib.Path(scheme[1]).exists():
    url = path.as_posix().replace(':/', '://', 1)
    raise ValueError(f'{url} is a URL; it must be a local or mounted folder.')
  return path


def make(folder: pathlib.Path) -> None:
  """Creates a folder if it is missing and checks that it is writable.

  Raises:
    ValueError: it is not writable, or it is a URL.
  """
  local(folder)
  try:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
      pass
  except OSError as error:
    raise ValueError(
      f'{folder.absolute()} cannot be written ({error.strerror}); choose a '
      'writable folder.'
    ) from error


def _is_free(key: str, old: Config, new: Config) -> bool:
  """Whether a changed key cannot change what was trained so far."""
  if key != 'train.steps':
    return key.startswith(_FREE_SECTIONS)
  optim, penalty, noisy = new.optim, new.penalty, new.regularisers
  decays = penalty.controller in ('linear', 'cosine')
  scheduled = (
    not optim.gen.schedule == optim.critic.schedule == 'constant'
    or optim.gen.b2_end
    or optim.critic.b2_end
    or new.train.ema_images
    or noisy.augment_end
    or (decays and not penalty.decay_steps)
    or (noisy.noise and not noisy.noise_steps)
  )
  longer = new.train.steps > old.train.steps
  return longer and not (scheduled and not new.train.schedule_steps)


def _write(path: pathlib.Path, values: Mapping[str, Any]) -> None:
  atomic.write_text(path, json.dumps(values, indent=2) + '\n')


def _shorten(value: Any) -> str:
  """Formats a value; of a long one, such as table columns, only its start."""
  if isinstance(value, list) and len(value) > _MAX_ITEMS:
    return f'{_start(str(value[:_MAX_ITEMS])[:-1])}, ...]'
  return _start(str(value))


def _start(text: str) -> str:
  return text if len(text) <= _MAX_LETTERS else f'{text[:_MAX_LETTERS]} ...'
