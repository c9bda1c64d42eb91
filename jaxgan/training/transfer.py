"""Starts a run from the networks of another run (transfer learning).

With few images, a generator that was trained on other pictures is often a
better start than random weights (Wang et al. 2018, "Transferring GANs").
"""

import dataclasses
import json
import pathlib
from typing import Any, NamedTuple

import jax

from jaxgan.config import pick
from jaxgan.evaluation import restore
from jaxgan.gan.state import GANState
from jaxgan.storage import atomic, workdir
from jaxgan.types import Variables

_FILE = 'init.json'
_NAMES = {'gen': 'generator', 'critic': 'critic'}
_NETS = {'all': ('gen', 'critic'), 'gen': ('gen',), 'critic': ('critic',)}
_SHOWN = 4  # Arrays that an error message names.


class Source(NamedTuple):
  """Another run, and which of its networks a run starts from.

  Attributes:
    folder: workdir of the other run.
    nets: `all`, `gen` (with its moving average) or `critic`.
  """

  folder: str
  nets: str = 'all'


def choose(folder: pathlib.Path, requested: Source | None) -> Source | None:
  """Returns the source of a run: the requested one, or that of init.json.

  Args:
    folder: workdir of the run, new or not.
    requested: None for the one that the run has.

  Raises:
    ValueError: the run has another source, or none; the other run is this one;
      or unknown nets.
  """
  saved = _read(folder)
  if requested is None:
    return saved
  pick('init_nets', requested.nets, _NETS)
  path = workdir.local(requested.folder).resolve()
  if path == folder.resolve():
    raise ValueError(f'init_from is {folder}, the run itself; name another.')
  source = Source(str(path), requested.nets)
  if saved != source and (folder / 'config.json').exists():
    began = f'the {saved.nets} nets of {saved.folder}' if saved else 'no run'
    raise ValueError(
      f'{folder} holds a run that started from {began}; leave out init_from '
      'to continue it, or choose another workdir.'
    )
  return source


def write(folder: pathlib.Path, source: Source | None) -> None:
  """Writes init.json, if the run starts from another."""
  if source is None:
    return
  text = json.dumps(source._asdict(), indent=2) + '\n'
  atomic.write_text(folder / _FILE, text)


def apply(state: GANState, source: Source | None) -> GANState:
  """Replaces networks of a new state by those of the newest other state.

  The generator's moving average comes with the generator. The optimizers,
  whose first state does not depend on weights, and the controller start anew.

  Args:
    state: before the first iteration.
    source: the other run; None leaves the state as it is.

  Raises:
    ValueError: no run or checkpoint there, or networks with other arrays; the
      message names them.
  """
  if source is None:
    return state
  other = restore.load_state(pathlib.Path(source.folder))[1]
  chosen = _NETS[source.nets]
  for name in chosen:
    new, old = (getattr(s.variables, name) for s in (state, other))
    _check_fit(name, source.folder, new, old)
  variables = state.variables._replace(
    **{name: getattr(other.variables, name) for name in chosen}
  )
  ema = other.ema if 'gen' in chosen else state.ema
  return dataclasses.replace(state, variables=variables, ema=ema)


def _check_fit(name: str, folder: str, new: Variables, old: Variables) -> None:
  here, there = _shapes(new), _shapes(old)
  paths = [p for p in {**here, **there} if here.get(p) != there.get(p)]
  if paths:
    texts = [
      f'{p} ({there.get(p, "none")} there, {here.get(p, "none")} here)'
      for p in paths[:_SHOWN]
    ]
    more = f' and {len(paths) - _SHOWN} more' if len(paths) > _SHOWN else ''
    raise ValueError(
      f'The {_NAMES[name]} of {folder} does not fit this configuration: '
      f'{", ".join(texts)}{more}; use the same net and image shape, or choose '
      'init_nets.'
    )


def _shapes(variables: Variables) -> dict[str, Any]:
  leaves = jax.tree_util.tree_leaves_with_path(variables)
  return {
    jax.tree_util.keystr(path, simple=True, separator='/'): x.shape
    for path, x in leaves
  }


def _read(folder: pathlib.Path) -> Source | None:
  path = folder / _FILE
  if not path.exists():
    return None
  values = workdir.read(path)
  if not isinstance(values, dict) or {*values} != {*Source._fields}:
    raise ValueError(f'{path} is damaged; its keys must be folder and nets.')
  return Source(**values)
