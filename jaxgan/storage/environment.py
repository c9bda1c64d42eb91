"""Records in which environments a run was trained: versions and devices."""

import json
import pathlib
import platform
from importlib import metadata
from typing import Any

import jax
import numpy as np

from jaxgan import __version__
from jaxgan.storage import atomic, workdir

_NAME = 'environment.json'


def read(folder: pathlib.Path) -> list[dict[str, Any]]:
  """Reads the environments of a run, the first one first.

  Returns:
    Dicts with the step at which the environment began, the versions of jaxgan,
    jax, jaxlib, numpy and python, the platform, and the devices. Empty for a
    run of an older version.

  Raises:
    ValueError: environment.json is damaged.
  """
  path = folder / _NAME
  if not path.exists():
    return []
  values = workdir.read(path)
  starts = values.get('starts') if isinstance(values, dict) else None
  if not isinstance(starts, list):
    raise ValueError(f'{path} is damaged; it must hold a list of starts.')
  return starts


def write(folder: pathlib.Path, step: int) -> None:
  """Adds the environment of this process, unless it is that of the last start.

  Args:
    folder: the workdir of the run.
    step: at which the run starts or resumes.

  Raises:
    ValueError: environment.json is damaged.
  """
  starts, now = read(folder), {'step': step, **_facts()}
  if starts and {**starts[-1], 'step': step} == now:
    return
  text = json.dumps({'starts': [*starts, now]}, indent=2)
  atomic.write_text(folder / _NAME, text + '\n')


def _facts() -> dict[str, Any]:
  devices = jax.devices()
  return {
    'jaxgan': __version__,
    'jax': jax.__version__,
    'jaxlib': metadata.version('jaxlib'),
    'numpy': np.__version__,
    'python': platform.python_version(),
    'platform': f'{platform.system()} {platform.machine()}',
    'devices': f'{len(devices)} {devices[0].device_kind}',
    'processes': jax.process_count(),
  }
