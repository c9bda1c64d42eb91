"""Checkpoints: the whole state, written behind the run's back, by orbax.

Orbax restores a flipped byte without a word, so each checkpoint carries a
SHA-256 of its arrays, and one that does not restore to it is passed over.
"""

import contextlib
import hashlib
import logging
import math
import pathlib
import types
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from etils import epath
from orbax.checkpoint import checkpoint_managers as managers

from jaxgan import config as schema
from jaxgan.gan.state import GANState

_LOG = logging.getLogger(__name__)

# Stands for a metric that is not finite: orbax would take NaN for the best.
_WORST = float(np.finfo(np.float32).max)


def digest(state: Any) -> str:
  """SHA-256 over every leaf of a pytree: path, type, shape and bytes."""
  sha = hashlib.sha256()
  for path, leaf in jax.tree_util.tree_leaves_with_path(state):
    if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
      leaf = jax.random.key_data(leaf)
    value = np.ascontiguousarray(jax.device_get(leaf))
    name = jax.tree_util.keystr(path)
    sha.update(f'{name} {value.dtype} {value.shape} '.encode())
    sha.update(value.data)
  return sha.hexdigest()


class Checkpoints(contextlib.AbstractContextManager):
  """The checkpoints of one run; close it, or use it in a `with` block."""

  def __init__(
    self,
    folder: pathlib.Path,
    config: schema.Checkpoint,
    *,
    read_only: bool = False,
  ) -> None:
    """Opens or creates a folder of checkpoints.

    Args:
      folder: where they live, one sub-folder per step.
      config: how many are kept.
      read_only: changes nothing there, as beside a run that goes on.
    """
    self._folder = folder.absolute()
    self._read_only = read_only
    self._metric = config.best_metric
    self._manager = ocp.CheckpointManager(
      epath.Path(self._folder),
      options=ocp.CheckpointManagerOptions(
        preservation_policy=_preservation(config),
        # Given to orbax too, or it would not store the metric.
        best_fn=_value if config.best_metric else None,
        best_mode='min',
        cleanup_tmp_directories=not read_only,
        create=not read_only,
        save_root_metadata=not read_only,
      ),
    )

  def __exit__(
    self,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: types.TracebackType | None,
  ) -> None:
    self.close()

  def close(self) -> None:
    """Waits for the last save and lets go of the folder."""
    self._manager.close()

  def steps(self) -> list[int]:
    """The steps that are kept, oldest first."""
    return sorted(self._manager.all_steps())

  def best(self) -> int | None:
    """The step with the lowest metric, or None where none was finite."""
    found = {}
    for step in self.steps() if self._metric else ():
      metrics = self._manager.metrics(step) or {}
      found[step] = metrics.get('value', _WORST)
    finite = [step for step, value in found.items() if value < _WORST]
    return min(finite, key=found.__getitem__, default=None)

  def save(self, state: GANState, metrics: Mapping[str, float]) -> None:
    """Starts to write the state; returns as soon as it is copied.

    Args:
      state: whose `step` names the checkpoint; one that is kept already is
        left as it is.
      metrics: holds the metric that `best_metric` names, if it names one.
    """
    step = int(jax.device_get(state.step))
    if step in self.steps():
      return
    self._manager.save(
      step,
      args=ocp.args.Composite(
        state=ocp.args.StandardSave(state),
        digest=ocp.args.JsonSave({'sha256': digest(state)}),
      ),
      metrics=self._score(metrics),
    )

  def wait(self) -> None:
    """Returns when everything saved so far is on the disk."""
    self._manager.wait_until_finished()

  def restore(self, target: GANState) -> GANState | None:
    """The newest state that is whole.

    Damaged checkpoints newer than it are reported and moved aside, into
    `damaged` beside this folder, so that the run can save their steps again.

    Args:
      target: a state of the same shapes, with the shardings that are wanted;
        its values are not read.

    Returns:
      The state, or None where nothing was ever saved.

    Raises:
      ValueError: there are checkpoints, and none of them can be restored.
    """
    damaged: list[int] = []
    for step in reversed(self.steps()):
      try:
        state = self._restore(step, target)
      except Exception as error:  # Orbax raises a dozen kinds, bare ones too.
        reason = str(error).strip().split('\n')[0][:200]
        _LOG.warning(
          'Checkpoint %d in %s is damaged and passed over (%s).',
          step,
          self._folder,
          reason,
        )
        damaged.append(step)
        continue
      self._set_aside(damaged, 'damaged')
      return state
    if damaged:
      raise ValueError(
        f'None of the checkpoints {damaged} in {self._folder} can be restored '
        'with this configuration; they are left as they are, so repair them '
        'or choose another workdir.'
      )
    return None

  def go_back(self, step: int) -> None:
    """Moves all checkpoints after a step aside, into `rolled_back`.

    Args:
      step: of the newest that stays.
    """
    self.wait()
    self._set_aside([s for s in self.steps() if s > step], 'rolled_back')

  def _restore(self, step: int, target: GANState) -> GANState:
    restored = self._manager.restore(
      step,
      args=ocp.args.Composite(
        state=ocp.args.StandardRestore(jax.tree.map(_abstract, target)),
        digest=ocp.args.JsonRestore(),
      ),
    )
    if digest(restored.state) != restored.digest['sha256']:
      raise ValueError('its arrays do not match their SHA-256')
    return restored.state

  def _set_aside(self, steps: list[int], place: str) -> None:
    if self._read_only or not steps:
      return
    for step in steps if jax.process_index() == 0 else ():
      aside = self._folder.parent / place / str(step)
      while aside.exists():
        aside = aside.with_name(aside.name + '_')
      aside.parent.mkdir(exist_ok=True)
      (self._folder / str(step)).rename(aside)
    self._manager.reload()

  def _score(self, metrics: Mapping[str, float]) -> dict[str, float] | None:
    if not self._metric:
      return None
    # A save between two measurements, when a run is stopped, has none.
    value = float(metrics.get(self._metric, math.inf))
    return {'value': value if math.isfinite(value) else _WORST}


def _value(metrics: Mapping[str, float]) -> float:
  return metrics['value']


def _preservation(config: schema.Checkpoint) -> managers.PreservationPolicy:
  policies = [managers.LatestN(config.max_to_keep)]
  if config.keep_every_steps:
    policies.append(managers.EveryNSteps(config.keep_every_steps))
  if config.best_metric:
    best = managers.BestN(get_metric_fn=_value, reverse=True, n=1)
    policies.append(best)
  return managers.AnyPreservationPolicy(policies)


def _abstract(leaf: jax.Array) -> jax.ShapeDtypeStruct:
  return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding)
