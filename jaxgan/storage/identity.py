"""The identity of a run: a checkpoint of another run is refused."""

import json
import pathlib
import uuid
from typing import NamedTuple

from jaxgan.storage import atomic, workdir


class Identity(NamedTuple):
  """The identity of a run, in run.json and in each of its checkpoints.

  Attributes:
    id: random hexadecimal digits.
    since: checkpoints up to this step may be of an older version, which wrote
      no identity; 0 for a run that has always had one.
  """

  id: str
  since: int


def read(folder: pathlib.Path) -> Identity:
  """Reads the identity of a run, or makes a new one; writes no file.

  Raises:
    ValueError: run.json is damaged.
  """
  path = folder / 'run.json'
  if path.exists():
    values = workdir.read(path)
    if not isinstance(values, dict) or {*values} != {*Identity._fields}:
      raise ValueError(f'{path} is damaged; its keys must be id and since.')
    return Identity(**values)
  is_old = (folder / 'config.json').exists()
  names = [path.name for path in folder.glob('checkpoints/*')]
  steps = [int(name) for name in names if is_old and name.isdecimal()]
  return Identity(uuid.uuid4().hex, max(steps, default=0))


def write(folder: pathlib.Path, run: Identity) -> None:
  """Writes run.json, unless it exists."""
  path = folder / 'run.json'
  if not path.exists():
    atomic.write_text(path, json.dumps(run._asdict(), indent=2) + '\n')
